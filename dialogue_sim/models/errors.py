"""How a model call can fail.

    ModelError
    ├─ TransientError        connection lost, timeout, 5xx, an empty or broken reply: try again
    ├─ RateLimitedError      429: wait as told, then try again
    ├─ ContextOverflowError  the messages do not fit the model's context
    ├─ RefusedError          the provider's filter withheld the reply
    ├─ MalformedError        a reply came, but not in the form that was asked for
    ├─ FatalError            wrong key, unknown model, bad request: trying again cannot help
    └─ BudgetError           the run's budget is spent

A failure is a value: callers record its `kind`, count it, and retry it on the next run. None of
them ever becomes a score.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Kind = Literal["transient", "rate_limited", "context_overflow", "refused", "malformed", "fatal", "budget"]


class ModelError(Exception):
    """A model call that brought no usable reply.

    Attributes:
        kind: the branch of the tree, as it is written into failure counts.
        mend: what the user can do about it; may be empty.
    """

    kind: ClassVar[Kind] = "fatal"

    def __init__(self, message: str, *, mend: str = "") -> None:
        self.mend = mend
        super().__init__(message)


class TransientError(ModelError):
    """Connection lost, timeout, server error, empty or broken reply."""

    kind = "transient"


class RateLimitedError(ModelError):
    """HTTP 429. `retry_after` is the server's wish in seconds, None where it gave none."""

    kind = "rate_limited"

    def __init__(self, message: str, *, retry_after: float | None = None, mend: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(message, mend=mend)


class ContextOverflowError(ModelError):
    """The messages do not fit the model's context window."""

    kind = "context_overflow"


class RefusedError(ModelError):
    """The provider's content filter withheld the reply."""

    kind = "refused"


class MalformedError(ModelError):
    """A reply that is not in the form that was asked for, also after it was asked again."""

    kind = "malformed"

    def __init__(self, message: str, *, reply: str = "", mend: str = "") -> None:
        self.reply = reply
        super().__init__(message, mend=mend)


class FatalError(ModelError):
    """Wrong key, unknown model, refused connection at preflight, bad request."""

    kind = "fatal"


class BudgetError(ModelError):
    """The run's budget is spent; no further call is made."""

    kind = "budget"
