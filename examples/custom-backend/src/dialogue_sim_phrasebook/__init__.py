"""The model scheme `phrasebook:FILE`: a "model" that says the lines of a YAML file, one after another.

It shows all that a backend needs: a function that opens a model from its name and settings, and an
object with `spec`, `chat` and `close`. Replace the phrasebook with a client of your own engine.
模型方案 `phrasebook:文件`：逐句念 YAML 文件里的话。写自己的后端只需要这些。
"""

from __future__ import annotations

from pathlib import Path

import yaml

from dialogue_sim import ChatModel, Reply, UserError
from dialogue_sim.models import Message, ModelSettings, Options


class Phrasebook:
    """Says line after line, then the closing block."""

    def __init__(self, spec: str, lines: list[str], closing: str) -> None:
        self.spec = spec
        self._lines, self._closing = lines, closing

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """The next line. An engine would be asked here; a failed call raises one of dialogue_sim's ModelErrors."""
        spoken = sum(message["role"] == "assistant" for message in messages)
        wants_form = options.json_schema is not None
        text = self._closing if wants_form else self._lines[min(spoken, len(self._lines) - 1)]
        return Reply(text=text, model="phrasebook")

    async def close(self) -> None:
        """Nothing is held."""


def open_model(name: str, settings: ModelSettings) -> ChatModel:
    """What the entry point names: opens `phrasebook:NAME`."""
    try:
        book = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
        return Phrasebook(f"phrasebook:{name}", [str(line) for line in book["lines"]], str(book["closing"]))
    except (OSError, yaml.YAMLError, KeyError, TypeError) as problem:
        raise UserError(f"no phrasebook: {problem}", where=f"phrasebook:{name}") from None
