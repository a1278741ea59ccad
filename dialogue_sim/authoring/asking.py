"""Asking a model for forms, one after another: within its limits, and a failure is a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from dialogue_sim.cases.model import Language
from dialogue_sim.models.base import ChatModel, Message, Options, Reply
from dialogue_sim.models.errors import ModelError
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.retries import retry
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.models.structured import Narrowed, ask_json
from dialogue_sim.prompts import Prompts

Form = TypeVar("Form", bound=BaseModel)


@dataclass
class Asker:
    """Asks the model for one form after another, within its limits, again where that can help.

    Attributes:
        system: name of the prompt that says what all the calls are for.
    """

    model: ChatModel
    settings: ModelSettings
    prompts: Prompts
    language: Language
    system: str

    def __post_init__(self) -> None:
        self.spec = self.model.spec
        self._limiter = Limiter.of(self.settings)

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """One call, tried again after failures that pass."""
        return await retry(
            lambda: self.model.chat(messages, options),
            self._limiter,
            attempts=self.settings.attempts,
            name=self.spec,
        )

    async def close(self) -> None:
        """The model belongs to whoever opened it."""

    async def ask(
        self, prompt: str, form: type[Form] | Narrowed[Form], how: Options, /, **values: object
    ) -> Form | ModelError:
        """A form, or the failure to get it: one call that failed must not cost the others."""
        messages: list[Message] = [
            {"role": "system", "content": self.prompts.render(self.system, self.language)},
            {"role": "user", "content": self.prompts.render(prompt, self.language, **values)},
        ]
        try:
            return (await ask_json(self, messages, form, how))[0]
        except ModelError as problem:
            return problem
