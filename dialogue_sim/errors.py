"""Errors that a user can mend.

    UserError           wrong usage, configuration, case or rubric: exit code 2
    ├─ CaseError        a case file (dialogue_sim.cases)
    ├─ RubricError      a rubric file (dialogue_sim.judging)
    └─ ConfigError      a run configuration, a flag, a model name, a run directory

Failures of a model call are another tree (`dialogue_sim.models.errors.ModelError`): they are
recorded, counted and retried, and never end a run.
"""

from __future__ import annotations


class UserError(Exception):
    """Something the user wrote is wrong. The message says what, where, and how to mend it.

    Attributes:
        what: the finding, one sentence.
        where: file, line or field it was found at; empty where there is no place to name.
        mend: what to do about it; empty when `what` already says so.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"\n  → {self.mend}" if self.mend else ""
        return f"{place}{self.what}{mend}"


class ConfigError(UserError):
    """A flag, configuration file, model name or run directory that cannot be used."""
