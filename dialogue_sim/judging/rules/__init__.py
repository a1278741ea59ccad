"""The rules by which the lexicon judge answers an item without a model.

They read word lists and the case's own phrases. They check plumbing, not judgement: a rule sees
that words of empathy stand where they are due, not whether they comfort.
"""

from __future__ import annotations

from collections.abc import Mapping

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.counted import Counted, Rule, TextRule
from dialogue_sim.judging.programs import flow, prudence
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.rules import conclusion, gravity, inquiry, manner, response

TEXT_RULES: Mapping[str, TextRule] = {
    "greeting": manner.greeting,
    "open_start": flow.open_start,
    "neutral_questions": manner.neutral_questions,
    "summary": manner.summary,
    "reasons": manner.reasons,
    "understanding": manner.understanding,
    "shared_decision": manner.shared_decision,
    "closing": manner.closing,
    "respect": manner.respect,
    "safety_net": conclusion.safety_net,
    "uncertainty": conclusion.uncertainty,
    "grounded": prudence.grounded,
    "main_complaint": inquiry.main_complaint,
    "past_history": inquiry.past_history,
    "drugs_and_allergies": inquiry.drugs_and_allergies,
    "personal_and_family": inquiry.personal_and_family,
    "earlier_care": inquiry.earlier_care,
    "general_condition": inquiry.general_condition,
    "patient_view": inquiry.patient_view,
    "impact": inquiry.impact,
    "abuse": gravity.abuse,
    "fabrication": gravity.fabrication,
}
"""Rules that need the transcript alone."""

CASE_RULES: Mapping[str, Rule] = {
    "plain_words": flow.plain_words,
    "key_fact_coverage": inquiry.key_fact_coverage,
    "red_flags": inquiry.red_flags,
    "relevant_negatives": inquiry.relevant_negatives,
    "cues_followed": inquiry.cues_followed,
    "empathy": response.empathy,
    "questions_answered": response.questions_answered,
    "urgency": conclusion.urgency,
    "drug_safety": conclusion.drug_safety,
    "in_person": conclusion.in_person,
    "diagnosis": conclusion.diagnosis,
    "differential": conclusion.differential,
    "test_f1": prudence.test_f1,
    "plan": conclusion.plan,
    "evidence": conclusion.evidence,
    "harm": gravity.harm,
    "missed_emergency": gravity.missed_emergency,
}
"""Rules that need the case as well."""

RULES: tuple[str, ...] = (*TEXT_RULES, *CASE_RULES)


def answer(name: str, reading: Reading, case: Case | None) -> Counted | None:
    """Answer by a rule; None when there is no case and the rule needs one.

    Raises:
        KeyError: no such rule.
    """
    if name in TEXT_RULES:
        return TEXT_RULES[name](reading)
    rule = CASE_RULES[name]
    if case is not None:
        return rule(reading, case)
    return manner.plain_words(reading) if name == "plain_words" else None
