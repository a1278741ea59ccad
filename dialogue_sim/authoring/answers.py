"""What has been answered so far: a plain mapping, kept in a draft file so that nothing typed is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialogue_sim import yamlio
from dialogue_sim.authoring.wording import phrase
from dialogue_sim.cases.load import CaseError
from dialogue_sim.cases.model import Language
from dialogue_sim.errors import UserError

_LONGEST_NAME = 60

FACT_STEPS = (
    "facts_illness", "facts_symptoms", "facts_care", "facts_general", "facts_history", "facts_personal", "facts_impact",
)  # fmt: skip


def check_name(slug: str, language: str) -> Language:
    """The language, when both it and the name of a case can be used.

    Raises:
        UserError: another language than zh and en, or a name that cannot be part of an id.
    """
    if language not in ("zh", "en"):
        raise UserError(f"there is no language {language!r}", mend="use --lang zh or --lang en")
    chosen: Language = "zh" if language == "zh" else "en"
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", slug) or len(slug) > _LONGEST_NAME:
        raise UserError(f"{slug!r} cannot name a case", mend=phrase("not_a_slug", chosen))
    return chosen


@dataclass
class Answers:
    """Answers by step. A step that was left out stands there with an empty value; an unasked one does not stand there."""

    file: Path
    language: Language
    slug: str
    given: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, language: Language, slug: str) -> Answers:
        """The answers kept in `folder`, or none yet.

        Raises:
            CaseError: the draft file cannot be read.
        """
        file = folder / f".{language}-{slug}.draft.yaml"
        given = yamlio.read(file, CaseError).data if file.is_file() else None
        return cls(file, language, slug, dict(given or {}))

    def save(self) -> None:
        """Keep them; called after every answer and every line."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(yamlio.dump(self.given), encoding="utf-8", newline="\n")

    @property
    def finished(self) -> bool:
        """Whether every question has come up."""
        return "author" in self.given and "_open" not in self.given

    @property
    def case_id(self) -> str:
        """The id of the case that is being written."""
        return f"{self.language}-{self.slug}"

    @property
    def facts(self) -> list[dict[str, str]]:
        """What the patient can tell, over all sections, in order. Each keeps the `number` it was given."""
        return [fact for step in FACT_STEPS for fact in self.given.get(step) or []]

    def numbers(self, step: str) -> set[str]:
        """The fact numbers given to a step."""
        return set(self.given.get(step) or []) & {fact["number"] for fact in self.facts}
