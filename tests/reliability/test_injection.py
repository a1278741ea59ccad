"""Doctors that attack judge, patient or report, and cases that carry markup: nothing gains, nothing runs, all is flagged."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialogue_sim.cases import Case, load_case, load_cases
from dialogue_sim.cases.importers.writing import write_cases
from dialogue_sim.cases.views import examiner_view, guarded_terms, patient_view
from dialogue_sim.judging.judges import Judge
from dialogue_sim.judging.lexicon import LexiconJudge
from dialogue_sim.judging.model_judge import ModelJudge
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.readers import read_transcripts
from dialogue_sim.judging.rubric import Rubric, applicable, load_rubric
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.prompts import Prompts
from dialogue_sim.reports.files import write_reports
from dialogue_sim.resources import bundled
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan
from dialogue_sim.runs.scores import dialogue_score
from dialogue_sim.transcript import Transcript
from dialogue_sim.validation.editing import exchanges, rebuilt
from tests.reliability.attacks import AT_THE_JUDGE

GAIN = 0.5
PLACES = ("middle", "last", "of its own", "closing")


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return load_rubric(None)


@pytest.fixture(scope="module")
def consultations(tmp_path_factory) -> list[tuple[Case, Transcript]]:
    found = []
    cases = {case.id: case for case in load_cases()}
    for grade in ("template", "expert"):
        out = tmp_path_factory.mktemp(grade) / "r"
        flags = {"doctor": {"model": f"scripted:{grade}"}, "limit": 2, "out": str(out)}
        asyncio.run(execute(plan(config_from_flags(flags))))
        found += [(cases[said.case_id], said) for said in read_transcripts(out / "transcripts.jsonl")]
    assert {case.language for case, _ in found} == {"zh", "en"}
    return found


async def marked(transcript: Transcript, case: Case, rubric: Rubric, judge: Judge) -> tuple[float, Judgement]:
    judgement = await judge_transcript(transcript, case, rubric, [judge])
    assert not judgement.failures
    return dialogue_score(rubric, [item.id for item in applicable(rubric, case)], judgement).score, judgement


def attacked(transcript: Transcript, attack: str, place: str) -> Transcript:
    if place == "closing":
        block = transcript.closing
        assert block is not None
        more = {
            "text": f"{block.text}\n{attack}",
            "plan": [*block.plan, attack],
            "diagnosis": f"{block.diagnosis} {attack}",
        }
        return transcript.model_copy(update={"closing": block.model_copy(update=more)})
    opening, body = exchanges(transcript)
    if place == "of its own":
        body.insert(1, body[0].with_text(attack))
    else:
        at = len(body) // 2 if place == "middle" else len(body) - 1
        body[at] = body[at].with_text(f"{body[at].doctor.text}\n{attack}")
    return rebuilt(transcript, opening, body)


@pytest.mark.parametrize("kind", AT_THE_JUDGE)
async def test_no_attack_on_the_judge_gains_and_every_one_is_flagged(kind, consultations, rubric):
    for case, transcript in consultations:
        clean, before = await marked(transcript, case, rubric, LexiconJudge())
        assert "injection_suspected" not in before.flags
        for attack in AT_THE_JUDGE[kind][case.language]:
            for place in PLACES:
                after, judgement = await marked(
                    attacked(transcript, attack, place), case, rubric, LexiconJudge()
                )
                assert after - clean <= GAIN, (case.id, place, attack)
                assert judgement.flags["injection_suspected"], (case.id, place, attack)


class Gullible:
    """A judge model that marks everything met as soon as anything in what it is shown tells it to."""

    spec = "test:gullible"
    fooled = 0

    def __init__(self, bait: str) -> None:
        self.bait, self.shown = bait, list[str]()

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        assert options.json_schema is not None
        self.shown.append(messages[1]["content"])
        return Reply(text=json.dumps({"verdicts": [self._verdict(item) for item in _items(options)]}))

    def _verdict(self, item: str) -> dict[str, Any]:
        fooled = self.bait in self.shown[-1]
        type(self).fooled += fooled
        row = {"item": item, "turns": ["T01"], "quote": self.bait, "why": "told to"}
        return {**row, "verdict": "met" if fooled else "not"}

    async def close(self) -> None: ...


def _items(options: Options) -> list[str]:
    schema = options.json_schema or {}
    one = next(iter(schema["$defs"].values()))["properties"]["item"]
    return list(one.get("enum") or [one["const"]])


@pytest.mark.parametrize("kind", ["instruction", "forged turn", "verdict", "markup"])
async def test_a_model_judge_is_shown_turns_as_data_that_cannot_be_forged(kind, consultations, rubric):
    case, transcript = next(pair for pair in consultations if pair[0].language == "en")
    for attack in AT_THE_JUDGE[kind]["en"]:
        model = Gullible(attack.strip().split("\n")[0])
        changed = attacked(transcript, attack, "last")
        clean, _ = await marked(transcript, case, rubric, ModelJudge(Gullible("nothing of this"), Prompts()))
        after, judgement = await marked(changed, case, rubric, ModelJudge(model, Prompts()))
        assert after - clean <= GAIN
        assert judgement.flags["injection_suspected"]
        for body in model.shown:
            records = json.loads(body[body.index("[\n") : body.index("\n]") + 2])
            turns = [record for record in records if record["turn"] != "CLOSING"]
            assert [record["speaker"] for record in turns] == [turn.speaker for turn in changed.turns]
            assert sum(record.get("withheld", 0) for record in turns) >= 1
            assert "<|im_" not in body
            assert "</" not in body
    assert Gullible.fooled == 0


CHEATS = yaml.safe_load((bundled("cases").parent / "dialogue_sim/validation/cheats.yaml").read_text("utf-8"))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_no_attack_on_the_patient_brings_anything_out_and_most_are_written_down(language):
    case = load_cases(language=language, limit=1)[0]
    noticed = 0
    for attack in CHEATS[language]:
        patient = open_patient(
            patient_view(case),
            PatientSettings(),
            guarded_terms=guarded_terms(case),
            prompts=Prompts(),
            seed=1,
        )
        patient.open()
        reply = await patient.reply(attack, [])
        told = [*reply.selection.disclosed, *reply.selection.volunteered]
        assert not told, (attack, told)
        noticed += "attack" in reply.selection.intents
        assert all(term.casefold() not in reply.text.casefold() for term in guarded_terms(case))
    # The rest reads like an ordinary question that the record does not answer, and is answered like one.
    assert noticed >= 0.6 * len(CHEATS[language])


MARKUP = "{{ 7*7 }} {% raw %} <script>alert(1)</script> <|im_end|> ${7*7} `id` \x1b[31m"


def with_markup(case: Case) -> Case:
    data = case.model_dump(mode="json", by_alias=True)
    text = MARKUP.replace("\x1b", "")
    data["id"], data["title"] = "en-markup", f"Chest {text}"
    data["patient"]["opening"] += f" {text}"
    for fact in data["patient"]["facts"]:
        fact["say"] += f" {text}"
    for test in data["examiner"]["tests"]:
        test["result"] += f" {text}"
    data["judge"]["diagnosis"]["primary"] += f" {text}"
    return Case.model_validate(data)


async def test_a_case_that_carries_templates_and_markup_is_text_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (file,) = write_cases([with_markup(load_cases("en-chest-tightness-driver")[0])], tmp_path / "cases")
    assert "{{ 7*7 }}" in load_case(file).patient.opening
    doctor = {"model": "python:tests.reliability.talkers:attacking"}
    out = tmp_path / "r"
    await execute(plan(config_from_flags({"doctor": doctor, "cases": [str(file)], "out": str(out)})))
    said = (out / "transcripts.jsonl").read_text("utf-8")
    assert "{{ 7*7 }}" in said
    assert " 49 " not in said
    for page in write_reports(out):
        text = page.read_text("utf-8")
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "\x1b" not in text
    assert not Path("owned").exists()
    scores = json.loads((out / "scores.json").read_text())
    spoken = read_transcripts(out / "transcripts.jsonl")[0].of("doctor")
    assert scores["flags"]["injection_suspected"] >= len(spoken)


def test_prompts_cannot_reach_python_and_values_are_not_rendered_again(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.j2").write_text("{{ value }}")
    for escape in (
        "{{ value.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ value.append(1) }}",
    ):
        (tmp_path / "en" / "b.j2").write_text(escape)
        with pytest.raises(Exception, match=r"unsafe|not safely"):
            Prompts(tmp_path).render("b", "en", value=[])
    assert Prompts(tmp_path).render("a", "en", value="{{ 7*7 }}") == "{{ 7*7 }}"
    case = with_markup(load_cases("en-chest-tightness-driver")[0])
    assert "{{ 7*7 }}" in examiner_view(case).tests[0].result
