"""The most that a run may spend."""

from __future__ import annotations

from collections.abc import Mapping

from dialogue_sim.models.base import Usage
from dialogue_sim.models.errors import BudgetError
from dialogue_sim.models.settings import Price


class Budget:
    """A run's budget, in tokens, in money, or both; without either it only counts.

    What calls in flight will probably use (the mean of those before) is set aside, so that many
    calls at once do not overrun the budget.

    Args:
        tokens: most tokens, prompt and completion together.
        money: most money, in the currency of `prices`.
        prices: what each model costs, by its spec; a model without a price counts as free.
    """

    def __init__(
        self, tokens: int | None = None, money: float | None = None, prices: Mapping[str, Price] | None = None
    ) -> None:
        self.tokens, self.money = tokens, money
        self.spent_tokens, self.spent_money = 0, 0.0
        self._prices = dict(prices or {})
        self._calls = 0
        self._in_flight = 0

    def reserve(self) -> None:
        """Announce a call; `charge` or `release` must follow.

        Raises:
            BudgetError: the budget does not reach for it. Nothing is announced then.
        """
        expected = 1 + ((self._in_flight + 1) / self._calls if self._calls else 0.0)
        if self.tokens is not None and _spent(self.spent_tokens, expected, self.tokens):
            raise BudgetError(
                f"the budget of {self.tokens:,} tokens is spent ({self.spent_tokens:,} used)",
                mend="raise --budget and run again",
            )
        if self.money is not None and _spent(self.spent_money, expected, self.money):
            raise BudgetError(
                f"the budget of {self.money:g} is spent ({self.spent_money:.4f} used)",
                mend="raise --budget and run again",
            )
        self._in_flight += 1

    def release(self) -> None:
        """Take back an announced call that failed."""
        self._in_flight -= 1

    def charge(self, spec: str, usage: Usage) -> None:
        """Book an announced call that succeeded."""
        self._in_flight -= 1
        self.book(spec, usage, 1)

    def book(self, spec: str, usage: Usage, calls: int) -> None:
        """Book calls that were made before (those of earlier sessions of the run)."""
        self._calls += calls
        self.spent_tokens += usage.prompt + usage.completion
        if price := self._prices.get(spec):
            self.spent_money += cost(usage, price)


def _spent(used: float, expected: float, most: float) -> bool:
    return used >= most or used * expected > most


def cost(usage: Usage, price: Price) -> float:
    """What a usage costs. Cached prompt tokens have a price of their own where one is given."""
    cached_price = price.prompt if price.cached is None else price.cached
    fresh = usage.prompt - usage.cached
    return (
        fresh * price.prompt + usage.cached * cached_price + usage.completion * price.completion
    ) / 1_000_000
