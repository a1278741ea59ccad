"""What a model is to the rest of the house: `chat(messages, options) -> Reply`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, TypedDict, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dialogue_sim.yamlio import Tree

Role = Literal["doctor", "patient", "judge"]


def _writable(text: str) -> str:
    # Half a surrogate pair, as a careless server escapes it, cannot be written as UTF-8 by anybody.
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


Said = Annotated[str, AfterValidator(_writable)]
"""Text of a model. A lone half of a surrogate pair becomes U+FFFD."""


class Message(TypedDict):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Options(BaseModel):
    """How a reply is sampled. None leaves the choice to the server.

    `json_schema` asks for a reply that is one JSON object of this schema. `extra_body` is passed
    to the server as it is (`chat_template_kwargs`, `top_k`, …).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: dict[str, Any] | None = None
    extra_body: Tree = Field(default_factory=dict)


class Usage(BaseModel):
    """Tokens of a call as the server counted them; `cached` of the prompt came from its prefix cache."""

    model_config = ConfigDict(frozen=True)

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt=self.prompt + other.prompt,
            completion=self.completion + other.completion,
            cached=self.cached + other.cached,
            reasoning=self.reasoning + other.reasoning,
        )


class Reply(BaseModel):
    """What a model said. `reasoning` was split off: nobody but the journal sees it.

    `finish` is `stop`, or `length` when the token limit cut the reply off. `model` is the name the
    server gave itself.
    """

    model_config = ConfigDict(frozen=True)

    text: Said
    reasoning: Said = ""
    finish: Literal["stop", "length"] = "stop"
    usage: Usage = Usage()
    latency_s: float = 0.0
    model: Said = ""
    call_id: str = ""


@runtime_checkable
class ChatModel(Protocol):
    """A language model, a person, or anything that answers messages.

    Attributes:
        spec: the one string that names it, such as `openai:qwen3-32b`.
    """

    spec: str

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Answer the messages.

        Raises:
            ModelError: see `dialogue_sim.models.errors`.
        """
        ...

    async def close(self) -> None:
        """Free connections, processes and memory. May be called more than once."""
        ...
