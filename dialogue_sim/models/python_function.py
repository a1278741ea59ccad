"""`python:module:object`: the reader's own Python as a model.

The object is a function from messages to text (plain or async; it may take the options as a second
argument), a `ChatModel`, or a class or function without required arguments that makes one.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import ChatModel, Message, Options, Reply
from dialogue_sim.models.errors import FatalError, MalformedError, ModelError
from dialogue_sim.models.reasoning import split_reasoning
from dialogue_sim.models.settings import ModelSettings, merge_options


class FunctionModel:
    """A Python function as a `ChatModel`. A plain function runs in a thread of its own."""

    def __init__(
        self, function: Callable[..., Any], spec: str, settings: ModelSettings | None = None
    ) -> None:
        self.spec = spec
        self._function = function
        self._defaults = (settings or ModelSettings()).options
        self._wants_options = _wants_options(function)

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Call the function. Raises FatalError when it raises, MalformedError when it returns no text."""
        arguments: list[Any] = [messages]
        if self._wants_options:
            arguments.append(merge_options(self._defaults, options))
        started = time.perf_counter()
        try:
            if inspect.iscoroutinefunction(self._function):
                said = await self._function(*arguments)
            else:
                said = await _in_own_thread(self._function, arguments)
                if inspect.isawaitable(said):
                    said = await said
        except ModelError:
            raise
        except Exception as problem:
            raise FatalError(
                f"{self.spec} raised {type(problem).__name__}: {problem}",
                mend="mend the function; it is called with the messages",
            ) from problem
        latency = time.perf_counter() - started
        if isinstance(said, Reply):
            return said
        if not isinstance(said, str):
            raise MalformedError(
                f"{self.spec} returned {type(said).__name__} instead of text", mend="return a str"
            )
        text, reasoning = split_reasoning(said)
        return Reply(text=text, reasoning=reasoning, latency_s=latency, model=self.spec)

    async def close(self) -> None:
        """Nothing is held."""


async def _in_own_thread(function: Callable[..., Any], arguments: list[Any]) -> Any:
    # Not asyncio.to_thread: its few threads would limit how many dialogues go on at once, and a function
    # that never returns would keep the process from ending.
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(said: Any, problem: BaseException | None) -> None:
        if done.cancelled():
            return
        if problem is None:
            done.set_result(said)
        else:
            done.set_exception(problem)

    def work() -> None:
        said: Any = None
        problem: BaseException | None = None
        try:
            said = function(*arguments)
        except StopIteration as failure:  # a future cannot carry it
            problem = RuntimeError(f"StopIteration: {failure}")
        except BaseException as failure:
            problem = failure
        if not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # closed in this very moment
                loop.call_soon_threadsafe(settle, said, problem)

    threading.Thread(target=work, name=f"{getattr(function, '__name__', 'function')}", daemon=True).start()
    return await done


def open_model(name: str, settings: ModelSettings) -> ChatModel:
    """Import `module:object` (the working directory counts) and make a model of it.

    Raises:
        ConfigError: not of that form, not importable, no such object, or not callable.
    """
    spec = f"python:{name}"
    module_name, colon, path = name.partition(":")
    if not colon or not module_name or not path:
        raise ConfigError(
            f"{spec!r} does not name an object in a module", mend="write `python:module:object`"
        )
    found = _import(spec, module_name)
    for part in path.split("."):
        if not hasattr(found, part):
            public = [word for word in dir(found) if not word.startswith("_")]
            raise ConfigError(
                f"{module_name} has no {path!r}", where=spec, mend=f"it has: {', '.join(public[:12])}"
            )
        found = getattr(found, part)
    if _makes_model(found):
        try:
            found = found()
        except Exception as problem:
            raise ConfigError(
                f"calling {path!r} to make a model raised {type(problem).__name__}: {problem}", where=spec
            ) from problem
    if isinstance(found, ChatModel):
        return found
    if not callable(found):
        raise ConfigError(f"{path!r} is a {type(found).__name__}, not a function or a model", where=spec)
    return FunctionModel(found, spec, settings)


def _import(spec: str, module_name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(module_name)
    except Exception as problem:
        raise ConfigError(
            f"the module {module_name!r} cannot be imported: {type(problem).__name__}: {problem}",
            where=spec,
            mend="run the command in the folder of the module, or install it",
        ) from problem


def _makes_model(found: Any) -> bool:
    return inspect.isclass(found) or (
        callable(found) and not isinstance(found, ChatModel) and not _positional(found)
    )


def _positional(function: Callable[..., Any]) -> list[inspect.Parameter]:
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return [
        parameter for parameter in inspect.signature(function).parameters.values() if parameter.kind in kinds
    ]


def _wants_options(function: Callable[..., Any]) -> bool:
    parameters = _positional(function)[1:2]
    return any(
        second.kind is not inspect.Parameter.VAR_POSITIONAL
        and (second.name == "options" or second.default is inspect.Parameter.empty)
        for second in parameters
    )
