"""How well a question's own words fit each fact of one patient: its `ask` phrases and what it says."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from dialogue_sim.cases.views import PatientFact
from dialogue_sim.roles.patient.features import Reading
from dialogue_sim.roles.text import fold

_SAID, _GROUP, _WHOLE, _CHARACTER = 0.6, 0.5, 0.5, 0.35


class Matching:
    """The facts of one patient by their telling words.

    A word counts by how few facts share it; one that a fact only says counts less than one it is asked
    by, and an `ask` phrase that stands whole in the question counts half as much again.
    """

    def __init__(self, facts: Sequence[PatientFact], thesaurus: Reading) -> None:
        self._thesaurus = thesaurus
        self._asks: list[tuple[str, frozenset[str]]] = []
        self._holders: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for fact in facts:
            for feature in thesaurus.content(fold(fact.say)):
                self._holders[feature][fact.id] = _SAID
            for ask in fact.ask:
                content = frozenset(thesaurus.content(fold(ask)))
                self._asks.append((fact.id, content))
                for feature in content:
                    self._holders[feature][fact.id] = 1.0
        self._number = len(facts)

    def fits(self, folded: str) -> dict[str, float]:
        """How well a folded question fits each fact; about 2 for one word that no other fact has."""
        wanted = self._thesaurus.content(folded)
        found: defaultdict[str, float] = defaultdict(float)
        for feature in wanted:
            for fact_id, share in self._holders.get(feature, {}).items():
                found[fact_id] += share * self._weight(feature)
        whole: dict[str, float] = {}
        for fact_id, content in self._asks:
            if content and content <= wanted:
                whole[fact_id] = max(
                    whole.get(fact_id, 0.0), sum(self._weight(feature) for feature in content)
                )
        for fact_id, weight in whole.items():
            found[fact_id] += _WHOLE * weight
        return dict(found)

    def _weight(self, feature: str) -> float:
        held = len(self._holders.get(feature, ()))
        rare = math.log((self._number + 1) / (held + 0.5)) if held else 0.0
        if len(feature) == 1 and not feature.isascii():
            return rare * _CHARACTER
        return rare * (_GROUP if feature.startswith("=") else 1.0)
