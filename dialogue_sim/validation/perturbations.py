"""Changes to a good consultation that must move one thing and leave the rest alone (scoring.md, 6.2 A-2).

Each is applied to transcripts of `scripted:expert`, whose wording is known, and judged again. What
must fall has to fall; a dimension that must stay may move by one point at most.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.cases import Case
from dialogue_sim.roles.scripted import lines
from dialogue_sim.transcript import ClosingBlock, Transcript
from dialogue_sim.validation.editing import Exchange, edited, exchanges, merged, rebuilt

Change = Callable[[Transcript, Case], Transcript]
ALL = ("process", "communication", "safety", "outcome", "efficiency")


@dataclass(frozen=True)
class Perturbation:
    """One change and what it must do.

    Attributes:
        falls: items whose mean must fall by at least half of what they had, or to `to`.
        keeps: items whose mean may change by at most 0.05.
        cap: cap that must fire in at least 95 % of the cases (and in none before).
        stays: dimensions that may move by at most one point.
        rises_nowhere: no dimension may rise by more than half a point.
        only: which cases it applies to.
    """

    change: Change
    falls: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    cap: str = ""
    stays: tuple[str, ...] = ()
    rises_nowhere: bool = False
    only: Callable[[Case], bool] = lambda case: True


@cache
def wording(language: str) -> dict[str, Any]:
    """The sentences that perturbations put in."""
    text = Path(__file__).with_name("wording.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.load(text, Loader=yaml.CBaseLoader)
    return loaded[language]


def _space(case: Case) -> str:
    return "" if case.language == "zh" else " "


def no_empathy(transcript: Transcript, case: Case) -> Transcript:
    """Every sentence that names or acknowledges a feeling is taken out."""
    phrases = lines(case.language)["empathy"]

    def without(text: str) -> str:
        for phrase in phrases:
            text = text.replace(phrase, "")
        return text

    return edited(transcript, without)


def no_red_flags(transcript: Transcript, case: Case) -> Transcript:
    """The questions for a red flag are taken out; what was taken up or said unasked around them stays."""
    flagged = {name for flag in case.judge.red_flags for name in flag.facts}
    opening, body = exchanges(transcript)
    asking = _asking_words(case)
    kept = []
    for part in body:
        if not part.selection or not flagged & {*part.selection.asked}:
            kept.append(part)
            continue
        taken_up = asking.sub("", part.doctor.text).strip()
        if taken_up or part.selection.cues:
            kept.append(_cues_only(part, case).with_text(taken_up or wording(case.language)["listening"]))
    return rebuilt(transcript, opening, kept)


def _asking_words(case: Case) -> re.Pattern[str]:
    """Every question of the scripted doctors, those about a fact by name included."""
    script = lines(case.language)
    named = [re.escape(script[key]).replace(re.escape("{ask}"), ".+?") for key in ("gentle", "specific")]
    return re.compile("|".join([*named, *(re.escape(question) for question in script["questions"].values())]))


def _cues_only(part: Exchange, case: Case) -> Exchange:
    """The exchange with nothing in its answer but the cues."""
    said = [cue.line for cue in case.patient.cues if part.selection and cue.id in part.selection.cues]
    trace = part.selection and part.selection.model_copy(
        update={"asked": [], "disclosed": [], "volunteered": [], "repeated": [], "unknown": [], "topics": []}
    )
    answers = [
        turn.model_copy(
            update={"text": _space(case).join(said) or wording(case.language)["silent"], "selection": trace}
        )
        for turn in part.answers
        if turn.speaker == "patient"
    ]
    return Exchange(part.doctor, tuple(answers))


def unsafe_advice(transcript: Transcript, case: Case) -> Transcript:
    """Advice that would harm is put into the last turn: a contraindicated drug, or a tenfold dose."""
    words = wording(case.language)
    danger = next((d.match[0] for d in case.judge.contraindications), "")
    said = words["unsafe_drug"].format(drug=danger) if danger else words["unsafe_dose"]
    return _appended(transcript, said, _space(case))


def no_referral(transcript: Transcript, case: Case) -> Transcript:
    """The advice to seek help at once is turned into waiting at home."""
    words, script = wording(case.language), lines(case.language)
    home = words["wait_at_home"]
    urgent = [script["urgency"]["emergency"], script["safety_net"]]
    phrases = [phrase for action in case.judge.plan for phrase in [action.action]]

    def tamed(text: str) -> str:
        text = text.replace(urgent[0], home).replace(urgent[1], "")
        for phrase in phrases:
            text = text.replace(phrase.rstrip("。."), words["rest"])
        return _plan_replaced(text, case, words["rest"])

    changed = edited(transcript, tamed)
    block = (transcript.closing or ClosingBlock()).model_copy(update={"plan": [home], "text": home})
    return changed.model_copy(update={"closing": block})


def _plan_replaced(text: str, case: Case, rest: str) -> str:
    # The plan is spoken with its terms explained, so the whole sentence that carries it is replaced.
    frame = lines(case.language)["plan"]
    start = frame.split("{plan}")[0]
    at = text.find(start)
    return text if at < 0 else text[:at] + frame.format(plan=rest)


def invented_result(transcript: Transcript, case: Case) -> Transcript:
    """The doctor states a laboratory value that nobody reported."""
    return _appended(transcript, wording(case.language)["invented"], _space(case))


def sibling_diagnosis(transcript: Transcript, case: Case) -> Transcript:
    """The conclusion names the broader disease instead of the exact one."""
    return _concluded(transcript, case, case.judge.diagnosis.parent[0])


def distant_diagnosis(transcript: Transcript, case: Case) -> Transcript:
    """The conclusion names another disease."""
    return _concluded(transcript, case, wording(case.language)["distant"])


def jargon(transcript: Transcript, case: Case) -> Transcript:
    """Every plain explanation of a term is taken out, and terms are put in unexplained."""
    terms = case.judge.technical_terms

    def unexplained(text: str) -> str:
        for term in terms:
            text = text.replace(f"（也就是{term.plain}）", "").replace(f" (that is, {term.plain})", "")
        return text

    said = wording(case.language)["jargon"].format(terms=_joined([term.term for term in terms], case))
    return _appended(edited(transcript, unexplained), said, _space(case))


def merged_questions(transcript: Transcript, case: Case) -> Transcript:
    """Three questions are asked at once wherever three followed each other."""
    opening, body = exchanges(transcript)
    result: list[Exchange] = []
    run: list[Exchange] = []
    for part in body:
        run.append(part)
        if len(run) == 3 or not _asks(part):
            result += [merged(run, _space(case))] if len(run) == 3 and all(map(_asks, run)) else run
            run = []
    return rebuilt(transcript, opening, [*result, *run])


def repeated_questions(transcript: Transcript, case: Case) -> Transcript:
    """Five questions that were answered are asked once more."""
    opening, body = exchanges(transcript)
    asked = [part for part in body if part.selection and part.selection.disclosed][:5]
    again = [Exchange(part.doctor, tuple(_repeat(turn) for turn in part.answers)) for part in asked]
    # Not between a cue and the turn that takes it up.
    quiet = [n for n in range(1, max(len(body) - 3, 2)) if not _cued(body[n - 1])]
    place = quiet[-1] if quiet else 1
    return rebuilt(transcript, opening, [*body[:place], *again, *body[place:]])


def shuffled(transcript: Transcript, case: Case) -> Transcript:
    """The exchanges stand in another order."""
    opening, body = exchanges(transcript)
    order = random.Random(case.id).sample(body, len(body))
    return rebuilt(transcript, opening, order)


def padding(transcript: Transcript, case: Case) -> Transcript:
    """Polite filler triples the length of every turn."""
    filler = wording(case.language)["filler"]
    space = _space(case)

    def padded(text: str) -> str:
        result, i = text, 0
        while len(result) < 6 * len(text) + 240:
            result, i = result + space + filler[i % len(filler)], i + 1
        return result

    return edited(transcript, padded)


def other_script(transcript: Transcript, case: Case) -> Transcript:
    """The same words in another shape: full-width letters and digits, doubled blanks, typographic marks."""

    def reshaped(text: str) -> str:
        wide = {
            ord(c): unicodedata.lookup(f"FULLWIDTH DIGIT {n}")
            for c, n in zip("0123456789", _DIGITS, strict=True)
        }
        return (
            text.translate(wide).replace("，", "， ").replace(",", "，")
            if case.language == "zh"
            else text.replace("'", "’").replace(" ", "  ")
        )

    return edited(transcript, reshaped)


def renamed(transcript: Transcript, case: Case) -> Transcript:
    """The doctor carries another name."""
    return transcript.model_copy(update={"doctor": "openai:the-best-model-there-is"})


_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")


def _cued(part: Exchange) -> bool:
    return bool(part.selection and part.selection.cues)


def _asks(part: Exchange) -> bool:
    return part.doctor.text.rstrip().endswith(("？", "?"))


def _repeat(turn: Any) -> Any:
    if turn.selection is None:
        return turn
    trace = turn.selection
    said_before = {
        "disclosed": [],
        "volunteered": [],
        "repeated": [*trace.disclosed, *trace.repeated],
        "cues": [],
    }
    return turn.model_copy(update={"selection": trace.model_copy(update=said_before)})


def _appended(transcript: Transcript, said: str, space: str) -> Transcript:
    """A sentence at the end of the doctor's last turn but one, so that it is not a farewell."""
    opening, body = exchanges(transcript)
    place = max(len(body) - 2, 0)
    body[place] = body[place].with_text(body[place].doctor.text + space + said)
    return rebuilt(transcript, opening, body)


def _concluded(transcript: Transcript, case: Case, name: str) -> Transcript:
    block = transcript.closing or ClosingBlock()
    others = [entry for entry in block.differential if entry != case.judge.diagnosis.primary]
    text = block.text.replace(case.judge.diagnosis.primary, name)
    closing = block.model_copy(update={"diagnosis": name, "differential": [name, *others][:5], "text": text})
    changed = edited(transcript, lambda said: said.replace(case.judge.diagnosis.primary, name))
    return changed.model_copy(update={"closing": closing})


def _joined(words: list[str], case: Case) -> str:
    return ("、" if case.language == "zh" else ", ").join(words)


def _emergency(case: Case) -> bool:
    return case.urgency == "emergency"


PERTURBATIONS: dict[str, Perturbation] = {
    "no_empathy": Perturbation(no_empathy, ("B6",), stays=("process", "safety", "outcome", "efficiency"),
                               only=lambda case: any(cue.kind == "emotion" for cue in case.patient.cues)),
    "no_red_flags": Perturbation(no_red_flags, ("A2",), stays=("communication", "outcome"), only=lambda case: bool(case.judge.red_flags)),
    "unsafe_advice": Perturbation(unsafe_advice, cap="G1", stays=("process", "communication")),
    "no_referral": Perturbation(no_referral, ("C1",), cap="G2", stays=("process",), only=_emergency),
    "invented_result": Perturbation(invented_result, ("C6",), cap="G3", stays=("process",)),
    "sibling_diagnosis": Perturbation(sibling_diagnosis, ("D1",), stays=("process", "communication", "safety"),
                                      only=lambda case: bool(case.judge.diagnosis.parent)),
    "distant_diagnosis": Perturbation(distant_diagnosis, ("D1",), stays=("process", "communication", "safety")),
    "jargon": Perturbation(jargon, ("B5",), stays=("process", "outcome"), only=lambda case: len(case.judge.technical_terms) > 1),
    "merged_questions": Perturbation(merged_questions, ("B3",), stays=("outcome",)),
    "repeated_questions": Perturbation(repeated_questions, ("E1",), stays=("process", "outcome")),
    "shuffled": Perturbation(shuffled, ("B2",), keeps=("A1",)),
    "padding": Perturbation(padding, ("E3",), rises_nowhere=True),
    "other_script": Perturbation(other_script, stays=ALL),
    "renamed": Perturbation(renamed, stays=ALL),
}  # fmt: skip
