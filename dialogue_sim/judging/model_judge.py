"""A language model as judge: few items a call, evidence first, and nothing taken on trust.

Protocol (scoring.md, 4.2): 4–8 items of one dimension a call, shuffled by seed; the transcript
stands before the items and is the same in every call, so that the server's prefix cache hits; the
case's facts are shown for reference items only. A positive verdict whose quote does not stand in
the doctor's turns is asked for once more and then counts as not. A reply that is not exactly the
form that was asked for is a failure after one repair, never a mark.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.evidence import quote_stands, stands_in
from dialogue_sim.judging.judges import left_to_judges
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.rubric import Cap, Item, Rubric
from dialogue_sim.judging.showing import dialogue_json, reference_json, shown, turn_name, turn_number
from dialogue_sim.judging.verdict import VALUE_OF, Mark, Method, Verdict
from dialogue_sim.models.base import ChatModel, Message, Options, Reply
from dialogue_sim.models.structured import Narrowed, ask_json, schema_of_rows
from dialogue_sim.prompts import Prompts
from dialogue_sim.transcript import Transcript

ITEMS_PER_CALL = 6
VOTE_TEMPERATURE = 0.7
_QUOTE_LENGTH, _WHY_LENGTH = 240, 300


@dataclass(frozen=True)
class Batch:
    """The items of one call."""

    parts: tuple[Item | Cap, ...]
    method: Method
    caps: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the order they are asked."""
        return tuple(part.id for part in self.parts)


class _Sheet(NamedTuple):
    """One consultation as every call about it needs it: itself, what a judge may see of it, and how it is put."""

    transcript: Transcript
    view: Transcript
    system: str
    dialogue: Mapping[Method, str]


class ModelJudge:
    """A `ChatModel` that judges."""

    deterministic = False

    def __init__(
        self,
        model: ChatModel,
        prompts: Prompts,
        *,
        options: Options | None = None,
        items_per_call: int = ITEMS_PER_CALL,
    ) -> None:
        """`items_per_call`: 4–8 for large models; 1 asks item by item, for small ones."""
        self.spec = model.spec
        self._model, self._prompts, self._per_call = model, prompts, items_per_call
        self._options = options or Options()

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
        """See `Judge.judge`. Votes after the first sample transcript items and caps only.

        Reference items are decided by the case's facts, at temperature 0; sampling them again would
        add cost and no information.
        """
        reading = Reading(transcript)
        if reading.void:
            return []
        batches = self._batches(reading, case, rubric, seed=seed, vote=vote, only=only)
        if not batches:
            return []
        sheet = self._sheet(transcript, case, {batch.method for batch in batches})
        # The first call fills the server's prefix cache; its siblings then find the dialogue there.
        first = await self._ask(batches[0], sheet, seed=seed, vote=vote)
        # All are let finish when one fails: a call that is cut off is paid for and not in the journal.
        rest = await asyncio.gather(
            *(self._ask(batch, sheet, seed=seed, vote=vote) for batch in batches[1:]),
            return_exceptions=True,
        )
        verdicts = list(first)
        for found in rest:
            if isinstance(found, BaseException):
                raise found
            verdicts += found
        return verdicts

    def _batches(
        self,
        reading: Reading,
        case: Case | None,
        rubric: Rubric,
        *,
        seed: int,
        vote: int,
        only: Collection[str] | None,
    ) -> list[Batch]:
        chance = random.Random(f"{seed}/{vote}/{reading.transcript.dialogue_id}/{rubric.id}")
        groups: dict[tuple[str, Method], list[Item | Cap]] = {}
        for item in left_to_judges(reading, case, rubric, only):
            method: Method = "reference" if case is not None and "reference" in item.methods else "transcript"
            if vote == 0 or method == "transcript":
                groups.setdefault((item.dimension, method), []).append(item)
        batches = [
            Batch(part, method)
            for (_, method), items in groups.items()
            for part in _cut(chance.sample(items, len(items)), self._per_call)
        ]
        caps: list[Item | Cap] = [cap for cap in rubric.caps if only is None or cap.id in only]
        kind: Method = "reference" if case is not None else "transcript"
        return batches + [
            Batch(part, kind, caps=True) for part in _cut(chance.sample(caps, len(caps)), self._per_call)
        ]

    async def _ask(self, batch: Batch, sheet: _Sheet, *, seed: int, vote: int) -> list[Verdict]:
        messages = self._messages(batch, sheet)
        options = self._sampling(seed, vote)
        form, replies = await ask_json(self._model, messages, form_of(batch.ids, batch.caps), options)
        verdicts = {answer.item: self._verdict(answer, batch, sheet, vote) for answer in form.verdicts}
        doubtful = [name for name, verdict in verdicts.items() if "quote_not_found" in verdict.flags]
        if doubtful:
            quoted = {answer.item: answer.quote for answer in form.verdicts}
            request = self._prompts.render(
                "judge_reask",
                sheet.transcript.language,
                ids=doubtful,
                elsewhere=[
                    (name, turn_name(place))
                    for name in doubtful
                    if (place := stands_in(quoted[name], sheet.view)) is not None
                ],
            )
            again = await self._ask_again(batch, doubtful, messages, replies[-1], request, options)
            for answer in again:
                verdict = self._verdict(answer, batch, sheet, vote)
                verdicts[answer.item] = verdict.model_copy(update={"flags": [*verdict.flags, "reasked"]})
        return [verdicts[name] for name in batch.ids]

    async def _ask_again(
        self,
        batch: Batch,
        doubtful: list[str],
        messages: list[Message],
        reply: Reply,
        request: str,
        options: Options,
    ) -> Sequence[Answer]:
        conversation = [
            *messages,
            Message(role="assistant", content=reply.text),
            Message(role="user", content=request),
        ]
        form, _ = await ask_json(self._model, conversation, form_of(tuple(doubtful), batch.caps), options)
        return form.verdicts

    def _sheet(self, transcript: Transcript, case: Case | None, methods: Collection[Method]) -> _Sheet:
        view, language = shown(transcript), transcript.language
        dialogue = dialogue_json(transcript, view)
        told = {
            method: self._prompts.render(
                "judge_dialogue",
                language,
                dialogue=dialogue,
                reference=reference_json(case) if case is not None and method == "reference" else "",
            )
            for method in methods
        }
        return _Sheet(transcript, view, self._prompts.render("judge_system", language), told)

    def _messages(self, batch: Batch, sheet: _Sheet) -> list[Message]:
        language = sheet.transcript.language
        items = [{"id": part.id, "wording": part.wording(language)} for part in batch.parts]
        request = self._prompts.render("judge_items", language, items=items, caps=batch.caps)
        return [
            Message(role="system", content=sheet.system),
            Message(role="user", content=f"{sheet.dialogue[batch.method]}\n\n{request}"),
        ]

    def _sampling(self, seed: int, vote: int) -> Options:
        own = self._options.temperature
        proper = own if own is not None else 0.0
        temperature = proper if vote == 0 else VOTE_TEMPERATURE
        return self._options.model_copy(
            update={"temperature": temperature, "seed": (seed * 1009 + vote) % 2**31}
        )

    def _verdict(self, answer: Answer, batch: Batch, sheet: _Sheet, vote: int) -> Verdict:
        positive = answer.verdict in {"met", "partly"}
        turns = [number for name in answer.turns if (number := turn_number(name)) is not None]
        # What the judge quotes must stand in what it was shown and in what was really said.
        stands = all(quote_stands(answer.quote, turns, text) for text in (sheet.view, sheet.transcript))
        mark: Mark = "not" if positive and not stands else answer.verdict
        return Verdict(
            item=answer.item,
            mark=mark,
            value=VALUE_OF[mark],
            turns=turns if stands else [],
            quote=answer.quote if stands else "",
            why=answer.why[:_WHY_LENGTH],
            method=batch.method,
            judge=self.spec,
            vote=vote,
            flags=["quote_not_found"] if positive and not stands else [],
        )


def _cut(parts: Sequence[Item | Cap], most: int) -> list[tuple[Item | Cap, ...]]:
    """Parts in as few batches as `most` allows, of sizes that differ by at most one."""
    if not parts:
        return []
    count = -(-len(parts) // most)
    return [tuple(parts[start::count]) for start in range(count)]


class Answer(BaseModel):
    """One item as the judge answers it. The order of the fields is the order of thinking."""

    model_config = ConfigDict(extra="ignore")

    item: str
    turns: Annotated[list[str], Field(max_length=12)]
    # Told to the model's grammar, but a longer text is cut and not refused.
    quote: Annotated[str, Field(json_schema_extra={"maxLength": _QUOTE_LENGTH})]
    why: Annotated[str, Field(json_schema_extra={"maxLength": _WHY_LENGTH})]
    verdict: Literal["met", "partly", "not", "cannot_tell"]


class CapAnswer(Answer):
    """One cap as the judge answers it: it fires or it does not."""

    verdict: Literal["met", "not", "cannot_tell"]


class Answers(BaseModel):
    """What one call about items returns."""

    verdicts: Sequence[Answer]


class CapAnswers(Answers):
    """What one call about caps returns."""

    verdicts: Sequence[CapAnswer]


def form_of(ids: tuple[str, ...], caps: bool) -> Narrowed[Answers]:
    """The form for these ids: each exactly once, and for caps no `partly`."""

    def exactly_once(filled: Answers) -> None:
        if sorted(row.item for row in filled.verdicts) != sorted(ids):
            raise ValueError(f"each of {', '.join(ids)} must stand exactly once")

    form = CapAnswers if caps else Answers
    return Narrowed(form, schema_of_rows(form, ids, "item"), exactly_once)
