"""What a run tells while it goes on. Reports and the command line listen; nobody need."""

from __future__ import annotations

from typing import Protocol

from dialogue_sim.models.base import Usage
from dialogue_sim.transcript import Failure, Transcript, Turn


class Progress(Protocol):
    """Someone who listens to a run."""

    def planned(self, dialogues: int, finished: int, judged: int) -> None:
        """The run begins: dialogues in all, and how many were finished and judged before."""
        ...

    def turn(self, dialogue: str, turn: Turn) -> None:
        """A turn was spoken."""
        ...

    def simulated(self, transcript: Transcript) -> None:
        """A dialogue ended."""
        ...

    def judged(self, dialogue: str, score: float) -> None:
        """A dialogue was judged; its score, 0–100."""
        ...

    def failed(self, dialogue: str, failure: Failure) -> None:
        """A dialogue could not be finished or judged in this run."""
        ...

    def used(self, usage: Usage) -> None:
        """Tokens of newly made calls."""
        ...


class Silent:
    """Listens to nothing."""

    def planned(self, dialogues: int, finished: int, judged: int) -> None: ...
    def turn(self, dialogue: str, turn: Turn) -> None: ...
    def simulated(self, transcript: Transcript) -> None: ...
    def judged(self, dialogue: str, score: float) -> None: ...
    def failed(self, dialogue: str, failure: Failure) -> None: ...
    def used(self, usage: Usage) -> None: ...
