"""How well the patient behaved, counted by program over finished consultations (scoring.md, 3.2).

What the patient's rule for unknowns does, what slips out, and what is withheld decide what a doctor
can score; so these figures stand beside every score. All are counts with their base: intervals are
made where they are printed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases import Case, guarded_terms
from dialogue_sim.cases.model import Persona
from dialogue_sim.roles.patient.guard import beyond, flipped, named_topics
from dialogue_sim.roles.patient.memory import stock_lines
from dialogue_sim.roles.patient.persona import PersonaCoverage, persona_coverage
from dialogue_sim.roles.patient.reply_words import language_drifts, negated, numbers, reply_words, role_drift
from dialogue_sim.roles.patterns import within
from dialogue_sim.roles.text import fold
from dialogue_sim.transcript import Transcript, Turn


class Rate(BaseModel):
    """`events` out of `of`."""

    model_config = ConfigDict(frozen=True)

    events: int
    of: int


class PersonaFigures(BaseModel):
    """Patient turns of one personality, and how long they are (characters)."""

    model_config = ConfigDict(frozen=True)

    turns: int
    length_mean: float


class PatientFidelity(BaseModel):
    """What the patient did, over all consultations of a run. Turns are the patient's, the opening left out.

    Attributes:
        diagnosis_leak: consultations in which the patient named the diagnosis before anyone else, but
            for a name that stands in the patient's own lines.
        over_disclosure: facts told without having been asked for, apart from answers to broad
            questions; per turn.
        unsupported_numbers: turns with a number that no fact told, cue, view or earlier turn holds.
        unsupported_matters: turns that name a symptom, illness or habit that nothing told and no
            earlier turn names.
        unknown: turns that answer only what is not on record; of all turns.
        unknown_admitted, unknown_denied, unknown_invented: how those turns answered: not knowing or
            not having noticed, a denial, or something else.
        denied_known: critical facts asked for, and neither told nor deliberately held back; of the
            critical facts asked for.
        self_contradiction: facts told before that a later turn, asked again, left out or negated; of
            the turns.
        flipped: facts told with the negation turned round; of the facts told.
        role_drift: turns that advise, speak as a doctor or a machine, or speak of "the case".
        language_drift: turns in another language than the case's.
        guarded: findings for which the guard held a draft back.
        unguarded: findings in turns that went out all the same, because the guard was off.
        length_mean, length_median: characters of a turn.
        personas: turns and their length by personality: persona adherence as far as a program sees it.
        persona_coverage: how much of the persona space the consultations cover.
    """

    model_config = ConfigDict(frozen=True)

    dialogues: int
    turns: int
    diagnosis_leak: Rate
    over_disclosure: Rate
    unsupported_numbers: Rate
    unsupported_matters: Rate
    unknown: Rate
    unknown_admitted: int
    unknown_denied: int
    unknown_invented: int
    denied_known: Rate
    self_contradiction: Rate
    flipped: Rate
    role_drift: Rate
    language_drift: Rate
    guarded: int
    unguarded: int
    length_mean: float
    length_median: float
    personas: dict[str, PersonaFigures] = Field(default_factory=dict)
    persona_coverage: PersonaCoverage | None = None


class _Row(NamedTuple):
    """What one patient turn adds to the counts."""

    length: int
    personality: str
    counts: dict[str, int]


def fidelity(consultations: Iterable[tuple[Transcript, Case]]) -> PatientFidelity:
    """Count over consultations that the project's own patient held."""
    count = FidelityCount()
    for transcript, case in consultations:
        count.add(transcript, case)
    return count.figures()


class FidelityCount:
    """The counts, taken in one consultation at a time and in any order.

    Attributes:
        dialogues: ids of those taken in.
    """

    def __init__(self) -> None:
        # Sums, and not the turns themselves: a run may have a hundred thousand.
        self.dialogues: set[str] = set()
        self._totals: Counter[str] = Counter()
        self._lengths: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._personas: Counter[Persona] = Counter()
        self._leaked = 0

    def add(self, transcript: Transcript, case: Case) -> None:
        """Take one in."""
        self.dialogues.add(transcript.dialogue_id)
        self._personas[Persona.model_validate(transcript.persona)] += 1
        self._leaked += _leaked(transcript, case)
        for row in _rows(transcript, case):
            self._totals.update(row.counts)
            self._lengths[row.personality][row.length] += 1

    def figures(self) -> PatientFidelity:
        """What was counted so far."""
        totals = self._totals
        everything = sum(self._lengths.values(), Counter[int]())
        turns, dialogues = everything.total(), self._personas.total()

        def of_turns(name: str) -> Rate:
            return Rate(events=totals[name], of=turns)

        return PatientFidelity(
            dialogues=dialogues,
            turns=turns,
            diagnosis_leak=Rate(events=self._leaked, of=dialogues),
            over_disclosure=of_turns("unasked"),
            unsupported_numbers=of_turns("numbers"),
            unsupported_matters=of_turns("matters"),
            unknown=of_turns("unknown"),
            unknown_admitted=totals["admitted"],
            unknown_denied=totals["denied"],
            unknown_invented=totals["invented"],
            denied_known=Rate(events=totals["missed"], of=totals["critical"]),
            self_contradiction=of_turns("contradicted"),
            flipped=Rate(events=totals["flipped"], of=totals["told"]),
            role_drift=of_turns("role"),
            language_drift=of_turns("language"),
            guarded=totals["guarded"],
            unguarded=totals["unguarded"],
            length_mean=_mean(everything),
            length_median=float(median(everything.elements())) if turns else 0.0,
            personas={
                name: PersonaFigures(turns=found.total(), length_mean=_mean(found))
                for name, found in sorted(self._lengths.items())
            },
            persona_coverage=persona_coverage(self._personas.elements()),
        )


def _mean(lengths: Counter[int]) -> float:
    turns = lengths.total()
    return round(sum(length * count for length, count in lengths.items()) / turns, 2) if turns else 0.0


def _rows(transcript: Transcript, case: Case) -> Iterator[_Row]:
    told: set[str] = set()
    personality = transcript.persona.get("personality", "plain")
    for turn in transcript.of("patient"):
        if turn.number:
            yield _Row(len(turn.text), personality, _counts(turn, transcript, case, told))
        if turn.selection:
            told |= {*turn.selection.disclosed, *turn.selection.volunteered}


def _counts(turn: Turn, transcript: Transcript, case: Case, told: set[str]) -> dict[str, int]:
    language, folded = case.language, fold(turn.text)
    supported = _supported(turn, transcript, case)
    own = stock_lines(language).sub(" ", turn.text)
    counts = {
        "role": int(bool(role_drift(folded, language))),
        "language": int(language_drifts(turn.text, language)),
        "numbers": int(bool(beyond(numbers(turn.text, language), supported, numbers, language))),
        "matters": int(bool(beyond(named_topics(own, language), supported, named_topics, language))),
        "guarded": sum(entry.resolution != "kept" for entry in turn.guard),
        "unguarded": sum(entry.resolution == "kept" for entry in turn.guard),
    }
    return counts | _selected(turn, case, told)


def _selected(turn: Turn, case: Case, told: set[str]) -> dict[str, int]:
    """Counts that need the trace of what was asked and said."""
    trace = turn.selection
    if trace is None:
        return {}
    said = {*trace.disclosed, *trace.repeated, *trace.volunteered}
    asked = {fact.id for fact in case.patient.facts if fact.critical} & set(trace.asked)
    turned = [
        fact.id
        for fact in case.patient.facts
        if fact.id in said and flipped(turn.text, fact.say, case.language)
    ]
    forgotten = (set(trace.asked) & told) - said - set(trace.withheld)
    counts = {
        "unasked": len(trace.volunteered) if trace.specificity != "broad" else 0,
        "critical": len(asked),
        "missed": len(asked - said - set(trace.withheld)),
        "told": len(said),
        "flipped": len(turned),
        "contradicted": int(bool(forgotten or set(turned) & told)),
    }
    if trace.unknown and not said and not trace.views:
        counts |= {"unknown": 1, _answered(turn.text, case.language): 1}
    return counts


def _answered(text: str, language: str) -> str:
    """How a question without an answer on record was answered: admitted, denied or invented."""
    folded = fold(text)
    if reply_words(language)["not_known"].search(folded):
        return "admitted"
    return (
        "denied"
        if negated(folded, language) or reply_words(language)["normal"].search(folded)
        else "invented"
    )


def _supported(turn: Turn, transcript: Transcript, case: Case) -> list[str]:
    """Everything a patient turn may draw on: the lines it says, who the patient is, and what was said before."""
    trace, part = turn.selection, case.patient
    said = {*trace.disclosed, *trace.volunteered, *trace.repeated} if trace else set()
    lines = [fact.say for fact in part.facts if fact.id in said]
    lines += [cue.line for cue in part.cues] + [part.ideas, part.concerns, part.expectations]
    lines += [earlier.text for earlier in transcript.turns[: turn.number]]
    return [*lines, str(part.demographics.age), part.demographics.occupation]


def _leaked(transcript: Transcript, case: Case) -> int:
    part = case.patient
    own = [
        part.opening,
        part.ideas,
        part.concerns,
        *(f.say for f in part.facts),
        *(cue.line for cue in part.cues),
    ]
    terms = [fold(term) for term in guarded_terms(case)]
    known = _tight("\n".join(own), case.language)
    for turn in transcript.turns:
        text = _tight(turn.text, case.language)
        if turn.speaker == "patient" and any(
            within(term, text, case.language) and not within(term, known, case.language) for term in terms
        ):
            return 1
        known += "\n" + text
    return 0


def _tight(text: str, language: str) -> str:
    return "".join(fold(text).split()) if language == "zh" else fold(text)
