"""A judged consultation as it is shown: the score, and item by item the mark with its evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from markupsafe import Markup

from dialogue_sim.judging.judges import items_of
from dialogue_sim.judging.rubric import Cap, Item, Rubric
from dialogue_sim.judging.verdict import Judgement, Verdict
from dialogue_sim.reports.facts import Lines
from dialogue_sim.reports.markup import parts_of, script_data
from dialogue_sim.reports.packing import alone
from dialogue_sim.runs.scores import dialogue_score
from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.transcript import Transcript
from dialogue_sim.web.chats import Chat, Chats


@dataclass(frozen=True)
class Row:
    """One item or cap with its verdict."""

    part: Item | Cap
    verdict: Verdict

    @property
    def word(self) -> str:
        """The message that names the decision."""
        if isinstance(self.part, Item):
            return f"mark_{self.verdict.mark}"
        return "report_cap_fired" if self.verdict.mark == "met" else "report_cap_clear"


@dataclass(frozen=True)
class ScoreSheet:
    """What a scorecard page shows. `groups` holds the dimensions with their rows, in the rubric's order."""

    score: DialogueScore
    rubric: Rubric
    groups: list[tuple[str, list[Row]]]
    caps: list[Row]


def sheet(
    rubric: Rubric | None, judgement: Judgement | None, score: DialogueScore | None
) -> ScoreSheet | None:
    """The sheet of one judged consultation; None while it is not judged."""
    if rubric is None or judgement is None or score is None:
        return None
    parts: list[Item | Cap] = [*rubric.items, *rubric.caps]
    by_id = {part.id: part for part in parts}
    rows = [Row(by_id[verdict.item], verdict) for verdict in judgement.verdicts]
    groups = [
        (
            dimension.id,
            [row for row in rows if isinstance(row.part, Item) and row.part.dimension == dimension.id],
        )
        for dimension in rubric.dimensions
    ]
    caps = [row for row in rows if isinstance(row.part, Cap)]
    return ScoreSheet(score, rubric, [group for group in groups if group[1]], caps)


def talk_data(
    rubric: Rubric | None,
    transcript: Transcript,
    judgement: Judgement | None,
    score: DialogueScore | None,
    lines: Lines | None,
) -> Markup:
    """A consultation for the script that shows it with its marks.

    Args:
        lines: what the ids in the patient's answers stand for; None keeps it untold how they came about.
    """
    parts = parts_of(rubric) if rubric else []
    scored = asdict(score) if score else None
    return script_data(
        [], parts, **alone(transcript, judgement, scored, [part["id"] for part in parts], lines)
    )


def chat_sheet(chats: Chats, chat: Chat) -> ScoreSheet | None:
    """The sheet of a chat; None before it has been judged."""
    if chat.state != "done" or chat.judgement is None or chat.transcript is None:
        return None
    items = [item.id for item in items_of(chat.transcript, chat.case, chats.rubric)]
    return sheet(chats.rubric, chat.judgement, dialogue_score(chats.rubric, items, chat.judgement))
