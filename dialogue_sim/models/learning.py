"""What a server takes, learned from what it refuses with 429.

A server can limit two things, and each shows in its own way:
- how many requests it works on at once (`InFlight`): it refuses at numbers at which none succeeded lately;
- how many it takes in a time (`Pace`): it refuses at numbers in flight that it took before.

Between two refusals of a server that fills a bucket at R requests a second and refuses when it is
empty, exactly R a second were taken. So the pace is set to what was taken, and rises slowly until a
small share is refused again. At a pace that it took before, such a server refuses no more than the
growth since then explains. Refusals beyond that are not our doing (a server shared with others has
such); where they add up, the pace no longer follows them.
"""

from __future__ import annotations

import math

_FIRST = 200.0  # requests a second; at once would be a burst of which a slow server refuses most
_OPENS = 4.0  # growth a second while nothing was refused
_MOST = 1e6
_LEAST = 0.2
_TOLERATED, _MOST_TOLERATED = 0.02, 0.3
_SHORTEST_S, _LONGEST_S = 1.0, 10.0  # over which the share of refusals is taken
_TELLING, _SURELY_TELLING = 2, 8  # refusals
_LEAST_AT_FIRST = 5.0  # a refusal says little of the rate when hardly anything was sent
_FOUND, _SEARCHING, _FASTEST, _DOUBLES_S = 0.005, 0.5, 2.0, 5.0  # growth a second
_STALL_S = 0.05  # of waiting that was our own doing (modules that are loaded), and teaches nothing
_PAUSE_S = 1.0  # without growth after a refusal
_SHARE = 0.05  # of a second's worth that may go out at once
_UNEXPLAINED, _MARGIN = 5.0, 1.5  # refusals, and how much more than the growth explains is laid to it
_STEADY_S, _SURE = 2.0, 0.8  # what was taken over a time is taken again, to this share
_LATELY_S = 30.0
_DOUBTS = 2  # refusals at a number in flight before it counts as too many


class Pace:
    """Requests a second. All times are in seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self.rate = _FIRST
        self._level, self._at = 1.0, math.nan
        self._began = self._since = self._lowered = self._refused_at = math.nan
        self._sent = self._refused = 0
        self._lately = 0.0  # requests sent, each fading with a second
        self._growth = _SEARCHING
        self._tolerated, self._telling, self._before = _TOLERATED, _TELLING, _FIRST
        self._base, self._expected, self._unexplained = _FIRST, 0.0, 0.0
        self._best, self._best_at = 0.0, 0.0

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
        self._expected += max(0.0, 1 - max(self._base, _SURE * self._best) / self.rate)
        self._lately += 1

    def refused(self, sent: float, now: float) -> bool:
        """Learn that a request sent at that time was refused; whether slowing down was found to be in vain."""
        self._refused_at = now
        if self._unhindered:
            self._before = self.rate
            self._lower(max(_LEAST_AT_FIRST, self._sent / (now - self._began + 1)), now)
            self._lately = self.rate
            return False
        if sent <= self._since:
            return False  # sent before the pace fell, and known for that
        self._refused += 1
        seconds, share = now - self._since, self._refused / self._sent
        if seconds < _SHORTEST_S or self._refused < self._telling:
            return False
        if share <= self._tolerated:
            if seconds > _LONGEST_S:
                self._count_anew(now)
            return False
        if self._in_vain(share):
            self._tolerated, self._telling = min(_MOST_TOLERATED, 2 * share), _SURELY_TELLING
            self._unexplained, self._growth = 0.0, _SEARCHING
            self._lower(self._before, now)
            return True
        taken = (self._sent - self._refused) / seconds
        if seconds > _STEADY_S and (taken >= self._best or now - self._best_at > _LATELY_S):
            self._best, self._best_at = taken, now
        self._growth = _FOUND
        self._lower(max(taken, self._base / 2), now)
        return False

    def _in_vain(self, share: float) -> bool:
        """Whether refusals come at whatever pace, and slowing down has not made them fewer."""
        if not self._unexplained:
            self._before = self.rate
        unexplained = min(_TELLING, self._refused - _MARGIN * self._expected)
        self._unexplained = max(0.0, self._unexplained + unexplained)
        if share > 0.5 and self._refused >= _SURELY_TELLING:  # the server takes far less than before
            self._unexplained = 0.0
        return self._unexplained >= _UNEXPLAINED

    def _lower(self, rate: float, now: float) -> None:
        self.rate = self._base = max(_LEAST, rate)
        self._lowered = now
        self._count_anew(now)

    def _count_anew(self, now: float) -> None:
        self._since, self._sent, self._refused, self._expected = now, 0, 0, 0.0


class InFlight:
    """How many requests may be in flight, at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.allowed = most
        self._taken, self._taken_before, self._turned = 0, 0, 0.0
        self._successes, self._probe_after, self._doubted = 0, 8, 0

    def succeeded(self, among: int, now: float) -> None:
        """Learn that a request was taken that made so many in flight."""
        if now - self._turned > _LATELY_S:
            self._taken_before, self._taken, self._turned = self._taken, 0, now
        self._taken = max(self._taken, among)
        if among >= self.allowed:
            self._doubted = 0
        self._successes += 1
        if self._successes >= max(self._probe_after, 2 * self.allowed):
            self._successes = 0
            self.allowed = min(self._most, self.allowed + 1)

    def refused(self, among: int) -> bool:
        """Learn that a request was refused that made so many in flight; whether that was one too many."""
        if among <= max(self._taken, self._taken_before):
            return False
        self._doubted += 1
        if among <= self.allowed and self._doubted >= _DOUBTS:
            self.allowed = max(1, among - 1)
            self._successes, self._probe_after = 0, min(128, 2 * self._probe_after)
        return True

    def forget(self) -> None:
        """Learn that what was taken lately says nothing of what will be."""
        self._taken = self._taken_before = 0
