"""Errors that a user can mend.

    UserError           wrong usage, configuration, case or rubric: exit code 2
    ├─ CaseError        a case file (dialogue_sim.cases)
    ├─ RubricError      a rubric file (dialogue_sim.judging)
    └─ ConfigError      a run configuration, a flag, a model name, a run directory

Messages are written here in English; `errors.yaml` has their Chinese, and `told` gives either.

Failures of a model call are another tree (`dialogue_sim.models.errors.ModelError`): they are
recorded, counted and retried, and never end a run.
"""

from __future__ import annotations

from pathlib import Path

WORDING = Path(__file__).with_name("errors.yaml")
"""The Chinese of what errors say; see `dialogue_sim.wording`."""


def told(sentence: str, language: str) -> str:
    """What an error or a failed call says, in a language; as it stands where there is no wording of it."""
    # Errors are raised everywhere, but told at the end only, so this is loaded then.
    from dialogue_sim.wording import wording

    return wording(WORDING).told(sentence, language)


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
        return self.told("en")

    def told(self, language: str) -> str:
        """Place, finding and how to mend it, in a language."""
        place = f"{self.where}: " if self.where else ""
        mend = f"\n  → {told(self.mend, language)}" if self.mend else ""
        return f"{place}{told(self.what, language)}{mend}"


class ConfigError(UserError):
    """A flag, configuration file, model name or run directory that cannot be used."""
