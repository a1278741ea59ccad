"""What a case does not record, and which rubric items cannot be scored because of it.

A case made from somebody else's data often lacks a plan, an urgency or even a diagnosis. Nothing is
put in their place: the gap is named here, the case lists the items as `not_applicable`, and the
linter checks that it does. Item ids are those of the rubric `clinical-dialogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dialogue_sim.cases.model import Case
from dialogue_sim.yamlio import Location


class Gap(NamedTuple):
    """One thing that is not recorded: its name, its place in the file, the items that need it."""

    part: str
    at: Location
    items: tuple[str, ...] = ()


_GAPS: tuple[tuple[Gap, Callable[[Case], bool]], ...] = (
    (Gap("age", ("patient", "demographics")), lambda case: case.patient.demographics.age is None),
    (Gap("sex", ("patient", "demographics")), lambda case: case.patient.demographics.sex == "not_recorded"),
    (Gap("specialty", ("specialty",)), lambda case: case.specialty == "not_recorded"),
    (Gap("urgency", ("urgency",), ("C1",)), lambda case: case.urgency == "not_recorded"),
    (Gap("complexity", ("complexity",)), lambda case: case.complexity == 0),
    (Gap("facts", ("patient", "facts"), ("A1",)), lambda case: not case.patient.facts),
    (
        Gap("denied symptoms", ("patient", "facts"), ("A7",)),
        lambda case: (
            not any(f.status == "denied" and f.topic.startswith(("ros.", "hpi.")) for f in case.patient.facts)
        ),
    ),
    (Gap("diagnosis", ("judge", "diagnosis"), ("D1", "D2")), lambda case: not case.judge.diagnosis.primary),
    (Gap("differential", ("judge",)), lambda case: not case.judge.differential),
    (
        Gap("tests", ("judge",), ("D3",)),
        lambda case: not (case.judge.tests.must or case.judge.tests.acceptable or case.judge.tests.needless),
    ),
    (Gap("plan", ("judge",), ("D4",)), lambda case: not case.judge.plan),
)


def gaps(case: Case) -> Iterator[Gap]:
    """What the case does not record, in the order of the file."""
    return (gap for gap, missing in _GAPS if missing(case))
