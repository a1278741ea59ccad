"""A verdict: what was decided about one rubric item in one consultation, and on what evidence."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.transcript import Failure

Mark = Literal["met", "partly", "not", "cannot_tell"]
Method = Literal["program", "reference", "transcript", "lexicon", "human"]

VALUE_OF: dict[Mark, float | None] = {"met": 1.0, "partly": 0.5, "not": 0.0, "cannot_tell": None}


class Verdict(BaseModel):
    """One judge's decision on one item.

    `value` lies in [0, 1]: 1, 0.5 and 0 for met, partly and not; any share for items that are a
    share (coverage, F1); None for cannot_tell. `quote` is verbatim from the doctor's `turns`; turn -1
    is the closing block. For a cap item, met means that the cap fires.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: str
    mark: Mark
    value: float | None = Field(default=None, ge=0, le=1)
    turns: list[int] = Field(default_factory=list)
    quote: str = ""
    why: str = ""
    method: Method
    judge: str = Field(description="who decided: a model's spec, `program`, `lexicon`, or a rater")
    vote: int = 0
    flags: list[str] = Field(
        default_factory=list, description="e.g. quote_not_found, reasked, cap_unconfirmed, void"
    )


class Judgement(BaseModel):
    """Everything that was decided about one consultation.

    `verdicts` holds one final verdict per applicable item and per cap; `votes` every raw one it was
    made from. `disputed` names the items and caps on which judges or votes disagreed, or could not
    tell: the queue for human review. `flags` counts what was noticed, such as
    `injection_suspected` (turns) or `quote_not_found` (verdicts). One with `failures` is never scored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dialogue_id: str
    case_id: str
    rubric: str
    rubric_version: str
    rubric_sha256: str
    verdicts: list[Verdict] = Field(default_factory=list)
    votes: list[Verdict] = Field(default_factory=list)
    disputed: list[str] = Field(default_factory=list)
    flags: dict[str, int] = Field(default_factory=dict)
    failures: list[Failure] = Field(default_factory=list)
