"""Live progress: bars on a terminal, plain lines in a pipe or in CI, nothing when quiet. Always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from dialogue_sim.errors import told
from dialogue_sim.models.base import Usage
from dialogue_sim.reports.messages import Language, reader_language, say
from dialogue_sim.transcript import Failure, Transcript, Turn

_PLAIN_EVERY_S = 10.0


class LiveProgress:
    """Listens to a run and shows where it stands."""

    def __init__(self, bars: Progress | None, language: Language) -> None:
        self._bars, self._language = bars, language
        self._started = self._printed = time.monotonic()
        self._total = self._done = self._judged = self._failed = self._turns = self._tokens = 0
        self._task = bars.add_task("", total=None) if bars else None

    def planned(self, dialogues: int, finished: int, judged: int) -> None:
        self._total, self._done, self._judged = dialogues, finished, judged
        if finished:
            self._line(say("progress_resumed", self._language, finished=finished, judged=judged))
        self._refresh()

    def turn(self, dialogue: str, turn: Turn) -> None:
        self._turns += turn.speaker == "doctor"
        usage = turn.usage
        self._tokens += usage.prompt + usage.completion
        self._refresh()

    def simulated(self, transcript: Transcript) -> None:
        self._done += 1
        self._refresh()

    def judged(self, dialogue: str, score: float) -> None:
        self._judged += 1
        self._line(f"{dialogue}  {score:.1f}")
        self._refresh()

    def failed(self, dialogue: str, failure: Failure) -> None:
        self._failed += 1
        failed, why = say("progress_failed", self._language), told(failure.message, self._language)
        self._line(f"{dialogue}  {failed}: {failure.kind}: {why}")
        self._refresh()

    def used(self, usage: Usage) -> None:
        self._tokens += usage.prompt + usage.completion

    def stopping(self) -> None:
        """Ctrl-C was pressed once."""
        self._line(say("stopping", self._language))

    def _line(self, text: str) -> None:
        if self._bars:
            self._bars.console.print(text, highlight=False, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def _refresh(self) -> None:
        if self._bars and self._task is not None:
            self._bars.update(
                self._task, completed=self._done, total=self._total or None, description=self._status()
            )
        elif time.monotonic() - self._printed > _PLAIN_EVERY_S:
            # A pipe gets a line now and then instead of a redrawn bar.
            self._printed = time.monotonic()
            self._line(
                f"{self._done}/{self._total} {say('progress_dialogues', self._language)}, {self._status()}"
            )

    def _status(self) -> str:
        words = [
            f"{say('progress_judged', self._language)} {self._judged}",
            f"{self._turns} {say('progress_turns', self._language)}",
            f"{self._tokens:,} {say('tokens', self._language)}",
        ]
        if self._failed:
            words.append(f"{say('progress_failed', self._language)} {self._failed}")
        return "  ".join(words)


class QuietProgress(LiveProgress):
    """Shows nothing."""

    def __init__(self) -> None:
        super().__init__(None, "en")

    def _line(self, text: str) -> None: ...


@contextmanager
def live_progress(*, quiet: bool = False) -> Iterator[LiveProgress]:
    """A listener for a run that fits the place it is shown in."""
    language = reader_language()
    console = Console(stderr=True)
    if quiet:
        yield QuietProgress()
    elif not console.is_terminal:
        yield LiveProgress(None, language)
    else:
        columns = (BarColumn(24), MofNCompleteColumn(), TextColumn(say("progress_dialogues", language)),
                   TextColumn("{task.description}"), TimeRemainingColumn())  # fmt: skip
        with Progress(*columns, console=console, transient=True) as bars:
            yield LiveProgress(bars, language)


DownloadListener = Callable[[str, int, int], None]


@contextmanager
def download_progress() -> Iterator[DownloadListener]:
    """A listener for a download: (what is being done, bytes so far, bytes in all)."""
    console = Console(stderr=True)
    if not console.is_terminal:
        seen: set[str] = set()

        def tell(what: str, done: int, total: int) -> None:
            if what not in seen:
                seen.add(what)
                print(f"{what} ({total / 1e6:,.0f} MB)" if total else what, file=sys.stderr, flush=True)

        yield tell
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(24),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("", total=None)
        yield lambda what, done, total: bars.update(
            task, description=what, completed=done, total=total or None
        )
