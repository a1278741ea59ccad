"""The eight scripted doctors, graded by what each of them does.

They are the instrument's own yardstick: a score that does not put them in order is wrong. Six
stand on a ladder; `cold` and `warm` are dissociated, so that a judge with one overall impression
cannot rate both rightly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TEMPLATE = (
    "hpi.onset", "hpi.site", "hpi.character", "hpi.severity", "hpi.course", "hpi.trigger",
    "ros.fever", "ros.nausea", "general.appetite", "general.sleep", "history.past", "history.allergy",
)  # fmt: skip
HISTORY = (
    "history.drug",
    "history.surgery",
    "history.family",
    "social.smoking",
    "social.alcohol",
    "care.tests",
)
HPI = (*TEMPLATE[:6], "hpi.relief", "hpi.aggravating", "hpi.radiation", "hpi.associated")
# What every careful doctor asks, whatever the complaint, as room allows.
ALWAYS = ("history.drug", "history.allergy", "history.past")
THEN = (
    "care.tests", "care.treatment", "general.appetite", "general.sleep", "history.surgery", "history.family", "impact.life",
)  # fmt: skip
# Asked in one breath, the second after the first.
PAIRS = (
    ("care.tests", "care.treatment"), ("general.appetite", "general.sleep"),
)  # fmt: skip


@dataclass(frozen=True)
class Grade:
    """What a scripted doctor does.

    Attributes:
        questions: none; generic (three vague ones); template (twelve fixed); history (template,
            history set and the case's red flags); case (what this case needs).
        diagnosis: which diagnosis the closing block names: none, unclear, wrong, parent or exact.
        rank_of_truth: place of the true diagnosis in the differential (0 = absent).
        tests / plan: how much of the case's own they contain.
        talk: plain, warm (empathic words every turn) or jargon.
    """

    questions: Literal["none", "generic", "template", "history", "case"] = "none"
    greets: bool = True
    opens: bool = True
    empathy: bool = False
    views: bool = False
    summarises: bool = False
    requests: bool = False
    explains: bool = False
    closes_well: bool = False
    talk: Literal["plain", "warm", "jargon"] = "plain"
    diagnosis: Literal["none", "unclear", "wrong", "parent", "exact"] = "unclear"
    rank_of_truth: int = 0
    tests: Literal["none", "half", "must"] = "none"
    plan: Literal["none", "first", "full", "wrong"] = "none"

    @property
    def ending(self) -> int:
        """Turns that this grade needs after its questions."""
        return 3 * self.views + (self.summarises or self.requests) + 3 * self.explains + self.closes_well + 1


GRADES: dict[str, Grade] = {
    "silent": Grade(greets=False, opens=False, diagnosis="none"),
    "snap": Grade(opens=False, diagnosis="wrong", rank_of_truth=4),
    "brief": Grade("generic", diagnosis="unclear", rank_of_truth=4),
    "template": Grade("template", diagnosis="wrong", rank_of_truth=3, tests="half"),
    "thorough": Grade(
        "history", summarises=True, requests=True, diagnosis="parent", rank_of_truth=2, tests="must", plan="first"
    ),
    "expert": Grade(
        "case", empathy=True, views=True, summarises=True, requests=True, explains=True, closes_well=True,
        diagnosis="exact", rank_of_truth=1, tests="must", plan="full",
    ),
    "cold": Grade(
        "case", greets=False, opens=False, requests=True, talk="jargon", diagnosis="exact", rank_of_truth=1,
        tests="must", plan="full",
    ),
    "warm": Grade("generic", empathy=True, views=True, talk="warm", diagnosis="wrong", plan="wrong"),
}  # fmt: skip
LADDER = ("silent", "snap", "brief", "template", "thorough", "expert")
