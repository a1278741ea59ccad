"""A language model as the per-turn judge of `medflow-2025`: one number for the complexity, three for a reply."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from dialogue_sim.judging.medflow import TurnMarks
from dialogue_sim.judging.sheets import Row
from dialogue_sim.models.base import ChatModel, Message, Options
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.errors import MalformedError
from dialogue_sim.models.reasoning import split_reasoning
from dialogue_sim.prompts import Prompts

T = TypeVar("T")

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_THREE = re.compile(rf"({_NUMBER})\s*[,，]\s*({_NUMBER})\s*[,，]\s*({_NUMBER})")
_ANY = re.compile(_NUMBER)


class ModelTurnJudge:
    """A `ChatModel` that marks single replies."""

    def __init__(self, model: ChatModel, prompts: Prompts, *, temperature: float, seed: int = 0) -> None:
        self.spec = model.spec
        self._model, self._prompts, self._temperature, self._seed = model, prompts, temperature, seed

    async def complexity(self, complaint: str, *, language: str, vote: int) -> int:
        """See `TurnJudge.complexity`."""
        request = self._prompts.render("judge_medflow_complexity", language, complaint=_data(complaint))
        return await self._ask([Message(role="user", content=request)], one_number, language, vote)

    async def marks(
        self,
        dialogue: Sequence[Row],
        reply: str,
        *,
        complexity: int,
        round_number: int,
        language: str,
        vote: int,
    ) -> TurnMarks:
        """See `TurnJudge.marks`."""
        lines: list[dict[str, str]] = []
        for row in dialogue[:-1]:
            lines.append({"speaker": "patient", "text": row.content})
            if row.agent_role == "assistant":
                lines.append({"speaker": "doctor", "text": row.agent_content})
        lines.append({"speaker": "patient", "text": dialogue[-1].content})
        request = self._prompts.render(
            "judge_medflow_turn", language, dialogue=[_data(line) for line in lines], reply=_data(reply),
            complexity=complexity, round=round_number,
        )  # fmt: skip
        return await self._ask([Message(role="user", content=request)], three_numbers, language, vote)

    async def _ask(
        self, messages: list[Message], read: Callable[[str], T], language: str, vote: int, repairs: int = 1
    ) -> T:
        options = Options(temperature=self._temperature, seed=(self._seed * 1009 + vote) % 2**31)
        conversation, calls, text = list(messages), [], ""
        for _ in range(repairs + 1):
            answer = await self._model.chat(conversation, options)
            calls.append(answer.call_id)
            text = answer.text
            try:
                return read(split_reasoning(text).text)
            except ValueError:
                again = self._prompts.render("judge_medflow_again", language, three=read is three_numbers)
                conversation = [
                    *messages,
                    Message(role="assistant", content=text or "…"),
                    Message(role="user", content=again),
                ]
        if isinstance(self._model, JournaledModel):
            await self._model.withdraw(calls)
        raise MalformedError(f"{self.spec} gave no marks that can be read: {text[:200]!r}", reply=text)


def three_numbers(text: str) -> TurnMarks:
    """The three marks of a reply, clamped. Raises ValueError unless the text holds exactly three numbers, by commas."""
    found = _THREE.search(text)
    if found is None or len(_ANY.findall(text)) != len(TurnMarks._fields):
        raise ValueError("exactly three numbers are wanted")
    return TurnMarks(float(found[1]), float(found[2]), float(found[3])).clamped()


def one_number(text: str) -> int:
    """The complexity, clamped to 1–3. Raises ValueError unless the text holds exactly one whole number."""
    found = _ANY.findall(text)
    if len(found) != 1:
        raise ValueError("exactly one number is wanted")
    return min(max(int(float(found[0])), 1), 3)


def _data(value: object) -> str:
    # As JSON, and without angle brackets, so that no text of the dialogue can pass for a part of the request.
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
