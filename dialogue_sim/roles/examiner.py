"""The examiner: answers requests for examinations and tests from the case, and nothing else. No model."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from dialogue_sim.cases.model import Finding
from dialogue_sim.cases.views import ExaminerView
from dialogue_sim.roles.patterns import within
from dialogue_sim.roles.requests import kinds_of, named, ordered_clauses, texts, vital_names, wants_everything
from dialogue_sim.roles.text import MAX_HEARD, fold
from dialogue_sim.transcript import FindingGiven


@dataclass(frozen=True)
class _Alias:
    finding: Finding
    folded: str
    kinds: frozenset[str]


class Examiner:
    """Answers what a doctor orders. What is not on record is not available, which is not normal."""

    def __init__(self, view: ExaminerView) -> None:
        self._view = view
        self._texts = texts(view.language)
        self._aliases = [
            _Alias(
                finding,
                "".join(fold(name).split()) if view.language == "zh" else fold(name),
                kinds_of(name, view.language),
            )
            for finding in (*view.examinations, *view.tests)
            for name in finding.names
        ]

    def answer(self, doctor: str) -> list[FindingGiven]:
        """The findings that a doctor's turn asks for; empty when it asks for none."""
        language, given = self._view.language, list[FindingGiven]()
        doctor = doctor[:MAX_HEARD]
        everything = False
        known = [alias.folded for alias in self._aliases]
        for clause in ordered_clauses(doctor, language, known):
            everything = everything or wants_everything(clause, language)
            for found in self._in_clause(clause, unicodedata.normalize("NFKC", doctor)):
                if all((g.finding, g.text) != (found.finding, found.text) for g in given):
                    given.append(found)
        if not given and everything:
            return [
                FindingGiven(request=doctor.strip()[:80], status="unspecific", text=self._texts["unspecific"])
            ]
        return given

    def _in_clause(self, clause: str, doctor: str) -> list[FindingGiven]:
        """Findings named in one clause, in its order."""
        language = self._view.language
        spots: list[tuple[int, int, list[FindingGiven]]] = []
        for alias in self._aliases:
            if within(alias.folded, clause, language):
                start = clause.find(alias.folded)
                spots.append((start, start + len(alias.folded), [self._finding(alias.folded, alias.finding)]))
        spots = [
            spot for spot in spots
            if not any(o[0] <= spot[0] and spot[1] <= o[1] and o[1] - o[0] > spot[1] - spot[0] for o in spots)
        ]  # fmt: skip
        for name in named(clause, language):
            end = name.start + len(name.words)
            if not any(start < end and name.start < stop for start, stop, _ in spots):
                spots.append((name.start, end, self._by_kind(_as_written(name.words, doctor), name.kinds)))
        spots.sort(key=lambda spot: spot[0])
        return [given for _, _, found in spots for given in found]

    def _by_kind(self, words: str, kinds: frozenset[str]) -> list[FindingGiven]:
        """What the record holds of a kind of examination or test that the case calls by another name."""
        if "vital_signs" in kinds:
            found = [
                self._vital(field, words) for field in vital_names(self._view.language) if self._value(field)
            ]
            if found:
                return found
        vitals = [self._vital(kind, words) for kind in sorted(kinds) if self._value(kind)]
        if vitals:
            return vitals
        matching = dict.fromkeys(
            alias.finding.id for alias in self._aliases if alias.kinds & kinds
        )  # fmt: skip
        by_id = {alias.finding.id: alias.finding for alias in self._aliases}
        if matching:
            return [self._finding(words, by_id[finding]) for finding in matching]
        if self._view.default == "normal":
            text = self._texts["default_normal"].format(name=_title(words))
            return [FindingGiven(request=words, status="default_normal", text=text)]
        text = self._texts["not_available"].format(name=_title(words))
        return [FindingGiven(request=words, status="not_available", text=text)]

    def _value(self, kind: str) -> str:
        return str(getattr(self._view.vitals, kind, "")) if kind in vital_names(self._view.language) else ""

    def _vital(self, kind: str, words: str) -> FindingGiven:
        text = self._texts["vital"].format(
            name=_title(vital_names(self._view.language)[kind]), value=self._value(kind)
        )
        return FindingGiven(request=words, finding=f"vitals.{kind}", status="unstated", text=text)

    def _finding(self, words: str, finding: Finding) -> FindingGiven:
        text = self._texts["finding"].format(name=_title(finding.names[0]), result=finding.result)
        return FindingGiven(request=words, finding=finding.id, status=finding.status, text=text)


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _as_written(words: str, doctor: str) -> str:
    """Folded words as the doctor wrote them."""
    start = doctor.casefold().find(words)
    return doctor[start : start + len(words)] if start >= 0 else words
