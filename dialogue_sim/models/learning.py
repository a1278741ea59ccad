"""What a server takes, learned from what it refuses with 429.

A server can limit two things, and each shows in its own way:
- how many requests it works on at once (`InFlight`): it refuses at numbers at which none succeeded lately;
- how many it takes in a time (`Pace`): it refuses at numbers in flight that it took before.

Between two refusals of a server that fills a bucket at R requests a second and refuses when it is
empty, exactly R a second were taken. So the pace is set to what was taken, and rises slowly until a
small share is refused again. Where refusals do not become fewer at a lower pace they are not our doing
(a server shared with others has such), and the pace no longer follows them.
"""

from __future__ import annotations

import math

_FIRST = 200.0  # requests a second; at once would be a burst of which a slow server refuses most
_OPENS = 4.0  # growth a second while nothing was refused
_MOST = 1e6
_LEAST = 0.2
_TOLERATED, _MOST_TOLERATED = 0.02, 0.3
_SHORTEST_S, _LONGEST_S = 1.0, 10.0  # over which the share of refusals is taken
_TELLING = 2  # refusals
_FOUND, _SEARCHING, _FASTEST, _DOUBLES_S = 0.005, 0.5, 2.0, 5.0  # growth a second
_STALL_S = 0.05  # of waiting that was our own doing (modules that are loaded), and teaches nothing
_PAUSE_S = 1.0  # without growth after a refusal
_SHARE = 0.05  # of a second's worth that may go out at once
_VAIN_S, _VAIN = 3.0, 3
_LATELY_S = 30.0


class Pace:
    """Requests a second. All times are in seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self.rate = _FIRST
        self._level, self._at = 1.0, math.nan
        self._began = self._since = self._lowered = self._refused_at = math.nan
        self._sent = self._refused = 0
        self._lately = 0.0  # requests sent, each fading with a second
        self._growth = _SEARCHING
        self._tolerated, self._vain, self._before = _TOLERATED, 0, _FIRST

    @property
    def _unhindered(self) -> bool:
        return math.isnan(self._since)

    def wait_s(self, now: float) -> float:
        """Seconds until a request may be sent."""
        if math.isnan(self._at):
            self._at = self._began = now
        past, self._at = now - self._at, now
        self._lately *= math.exp(-past)
        if self._unhindered:
            self.rate = min(_MOST, self.rate * math.exp(_OPENS * min(past, _STALL_S)))
        # A pace far above what is sent limits nothing, and says nothing of the server.
        elif self.rate < 2 * max(1.0, self._lately) and not self._pausing(now):
            doublings = min(16.0, (now - self._lowered) / _DOUBLES_S)
            self.rate *= math.exp(min(_FASTEST, self._growth * 2**doublings) * past)
        self._level = min(max(1.0, _SHARE * self.rate), self._level + past * self.rate)
        return 0.0 if self._level >= 1 - 1e-9 else (1 - self._level) / self.rate

    def _pausing(self, now: float) -> bool:
        return now < self._refused_at + _PAUSE_S and self._refused > self._tolerated * self._sent

    def take(self) -> None:
        """Send a request."""
        self._level -= 1
        self._sent += 1
        self._lately += 1

    def refused(self, sent: float, now: float) -> bool:
        """Learn that a request sent at that time was refused; whether slowing down was found to be in vain."""
        self._refused_at = now
        if self._unhindered:
            self._before = self.rate
            self._lower(self._sent / (now - self._began + 1), now)
            self._lately = self.rate
            return False
        if sent <= self._since:
            return False  # sent before the pace fell, and known for that
        self._refused += 1
        seconds, share = now - self._since, self._refused / self._sent
        if seconds < _SHORTEST_S or self._refused < _TELLING:
            return False
        if share <= self._tolerated:
            if seconds > _LONGEST_S:
                self._count_anew(now)
            return False
        if now - self._lowered >= _VAIN_S or share > 0.5:
            self._vain, self._before = 0, self.rate
        else:
            self._vain += 1
        if self._vain < _VAIN:
            self._growth = _FOUND
            self._lower((self._sent - self._refused) / seconds, now)
            return False
        self._tolerated, self._vain, self._growth = min(_MOST_TOLERATED, 2 * share), 0, _SEARCHING
        self._lower(self._before, now)
        return True

    def _lower(self, rate: float, now: float) -> None:
        self.rate, self._lowered = max(_LEAST, rate), now
        self._count_anew(now)

    def _count_anew(self, now: float) -> None:
        self._since, self._sent, self._refused = now, 0, 0


class InFlight:
    """How many requests may be in flight, at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.allowed = most
        self._taken, self._taken_before, self._turned = 0, 0, 0.0
        self._successes, self._probe_after = 0, 8

    def succeeded(self, among: int, now: float) -> None:
        """Learn that a request was taken that made so many in flight."""
        if now - self._turned > _LATELY_S:
            self._taken_before, self._taken, self._turned = self._taken, 0, now
        self._taken = max(self._taken, among)
        self._successes += 1
        if self._successes >= max(self._probe_after, 2 * self.allowed):
            self._successes = 0
            self.allowed = min(self._most, self.allowed + 1)

    def refused(self, among: int) -> bool:
        """Learn that a request was refused that made so many in flight; whether that was one too many."""
        if among <= max(self._taken, self._taken_before):
            return False
        if among <= self.allowed:
            self.allowed = max(1, among - 1)
            self._successes, self._probe_after = 0, min(128, 2 * self._probe_after)
        return True

    def forget(self) -> None:
        """Learn that what was taken lately says nothing of what will be."""
        self._taken = self._taken_before = 0
