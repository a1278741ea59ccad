"""Has a model write the example questions of a case, and keeps those from which its patient can learn.

The model gets what the patient knows, a few facts at a time with all others beside them; the diagnosis
is no part of that. What comes back is checked by program: it can see that a question stands twice or
in the wrong language, not that another fact answers it as well. A person should read them.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from pydantic import BaseModel

from dialogue_sim.authoring.asking import Asker
from dialogue_sim.cases.lint.fixes import full_width
from dialogue_sim.cases.lint.text import CJK, mentions
from dialogue_sim.cases.model import Case, Questions
from dialogue_sim.cases.views import guarded_terms, patient_view, registration
from dialogue_sim.models.base import ChatModel, Options
from dialogue_sim.models.errors import ModelError
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.models.structured import Narrowed, schema_of_rows
from dialogue_sim.prompts import Prompts

UNRECORDED = ""
"""The key of the questions that no fact answers; those of a fact have its id."""
LONGEST = {"zh": 100, "en": 250}
"""Most characters of a question; more is a speech, or a model that does not end."""
_TRIES = 2
_BATCH = 5  # facts a call; of more a model writes ever shorter lists
_TOKENS, _TOKENS_A_QUESTION = 1000, 50


class FactQuestions(BaseModel):
    """The questions that a fact answers."""

    id: str
    questions: list[str]


class FactsAsked(BaseModel):
    """The questions of a batch of facts."""

    facts: list[FactQuestions]


class OthersAsked(BaseModel):
    """Questions that no fact answers."""

    questions: list[str]


class Asked(NamedTuple):
    """What a model wrote for a case.

    Attributes:
        questions: what was kept, reply after reply.
        dropped: how many questions were dropped, by reason: unknown_id, empty, unreadable, language,
            diagnosis, duplicate, contested, surplus.
        lacking: how many questions are missing of the number wanted, by fact id or `UNRECORDED`.
        failures: calls that brought nothing, and what they were to bring is lacking.
    """

    questions: Questions
    dropped: Counter[str]
    lacking: dict[str, int]
    failures: list[str]

    @property
    def kept(self) -> int:
        """How many questions were kept."""
        return sum(map(len, self.questions.facts.values())) + len(self.questions.unrecorded)


async def ask_questions(
    case: Case, model: ChatModel, settings: ModelSettings, prompts: Prompts, *, per_fact: int, unrecorded: int,
    keep: Callable[[Questions], None] = lambda new: None,
) -> Asked:  # fmt: skip
    """Have a model write what the case lacks of its example questions; no call is made where it lacks none.

    Args:
        per_fact: how many questions each fact shall have, with those that the case holds for it alone.
        unrecorded: how many unrecorded ones, likewise.
        keep: gets what was kept of each reply as it comes, so that no paid call is lost with the process.

    Raises:
        ModelError: every call failed.
        Whatever `keep` raises.
    """
    sieve = _Sieve(case, per_fact, unrecorded)
    writer = _Writer(case, Asker(model, settings, prompts, case.language, "questions_system"), sieve, keep)
    answered, problems = 0, []
    for turn in range(_TRIES):
        if not sieve.lacking():
            break
        replies = await writer.ask(turn)
        problems = [reply for reply in replies if isinstance(reply, ModelError)]
        answered += len(replies) - len(problems)
        if not answered:
            raise problems[0]
    failures = [f"{problem.kind}: {problem}" for problem in problems]
    return Asked(sieve.questions(), sieve.dropped, sieve.lacking(), failures)


class _Sieve:
    """Takes questions in, and keeps those that are new, readable and asked for by one key alone."""

    def __init__(self, case: Case, per_fact: int, unrecorded: int) -> None:
        self._language, self._diagnosis = case.language, guarded_terms(case)
        self.held: dict[str, list[str]] = {fact.id: [] for fact in case.patient.facts}
        self.held[UNRECORDED] = list(case.questions.unrecorded)
        everywhere = list(case.questions.unrecorded)
        for key, asked in case.questions.facts.items():
            everywhere += asked
            if key.strip() in self.held:
                self.held[key.strip()] += asked
        self._wanted = {
            key: max(0, (per_fact if key else unrecorded) - len(asked)) for key, asked in self.held.items()
        }
        self._owner = {_bare(question): "in the case" for question in everywhere}
        self._kept: dict[str, dict[str, str]] = {key: {} for key in self.held}
        self._new: dict[str, dict[str, str]] = {
            key: {} for key in self.held
        }  # of the reply that is being read
        self._contested: set[str] = set()
        self.dropped: Counter[str] = Counter()

    def lacking(self) -> dict[str, int]:
        """How many questions are missing, by key; keys that lack none are left out."""
        missing = {key: wanted - len(self._kept[key]) for key, wanted in self._wanted.items()}
        return {key: count for key, count in missing.items() if count > 0}

    def there(self, key: str) -> list[str]:
        """The questions of a key so far, those of the case first."""
        return [*self.held[key], *self._kept[key].values()]

    def take(self, key: str, text: str) -> None:
        """Keep a question of a key, or count why not."""
        question = " ".join(text.split())
        if self._language == "zh":
            question = full_width(question)
        bare = _bare(question)
        owner = self._owner.get(bare)
        if reason := self._fault(question, bare):
            self.dropped[reason] += 1
        elif bare in self._contested:
            self.dropped["contested"] += 1
        elif owner is None:
            self._owner[bare] = key
            self._new[key][bare] = question
        elif owner == key or owner not in self._kept:
            self.dropped["duplicate"] += 1
        elif bare in self._new[owner]:
            # Two keys claim it, and nothing says which is right, so it would teach half of it wrongly.
            del self._new[owner][bare]
            self._contested.add(bare)
            self.dropped["contested"] += 2
        else:
            self.dropped["contested"] += 1

    def _fault(self, question: str, bare: str) -> str:
        if not bare:
            return "empty"
        if not question.isprintable() or len(question) > LONGEST[self._language]:
            return "unreadable"
        if bool(CJK.search(question)) != (self._language == "zh"):
            return "language"
        return "diagnosis" if any(mentions(question, name) for name in self._diagnosis) else ""

    def settle(self) -> Questions:
        """End a reply: what is new and kept, of each key no more than were wanted; the rest is counted."""
        missing = self.lacking()
        settled: dict[str, list[str]] = {}
        for key, new in self._new.items():
            taken = dict(list(new.items())[: missing.get(key, 0)])
            if surplus := len(new) - len(taken):
                self.dropped["surplus"] += surplus
            self._kept[key] |= taken
            settled[key] = list(taken.values())
            new.clear()
        return _as_questions(settled)

    def questions(self) -> Questions:
        """All that was kept."""
        return _as_questions({key: list(kept.values()) for key, kept in self._kept.items()})


def _as_questions(found: dict[str, list[str]]) -> Questions:
    facts = {key: asked for key, asked in found.items() if asked and key != UNRECORDED}
    return Questions(facts=facts, unrecorded=found[UNRECORDED])


class _Writer:
    """Asks for what a sieve still lacks."""

    def __init__(self, case: Case, asker: Asker, sieve: _Sieve, keep: Callable[[Questions], None]) -> None:
        self._view, self._asker, self._sieve, self._keep = patient_view(case), asker, sieve, keep

    async def ask(self, turn: int) -> list[BaseModel | ModelError]:
        """One round of calls, the facts' at once; what each brings goes through the sieve when it comes."""
        lacking = self._sieve.lacking()
        facts = [fact.id for fact in self._view.facts if fact.id in lacking]
        batches = [facts[i : i + _BATCH] for i in range(0, len(facts), _BATCH)]
        replies: list[BaseModel | ModelError] = list(
            await asyncio.gather(*(self._facts(batch, lacking, turn) for batch in batches))
        )
        if UNRECORDED in lacking:
            replies.append(await self._others(lacking[UNRECORDED], turn))
        return replies

    async def _facts(self, batch: list[str], lacking: dict[str, int], turn: int) -> FactsAsked | ModelError:
        rows = [
            {"id": fact.id, "say": fact.say, "count": lacking[fact.id], "there": self._sieve.there(fact.id)}
            for fact in self._view.facts
            if fact.id in batch
        ]
        others = [fact for fact in self._view.facts if fact.id not in batch]
        how = _how(sum(lacking[name] for name in batch), turn)
        form = Narrowed(FactsAsked, schema_of_rows(FactsAsked, batch, "id"), lambda filled: None)
        reply = await self._asker.ask(
            "questions_facts", form, how, facts=rows, others=others, **self._patient()
        )
        for written in reply.facts if isinstance(reply, FactsAsked) else ():
            if written.id not in batch:
                self._sieve.dropped["unknown_id"] += len(written.questions)
                continue
            for question in written.questions:
                self._sieve.take(written.id, question)
        self._keep(self._sieve.settle())
        return reply

    async def _others(self, count: int, turn: int) -> OthersAsked | ModelError:
        values = {"facts": self._view.facts, "count": count, "there": self._sieve.there(UNRECORDED)}
        reply = await self._asker.ask(
            "questions_unrecorded", OthersAsked, _how(count, turn), **values, **self._patient()
        )
        for question in reply.questions if isinstance(reply, OthersAsked) else ():
            self._sieve.take(UNRECORDED, question)
        self._keep(self._sieve.settle())
        return reply

    def _patient(self) -> dict[str, object]:
        who = self._view.demographics
        return {
            "registration": registration(who, self._view.language),
            "occupation": who.occupation,
            "speaker": self._view.speaker,
            "opening": self._view.opening,
        }


def _how(questions: int, turn: int) -> Options:
    # The second try must not be the first one over again, on a server that honours seeds.
    return Options(temperature=0.8, max_tokens=_TOKENS + _TOKENS_A_QUESTION * questions, seed=turn)


def _bare(question: str) -> str:
    """A question without case, width, blanks and marks: what two wordings must differ in."""
    return "".join(c for c in unicodedata.normalize("NFKC", question).casefold() if c.isalnum())
