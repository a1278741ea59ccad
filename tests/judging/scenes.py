"""Hand-built consultations, so that each test shows the dialogue it is about; and a model that says what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dialogue_sim.cases import Case
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.transcript import ClosingBlock, FindingGiven, Selection, Transcript, Turn


@dataclass
class Scene:
    """A consultation under construction. `says` is one doctor turn and what it brought out."""

    case: Case
    traced: bool = True
    turns: list[Turn] = field(default_factory=list)
    closing: ClosingBlock | None = None

    def __post_init__(self) -> None:
        opening = [fact.id for fact in self.case.patient.facts if fact.disclosure == "opening"]
        self._patient(self.case.patient.opening, Selection(volunteered=opening))

    def _patient(self, text: str, selection: Selection) -> None:
        trace = selection if self.traced else None
        self.turns.append(Turn(number=len(self.turns), speaker="patient", text=text, selection=trace))

    def says(
        self,
        text: str,
        *facts: str,
        volunteers: Iterable[str] = (),
        topics: Iterable[str] = (),
        repeats: Iterable[str] = (),
        views: Iterable[str] = (),
        cue: str = "",
        examiner: str = "",
    ) -> Scene:
        self.turns.append(Turn(number=len(self.turns), speaker="doctor", text=text))
        if examiner:
            finding = next(f for f in self.case.examiner.tests if f.id == examiner)
            given = FindingGiven(
                request=text,
                finding=examiner,
                status=finding.status,
                text=f"{finding.names[0]}：{finding.result}",
            )
            self.turns.append(
                Turn(number=len(self.turns), speaker="examiner", text=given.text, findings=[given])
            )
        told = [self.case.fact(fact).say for fact in (*facts, *volunteers, *repeats)]
        if cue:
            told.append(next(c.line for c in self.case.patient.cues if c.id == cue))
        selection = Selection(
            asked=[*facts, *repeats], disclosed=list(facts), volunteered=list(volunteers), repeated=list(repeats),
            topics=list(topics), views=list(views), cues=[cue] if cue else [],
        )  # fmt: skip
        self._patient(" ".join(told) or "嗯。", selection)
        return self

    def closes(
        self,
        diagnosis: str = "",
        differential: Iterable[str] = (),
        tests: Iterable[str] = (),
        plan: Iterable[str] = (),
    ) -> Scene:
        self.closing = ClosingBlock(
            diagnosis=diagnosis, differential=list(differential), tests=list(tests), plan=list(plan)
        )
        return self

    def transcript(self, **changes: object) -> Transcript:
        built = Transcript(
            dialogue_id=f"{self.case.id}/0", case_id=self.case.id, language=self.case.language,
            doctor="scripted:hand", turns=self.turns, closing=self.closing,
        )  # fmt: skip
        return built.model_copy(update=changes)


class Script:
    """A `ChatModel` that answers from a function of (messages, number of the call)."""

    def __init__(
        self, answer: Callable[[list[Message], int], str], spec: str = "python:tests:script"
    ) -> None:
        self.spec = spec
        self.answer = answer
        self.asked: list[list[Message]] = []
        self.options: list[Options] = []

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        self.asked.append(messages)
        self.options.append(options)
        return Reply(text=self.answer(messages, len(self.asked) - 1))

    async def close(self) -> None:
        pass
