"""The rows of an export: what one dialogue, one turn and one verdict look like in a table.

Values are flat (text, numbers, truth values, lists of text or numbers) so that one definition serves
JSONL, CSV and Parquet. A field never changes its meaning under one version of a schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.judging.verdict import Judgement, Mark, Method, Verdict
from dialogue_sim.reports.runfiles import RunFiles
from dialogue_sim.transcript import ClosingBlock, Selection, StopReason, Transcript, Turn


class Row(BaseModel):
    """What every row holds. `run` is the name of the run's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    run: str = Field(description="name of the run's folder")
    dialogue_id: str = Field(description="CASE/REPLICATE; joins the tables")
    case_id: str = Field(description="id of the case")
    language: Literal["zh", "en"] = Field(description="language of the dialogue")


class DialogueRow(Row):
    """One consultation. The figures are null while the run has not been scored."""

    schema_: Literal["dialogue-sim/export/dialogue/1"] = Field(
        default="dialogue-sim/export/dialogue/1", alias="schema", description="name and version of this row"
    )
    case_sha256: str = Field(description="hash of the case's content")
    replicate: int = Field(description="number of this run of the case, from 0")
    seed: int = Field(description="seed of this dialogue")
    doctor: str = Field(description="spec of the model under test")
    patient: str = Field(description="spec of the patient")
    persona: list[str] = Field(description="the patient's style, each as name=level")
    stop: StopReason = Field(description="why the dialogue ended")
    protocol_failures: list[str] = Field(description="how the doctor broke the protocol")
    n_turns: int = Field(description="utterances of all speakers, the opening included")
    n_doctor_turns: int = Field(description="utterances of the doctor")
    closing_diagnosis: str = Field(description="closing block: the most likely diagnosis")
    closing_differential: list[str] = Field(description="closing block: differential, most likely first")
    closing_tests: list[str] = Field(description="closing block: tests advised")
    closing_plan: list[str] = Field(description="closing block: management")
    score: float | None = Field(description="score of the dialogue, 0-100, after caps")
    raw: float | None = Field(description="score before caps, 0-100")
    dimensions: dict[str, float | None] = Field(description="dimension -> 0-100; null where none applies")
    caps: list[str] = Field(description="caps that fired")
    unsure: int | None = Field(description="items that no judge could tell; counted as not shown")
    rubric: str = Field(description="id@version of the rubric")
    judges: list[str] = Field(description="specs of the judges")


class TurnRow(Row):
    """One utterance."""

    schema_: Literal["dialogue-sim/export/turn/1"] = Field(
        default="dialogue-sim/export/turn/1", alias="schema", description="name and version of this row"
    )
    number: int = Field(description="from 0, the patient's opening, through the whole dialogue")
    speaker: Literal["doctor", "patient", "examiner"] = Field(description="who speaks")
    text: str = Field(description="what is said")
    intents: list[str] = Field(description="patient: what the doctor's turn was taken for")
    specificity: str = Field(description="patient: specific, broad or none; empty for others")
    asked: list[str] = Field(description="patient: facts asked for")
    disclosed: list[str] = Field(description="patient: facts said because they were asked for")
    volunteered: list[str] = Field(description="patient: facts said unasked")
    withheld: list[str] = Field(description="patient: facts asked for and held back")
    repeated: list[str] = Field(description="patient: facts asked for that had been said")
    unknown: list[str] = Field(description="patient: topics the record does not answer")
    cues: list[str] = Field(description="patient: cues given in this turn")
    guarded: list[str] = Field(description="patient: what the guard did, each as action=resolution")
    requests: list[str] = Field(description="examiner: what was asked for")
    findings: list[str] = Field(description="examiner: finding given for each request; empty if none")
    finding_statuses: list[str] = Field(description="examiner: status of each finding")
    prompt_tokens: int = Field(description="tokens of the prompts behind this turn")
    completion_tokens: int = Field(description="tokens of the replies behind this turn")
    latency_s: float = Field(description="seconds the model took")


class VerdictRow(Row):
    """One decision on one item or cap: a final one in `verdicts`, a single judge's vote in `votes`."""

    schema_: Literal["dialogue-sim/export/verdict/1"] = Field(
        default="dialogue-sim/export/verdict/1", alias="schema", description="name and version of this row"
    )
    item: str = Field(description="id of the item or cap")
    kind: Literal["item", "cap"] = Field(description="for a cap, met means that it fires")
    dimension: str = Field(description="dimension of the item; empty for a cap")
    mark: Mark = Field(description="met, partly, not or cannot_tell")
    value: float | None = Field(description="0-1; null for cannot_tell")
    turns: list[int] = Field(description="turns of the evidence; -1 is the closing block")
    quote: str = Field(description="verbatim evidence")
    why: str = Field(description="the judge's reason")
    method: Method = Field(description="how it was decided")
    judge: str = Field(description="who decided")
    vote: int = Field(description="number of the vote, from 0")
    flags: list[str] = Field(description="what was noticed, such as quote_not_found")
    disputed: bool = Field(description="judges or votes disagreed on this item, or could not tell")


TABLES: dict[str, type[Row]] = {
    "dialogues": DialogueRow,
    "turns": TurnRow,
    "verdicts": VerdictRow,
    "votes": VerdictRow,
}
"""The tables of an export by name, each with its kind of row."""


def table_rows(run: RunFiles, table: str) -> Iterator[Row]:
    """The rows of one table, in the order of the dialogues."""
    if table == "dialogues":
        scored = dialogue_scores(run.scores)
        yield from (_dialogue(run, one, scored.get(one.dialogue_id, {})) for one in run.transcripts.values())
    elif table == "turns":
        yield from (_turn(run, one, turn) for one in run.transcripts.values() for turn in one.turns)
    else:
        for judgement in run.judgements.values():
            transcript = run.transcripts[judgement.dialogue_id]
            decided = judgement.verdicts if table == "verdicts" else judgement.votes
            yield from (_verdict(run, transcript, judgement, one) for one in decided)


def dialogue_scores(scores: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Dialogue id → its entry in `scores.json`."""
    return {one["dialogue_id"]: one for case in scores.get("cases", []) for one in case["runs"]}


def dimensions_of(scores: dict[str, Any]) -> list[str]:
    """The rubric's dimensions, in its order; none while the run has not been scored."""
    return list(dict.fromkeys(item["dimension"] for item in scores.get("items", {}).values()))


def _common(run: RunFiles, transcript: Transcript) -> dict[str, Any]:
    return {
        "run": run.folder.resolve().name,
        "dialogue_id": transcript.dialogue_id,
        "case_id": transcript.case_id,
        "language": transcript.language,
    }


def _dialogue(run: RunFiles, transcript: Transcript, scored: dict[str, Any]) -> DialogueRow:
    closing = transcript.closing or ClosingBlock()
    reached = scored.get("dimensions", {})
    rubric = run.scores.get("rubric")
    return DialogueRow(
        **_common(run, transcript),
        case_sha256=transcript.case_sha256,
        replicate=transcript.replicate,
        seed=transcript.seed,
        doctor=transcript.doctor,
        patient=transcript.patient,
        persona=[f"{name}={level}" for name, level in transcript.persona.items()],
        stop=transcript.stop,
        protocol_failures=list(transcript.protocol_failures),
        n_turns=len(transcript.turns),
        n_doctor_turns=len(transcript.of("doctor")),
        closing_diagnosis=closing.diagnosis,
        closing_differential=closing.differential,
        closing_tests=closing.tests,
        closing_plan=closing.plan,
        score=scored.get("score"),
        raw=scored.get("raw"),
        dimensions={name: reached.get(name) for name in dimensions_of(run.scores)},
        caps=scored.get("caps", []),
        unsure=scored.get("unsure"),
        rubric=f"{rubric['id']}@{rubric['version']}" if rubric else "",
        judges=run.scores.get("judges", []),
    )


def _turn(run: RunFiles, transcript: Transcript, turn: Turn) -> TurnRow:
    chosen = turn.selection or Selection()
    return TurnRow(
        **_common(run, transcript),
        number=turn.number,
        speaker=turn.speaker,
        text=turn.text,
        intents=list(chosen.intents),
        specificity=chosen.specificity if turn.selection else "",
        asked=chosen.asked,
        disclosed=chosen.disclosed,
        volunteered=chosen.volunteered,
        withheld=chosen.withheld,
        repeated=chosen.repeated,
        unknown=chosen.unknown,
        cues=chosen.cues,
        guarded=[f"{one.action}={one.resolution}" for one in turn.guard],
        requests=[one.request for one in turn.findings],
        findings=[one.finding for one in turn.findings],
        finding_statuses=[one.status for one in turn.findings],
        prompt_tokens=turn.usage.prompt,
        completion_tokens=turn.usage.completion,
        latency_s=turn.latency_s,
    )


def _verdict(run: RunFiles, transcript: Transcript, judgement: Judgement, verdict: Verdict) -> VerdictRow:
    item = run.scores.get("items", {}).get(verdict.item)
    return VerdictRow(
        **_common(run, transcript),
        **verdict.model_dump(),
        kind="item" if item else "cap",
        dimension=item["dimension"] if item else "",
        disputed=verdict.item in judgement.disputed,
    )
