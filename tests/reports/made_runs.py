"""Run directories made from hand-written verdicts, scored by the project's own roll-up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from dialogue_sim import yamlio
from dialogue_sim.judging.rubric import content_hash, load_rubric
from dialogue_sim.judging.verdict import Judgement, Verdict
from dialogue_sim.runs.scores import SCHEMA, Tally, dialogue_score
from dialogue_sim.scoring.scorecard import DialogueResult, scorecard
from dialogue_sim.transcript import ClosingBlock, Selection, Transcript, Turn

RUBRIC = load_rubric()
ITEMS = [item.id for item in RUBRIC.items]
CAPS = [cap.id for cap in RUBRIC.caps]
MARKS = {1.0: "met", 0.5: "partly", 0.0: "not"}

Value = Callable[[str, str, int, random.Random], float]
"""(case, item, replicate, chance) → a value of 0, ½ or 1."""


def steady(level: float) -> Value:
    """A doctor who meets each item with probability `level`, more on some cases than on others."""

    def value(case: str, item: str, replicate: int, chance: random.Random) -> float:
        ease = random.Random(f"ease {case}").uniform(-0.15, 0.15)
        return float(chance.random() < level + ease)

    return value


def make_run(
    folder: Path,
    doctor: str,
    value: Value,
    *,
    cases: int = 40,
    seeds: int = 1,
    caps: Callable[[str, int], list[str]] = lambda case, replicate: [],
    votes: Callable[[Judgement], list[Verdict]] = lambda judgement: [],
    skip: Callable[[str, int], bool] = lambda case, replicate: False,
    fidelity: Mapping[str, Any] | None = None,
    usage: list[dict[str, Any]] | None = None,
    talk: Callable[[str, int, random.Random], Transcript] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """Write run.yaml, verdicts.jsonl and scores.json of a run.

    Args:
        skip: dialogues that failed.
        talk: what was said, kept as transcripts.jsonl and quoted in the verdicts.
        changes: dotted path → value, set in the manifest: `simulation.turns`, …
    """
    names = [f"{'zh' if n % 2 else 'en'}-case-{n:03d}" for n in range(cases)]
    kept = [
        _judgement(doctor, case, replicate, value, caps(case, replicate))
        for case in names
        for replicate in range(seeds)
        if not skip(case, replicate)
    ]
    kept = [one.model_copy(update={"votes": votes(one)}) for one in kept]
    folder.mkdir(parents=True)
    if talk:
        said = [
            talk(
                one.case_id,
                int(one.dialogue_id.rpartition("/")[2]),
                random.Random(f"{doctor} {one.dialogue_id}"),
            )
            for one in kept
        ]
        kept = [_quoting(one, transcript) for one, transcript in zip(kept, said, strict=True)]
        (folder / "transcripts.jsonl").write_text(
            "".join(one.model_dump_json() + "\n" for one in said), encoding="utf-8"
        )
    manifest = _manifest(doctor, names, seeds)
    for path, changed in (changes or {}).items():
        _set(manifest, path.split("."), changed)
    (folder / "run.yaml").write_text(yamlio.dump(manifest), encoding="utf-8")
    lines = "".join(json.dumps(one.model_dump(mode="json"), ensure_ascii=False) + "\n" for one in kept)
    (folder / "verdicts.jsonl").write_text(lines, encoding="utf-8")
    content = _scores(doctor, kept, cases * seeds, manifest)
    content |= {"patient_fidelity": dict(fidelity or {}), "usage": usage or []}
    (folder / "scores.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return folder


def chatter(case: str, replicate: int, chance: random.Random) -> Transcript:
    """A consultation as long as a talkative model's, of made-up words as frequent as words are."""
    chinese = case.startswith("zh")
    words, weights = _VOCABULARY[chinese]

    def sentence(length: int) -> str:
        chosen = chance.choices(words, cum_weights=weights, k=chance.randint(length // 2, 2 * length))
        return "".join(chosen) + "。" if chinese else " ".join(chosen).capitalize() + "."

    turns = [Turn(number=0, speaker="patient", text=sentence(15))]
    for number in range(1, 37, 2):
        told = Selection(disclosed=[chance.choice(words)])
        turns.append(Turn(number=number, speaker="doctor", text=sentence(40)))
        turns.append(Turn(number=number + 1, speaker="patient", text=sentence(18), selection=told))
    closing = ClosingBlock(
        diagnosis=sentence(3), differential=[sentence(3)], tests=[sentence(3)], plan=[sentence(8)]
    )
    return Transcript(
        dialogue_id=f"{case}/{replicate}", case_id=case, language="zh" if chinese else "en", turns=turns, closing=closing,
        stop="closed",
    )  # fmt: skip


def _vocabulary(chinese: bool) -> tuple[list[str], list[float]]:
    chance = random.Random("words")
    if chinese:
        words = [
            "".join(chr(chance.randint(0x4E00, 0x5FFF)) for _ in range(chance.randint(1, 2)))
            for _ in range(4000)
        ]
    else:
        words = ["".join(chance.choices("etaoinshrdlucm", k=chance.randint(2, 9))) for _ in range(4000)]
    return words, list(accumulate(1 / rank for rank in range(1, 4001)))


_VOCABULARY = {chinese: _vocabulary(chinese) for chinese in (True, False)}


def _quoting(judgement: Judgement, transcript: Transcript) -> Judgement:
    """The judgement with a quote and a reason to each verdict."""
    chance = random.Random(judgement.dialogue_id)
    verdicts = []
    for verdict in judgement.verdicts:
        turn = chance.choice(transcript.of("doctor"))
        reason = chance.choice(transcript.turns).text[:90]
        verdicts.append(
            verdict.model_copy(update={"turns": [turn.number], "quote": turn.text[:40], "why": reason})
        )
    return judgement.model_copy(update={"verdicts": verdicts})


def _judgement(doctor: str, case: str, replicate: int, value: Value, fired: list[str]) -> Judgement:
    chance = random.Random(f"{doctor} {case} {replicate}")
    items = [(item, value(case, item, replicate, chance)) for item in ITEMS]
    verdicts = [
        Verdict(item=item, mark=MARKS.get(x, "partly"), value=x, method="lexicon", judge="lexicon")
        for item, x in items
    ]
    verdicts += [
        Verdict(
            item=cap,
            mark="met" if cap in fired else "not",
            value=float(cap in fired),
            method="lexicon",
            judge="lexicon",
        )
        for cap in CAPS
    ]
    return Judgement(
        dialogue_id=f"{case}/{replicate}", case_id=case, rubric=RUBRIC.id, rubric_version=RUBRIC.version,
        rubric_sha256=content_hash(RUBRIC), verdicts=verdicts,
    )  # fmt: skip


def _manifest(doctor: str, cases: list[str], seeds: int) -> dict[str, Any]:
    return {
        "schema": "dialogue-sim/run-manifest/1",
        "version": "0.1.0",
        "simulation": {
            "doctor": {"model": doctor, "style": "chat"},
            "patient": {"model": "record", "persona": "case", "guard": True, "unknown": "mixed"},
            "seeds": seeds,
            "seed": 0,
            "turns": 30,
            "cases": {case: f"hash-of-{case}" for case in cases},
            "prompts_sha256": "p" * 64,
        },
        "judging": {
            "judges": [{"model": "lexicon"}],
            "votes": 1,
            "rubric": {"id": RUBRIC.id, "version": RUBRIC.version, "sha256": content_hash(RUBRIC)},
        },
        "config": {"doctor": {"model": doctor}, "rubric": "clinical-dialogue"},
    }


def _set(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        tree = tree[part]
    if value is None:
        del tree[path[-1]]
    else:
        tree[path[-1]] = value


def _scores(doctor: str, kept: list[Judgement], planned: int, manifest: dict[str, Any]) -> dict[str, Any]:
    results = [
        DialogueResult(
            case_id=one.case_id,
            replicate=int(one.dialogue_id.rpartition("/")[2]),
            score=dialogue_score(RUBRIC, ITEMS, one),
            dialogue_id=one.dialogue_id,
            strata={
                "language": one.case_id[:2], "specialty": "cardiology", "urgency": "routine", "complexity": "1",
            },
        )
        for one in kept
    ]  # fmt: skip
    tally = Tally(RUBRIC)
    for one in kept:
        tally.add_marks(one)
    card = scorecard(results, RUBRIC.shape()).model_dump(mode="json")
    return {
        "schema": SCHEMA,
        **card,
        "n_planned": planned,
        "failures": {"simulate": planned - len(kept), "judge": 0, "kinds": {}},
        "doctor": doctor,
        "patient": "record",
        "judges": ["lexicon"],
        "items": tally.items(),
        "notes": ["lexicon_judge"],
        "rubric": {"id": RUBRIC.id, "version": RUBRIC.version, "sha256": content_hash(RUBRIC)},
        "prompts_sha256": manifest["simulation"]["prompts_sha256"],
        "version": "0.1.0",
    }
