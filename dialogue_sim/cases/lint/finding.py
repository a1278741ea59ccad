"""A finding of the linter: which rule, how bad, where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from dialogue_sim.errors import WORDING
from dialogue_sim.wording import wording
from dialogue_sim.yamlio import Location

_CHINESE = Path(__file__).with_name("findings.yaml")

Severity = Literal["error", "warning", "note"]


def told(sentence: str, language: str) -> str:
    """A sentence of the linter, or of an error in a case file, in a language."""
    return wording(_CHINESE, WORDING).told(sentence, language)


class Finding(NamedTuple):
    """One finding.

    `severity`: an error makes the case unfit for scoring; a warning should be looked at; a note is
    for information. The strict mode refuses errors and warnings. `where` is `file:line (field)`.
    """

    rule: str
    severity: Severity
    where: str
    what: str
    mend: str
    fixable: bool = False

    def told(self, language: str) -> str:
        """The finding as one line, and a second on how to mend it, in a language."""
        mend = f"\n    → {told(self.mend, language)}" if self.mend else ""
        return (
            f"{self.where}: {told(self.severity, language)} [{self.rule}] {told(self.what, language)}{mend}"
        )


class Raw(NamedTuple):
    """A finding of a rule, before its place in the file is looked up."""

    severity: Severity
    at: Location
    what: str
    mend: str


Rows = Iterator[Raw]
