"""From judgements to `scores.json`: the figures of a run, with everything needed to read them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import dialogue_sim
from dialogue_sim.cases import Case
from dialogue_sim.judging.rubric import Rubric, applicable, content_hash
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.roles.patient.fidelity import PatientFidelity
from dialogue_sim.scoring.rollup import DialogueScore, case_score
from dialogue_sim.scoring.scorecard import DialogueResult, scorecard
from dialogue_sim.transcript import Failure, Transcript

SCHEMA = "dialogue-sim/scores/1"


def dialogue_score(rubric: Rubric, applicable_items: Collection[str], judgement: Judgement) -> DialogueScore:
    """Roll one complete judgement up.

    Raises:
        ValueError: an applicable item has no verdict; such a judgement is a failure, not a score.
    """
    caps = {cap.id for cap in rubric.caps}
    values = {v.item: v.value for v in judgement.verdicts if v.item not in caps}
    fired = [v.item for v in judgement.verdicts if v.item in caps and v.mark == "met"]
    wanted = {name: value for name, value in values.items() if name in applicable_items}
    return case_score(rubric.shape(), wanted, applicable=applicable_items, caps=fired)


def dialogue_result(
    rubric: Rubric, case: Case, transcript: Transcript, judgement: Judgement
) -> DialogueResult:
    """One dialogue as it enters the scorecard."""
    names = [item.id for item in applicable(rubric, case)]
    return DialogueResult(
        case_id=case.id,
        replicate=transcript.replicate,
        score=dialogue_score(rubric, names, judgement),
        dialogue_id=transcript.dialogue_id,
        strata={
            "language": case.language,
            "specialty": case.specialty,
            "urgency": case.urgency,
            "complexity": str(case.complexity),
        },
        protocol_failures=transcript.protocol_failures,
    )


class Tally:
    """What `scores.json` needs of the judged dialogues, taken in one at a time."""

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self.results: list[DialogueResult] = []
        self.disputed = 0
        self.flags: Counter[str] = Counter()
        self._sums = {item.id: 0.0 for item in rubric.items}
        self._marked: Counter[str] = Counter()

    def add(self, case: Case, transcript: Transcript, judgement: Judgement) -> None:
        """Take one in."""
        self.results.append(dialogue_result(self.rubric, case, transcript, judgement))
        self.add_marks(judgement)

    def add_marks(self, judgement: Judgement) -> None:
        """Take in what was decided, without the dialogue's score."""
        self.disputed += len(judgement.disputed)
        self.flags.update(judgement.flags)
        for verdict in judgement.verdicts:
            if verdict.item in self._sums:
                self._sums[verdict.item] += verdict.value or 0.0
                self._marked[verdict.item] += 1

    def items(self) -> dict[str, dict[str, Any]]:
        """Per item: mean value in [0, 1] (cannot_tell counts as 0) and in how many dialogues it applied."""
        return {
            item.id: {
                "dimension": item.dimension,
                "mean": round(self._sums[item.id] / number, 6) if number else None,
                "n": number,
            }
            for item in self.rubric.items
            for number in [self._marked[item.id]]
        }


def scores(
    tally: Tally,
    *,
    manifest: Mapping[str, Any],
    planned: int,
    failures: Mapping[str, Failure],
    fidelity: PatientFidelity,
    usage: Sequence[Mapping[str, Any]],
    notes: Sequence[str],
) -> dict[str, Any]:
    """The content of `scores.json` (see docs/scores.md). Equal runs give equal content, to the last bit.

    Args:
        planned: dialogues the run was to hold; what is neither scored nor failed was not reached.
        notes: keys of the remarks that must be printed beside the score.
    """
    rubric = tally.rubric
    card = scorecard(tally.results, rubric.shape()).model_dump(mode="json")
    stages = Counter(failure.stage for failure in failures.values())
    return {
        "schema": SCHEMA,
        "score": card.pop("score"),
        "ci95": card.pop("ci95"),
        "n_cases": card.pop("n_cases"),
        "n_dialogues": card.pop("n_dialogues"),
        "n_planned": planned,
        "failures": {
            "simulate": stages["simulate"],
            "judge": stages["judge"],
            "kinds": dict(sorted(Counter(failure.kind for failure in failures.values()).items())),
        },
        "doctor": manifest["simulation"]["doctor"]["model"],
        "patient": manifest["simulation"]["patient"]["model"],
        "judges": [judge["model"] for judge in manifest["judging"]["judges"]],
        **{
            key: card.pop(key)
            for key in ("protocol_failure_rate", "protocol_failure_ci95", "protocol_failures")
        },
        **{
            key: card.pop(key)
            for key in ("dimensions", "caps", "usable_at_60", "usable_at_60_ci95", "strata")
        },
        "items": tally.items(),
        "unsure": card.pop("unsure"),
        "disputed": tally.disputed,
        "flags": dict(sorted(tally.flags.items())),
        "patient_fidelity": fidelity.model_dump(mode="json"),
        "usage": list(usage),
        "notes": list(notes),
        "rubric": {"id": rubric.id, "version": rubric.version, "sha256": content_hash(rubric)},
        "prompts_sha256": manifest["simulation"]["prompts_sha256"],
        "version": dialogue_sim.__version__,
        "cases": card.pop("cases"),
    }


def scores_text(content: Mapping[str, Any]) -> Iterator[str]:
    """As it is written to disk, in parts."""
    yield from json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(content)
    yield "\n"
