"""What patients think, fear and hope is told when it is asked for in plain words, whatever else a case holds."""

import pytest

from dialogue_sim.cases import load_cases, patient_view
from dialogue_sim.roles.patient.answering import selector_of
from dialogue_sim.roles.patient.questions import take_apart
from dialogue_sim.roles.patient.understanding import Known

ASKED = {
    "en": {
        "What do you yourself think might be causing this?": "ideas",
        "Have you had any thoughts about what's behind it?": "ideas",
        "What worries you most about it?": "concerns",
        "What's your biggest fear about this?": "concerns",
        "What were you hoping we could do for you today?": "expectations",
        "How were you hoping I might help?": "expectations",
    },
    "zh": {
        "您自己觉得是什么原因引起的？": "ideas",
        "您心里琢磨过是什么病吗？": "ideas",
        "您最担心什么？": "concerns",
        "有没有什么特别害怕的？": "concerns",
        "您希望我们今天怎么帮您？": "expectations",
        "您这次来想解决什么问题？": "expectations",
    },
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hardly_any_patient_misses_a_plain_question_for_their_view(language: str) -> None:
    asked = missed = 0
    for case in load_cases(language=language):
        selector = selector_of(patient_view(case))
        for question, wanted in ASKED[language].items():
            asked += 1
            missed += wanted not in selector.read(take_apart(question, language), Known()).views
    assert asked == 180
    assert missed <= 0.03 * asked
