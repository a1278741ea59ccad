"""The `lexicon` judge: answers every item without a model, by word lists and the case's own phrases.

It checks plumbing, not judgement: CI, quick starts and the validity suite run with it. Reports say so.
"""

from __future__ import annotations

from collections.abc import Collection

from dialogue_sim.cases.model import Case
from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.judges import left_to_judges
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.rubric import Cap, Item, Rubric
from dialogue_sim.judging.rules import answer
from dialogue_sim.judging.verdict import Verdict
from dialogue_sim.transcript import Transcript


class LexiconJudge:
    """Deterministic judge without a model."""

    spec = "lexicon"
    deterministic = True

    async def judge(
        self,
        transcript: Transcript,
        case: Case | None,
        rubric: Rubric,
        *,
        seed: int = 0,
        vote: int = 0,
        only: Collection[str] | None = None,
    ) -> list[Verdict]:
        """See `Judge.judge`. `seed` changes nothing.

        Raises:
            ConfigError: an item or cap of the rubric names no lexicon rule.
        """
        reading = Reading(transcript)
        if reading.void:
            return []
        asked: list[Item | Cap] = [*left_to_judges(reading, case, rubric, only), *rubric.caps]
        wanted = [part for part in asked if only is None or part.id in only]
        # A cap that needs the case has nothing to go by in a foreign transcript: it does not fire.
        return [_verdict(part, reading, case, vote) for part in wanted]


def _verdict(part: Item | Cap, reading: Reading, case: Case | None, vote: int) -> Verdict:
    if not part.lexicon:
        raise ConfigError(
            f"the lexicon judge has no rule for {part.id}",
            mend="give the item a `lexicon:` rule, or judge with a model (--judge openai:MODEL)",
        )
    counted = answer(part.lexicon, reading, case)
    if counted is None:
        return Verdict(
            item=part.id, mark="cannot_tell", why="needs a case file", method="lexicon", judge="lexicon", vote=vote
        )  # fmt: skip
    return counted.verdict(part.id, method="lexicon", judge="lexicon", vote=vote)
