"""Items that are counted, not judged: from the patient's selection trace, the examiner's findings and the texts.

The registry names every program a rubric may ask for.
"""

from __future__ import annotations

from collections.abc import Mapping

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.counted import Counted, Rule, TextRule
from dialogue_sim.judging.programs import flow, history, prudence
from dialogue_sim.judging.reading import Reading

TEXT_ONLY: Mapping[str, TextRule] = {
    "open_start": flow.open_start,
    "one_question": flow.one_question,
    "fresh_questions": flow.fresh_questions,
    "turn_length": flow.turn_length,
    "grounded": prudence.grounded,
}
"""Programs that need neither a case nor a trace."""

WITH_CASE: Mapping[str, Rule] = {
    "plain_words": flow.plain_words,
    "test_f1": prudence.test_f1,
    "yield_per_turn": history.yield_per_turn,
    "drug_safety": prudence.drug_safety,
}
"""Programs that need the case."""

WITH_TRACE: Mapping[str, Rule] = {
    "key_fact_coverage": history.key_fact_coverage,
    "red_flags": history.red_flags,
    "main_complaint": history.main_complaint,
    "past_history": history.past_history,
    "drugs_and_allergies": history.drugs_and_allergies,
    "personal_and_family": history.personal_and_family,
    "relevant_negatives": history.relevant_negatives,
    "earlier_care": history.earlier_care,
    "general_condition": history.general_condition,
    "cues_followed": history.cues_followed,
    "patient_view": history.patient_view,
    "impact": history.impact,
}
"""Programs that need the case and the trace of our own patient."""

PROGRAMS: tuple[str, ...] = (*TEXT_ONLY, *WITH_CASE, *WITH_TRACE)


def count(name: str, reading: Reading, case: Case | None) -> Counted | None:
    """Run a program; None when this transcript does not hold what it needs.

    Raises:
        KeyError: no such program.
    """
    if name in TEXT_ONLY:
        return TEXT_ONLY[name](reading)
    if name in WITH_CASE:
        return WITH_CASE[name](reading, case) if case else None
    rule = WITH_TRACE[name]
    return rule(reading, case) if case and reading.traced else None
