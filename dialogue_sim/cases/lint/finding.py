"""A finding of the linter: which rule, how bad, where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from dialogue_sim.yamlio import Location

Severity = Literal["error", "warning", "note"]


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

    def __str__(self) -> str:
        mend = f"\n    → {self.mend}" if self.mend else ""
        return f"{self.where}: {self.severity} [{self.rule}] {self.what}{mend}"


class Raw(NamedTuple):
    """A finding of a rule, before its place in the file is looked up."""

    severity: Severity
    at: Location
    what: str
    mend: str


Rows = Iterator[Raw]
