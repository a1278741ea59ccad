"""A person is the doctor: the same loop and judge as any run, and nothing of the case before the end."""

from __future__ import annotations

import asyncio
import re

import pytest

from dialogue_sim.cases import load_cases
from dialogue_sim.roles.closing import ClosingForm
from dialogue_sim.web.chats import Chats
from tests.web.conftest import CASES, begin, conclude, served, tell, text_of

LEAKY = ["en-chest-tightness-driver", "zh-chest-tightness-driver", "en-infant-fever", "zh-breathless-after-flight",
         "en-sudden-headache-publican", "zh-bruises-new-antibiotic"]  # fmt: skip
WORDS = {"en": ("When did it start?", "ECG"), "zh": ("什么时候开始的？", "心电图")}


def test_from_the_first_word_to_the_scorecard(client):
    page = begin(client)
    assert load_cases([CASES[0]])[0].patient.opening in text_of(page.text)
    page = tell(client, page, "When did it start?")
    assert "29 turns left" in page.text
    page = tell(client, page, "ECG", "order")
    assert "ST elevation" in page.text
    page = tell(client, page, "Goodbye.", "end")
    assert "Hand in and score" in page.text
    refused = conclude(client, page, diagnosis=" ")
    assert "name a diagnosis" in refused.text
    assert "Hand in and score" in conclude(client, page, differential="\n".join("abcdef")).text
    page = conclude(client, page)
    assert "Scorecard" in page.text
    assert "Acute coronary syndrome" in page.text
    assert "not met" in page.text
    listing = client.get("/chat").text
    assert str(page.url.path) in listing
    assert "scored" in listing


def test_a_turn_sent_twice_is_said_once_and_an_empty_one_not_at_all(client):
    page = begin(client)
    once = tell(client, page, "Any fever?")
    twice = tell(client, page, "Any fever?")
    assert once.text.count("Any fever?") == twice.text.count("Any fever?") == 1
    assert "write something" in tell(client, twice, "  ").text


@pytest.mark.parametrize("case_id", LEAKY)
def test_nothing_of_the_case_reaches_the_browser_before_the_end(home, tmp_path, case_id):
    case = load_cases([case_id])[0]
    question, test = WORDS[case.language]
    pages = []
    with served(home, tmp_path / "store", rooms="chat", cases=[case_id]) as client:
        pages.append(client.get("/chat"))
        page = begin(client, case_id)
        pages.append(page)
        for text, intent in ((question, "say"), (test, "order"), ("?", "end")):
            page = tell(client, page, text, intent)
            pages.append(page)
        pages += [client.get(path) for path in ("/", "/runs", "/annotate", "/static/chat.js", "/chat/nobody")]
    seen = "\n".join(text_of(page.text) + str(page.headers) for page in pages)
    said = "\n".join(
        re.findall(r'<div class="said" dir="auto">(.*?)</div>', text_of(pages[4].text), re.DOTALL)
    )
    open_to_all = said + case.title
    for hidden in _hidden(case):
        if hidden not in open_to_all:
            assert hidden not in seen, hidden
    unsaid = [fact for fact in case.patient.facts if fact.say not in said]
    assert len(unsaid) > len(case.patient.facts) / 2


def _hidden(case):
    judge = case.judge
    names = [judge.diagnosis.primary, *judge.diagnosis.synonyms, *judge.diagnosis.parent]
    for entry in (*judge.differential, *judge.tests.must, *judge.tests.acceptable, *judge.tests.needless):
        names += entry.names
    names += [part.label for part in (*judge.red_flags, *judge.contraindications)]
    names += [action.action for action in judge.plan]
    names += [text for fact in case.patient.facts for text in (fact.say, fact.record, fact.id)]
    names += [cue.line for cue in case.patient.cues]
    names += [finding.result for finding in (*case.examiner.examinations, *case.examiner.tests)]
    names += [case.patient.ideas, case.patient.concerns, case.patient.expectations, case.canary]
    # Shorter ones stand inside other words.
    return [
        name
        for name in names
        if (len(name) > (3 if case.language == "en" else 1) and not name.isascii()) or len(name) > 6
    ]


def test_one_visitor_does_not_see_anothers_chats(client):
    mine = begin(client)
    client.cookies.clear()
    assert mine.url.path not in client.get("/chat").text


async def test_many_at_once_each_get_their_own_patient(tmp_path):
    from dialogue_sim.models.journal import Journal
    from dialogue_sim.runs.config import config_from_flags

    journal = Journal(tmp_path)
    chats = Chats(config_from_flags({"doctor": {"model": "human"}}), load_cases(CASES), journal)
    chats.MOST_LIVE = 3  # so that most are put away and come back
    ids = [(await chats.begin(CASES[n % 2], visitor=f"v{n}")).record.id for n in range(8)]

    async def student(n: int) -> None:
        form = ClosingForm(diagnosis="x", differential=[], tests=[], plan=[])
        said = [f"Question {n}?", "Any fever?", f"So long, {n}. [END OF CONSULTATION]"]
        while True:
            chat = await chats.chat(ids[n])
            await chat.settled(10)
            place = len(chat.record.written)
            if chat.state == "turn":
                await chat.write(said[place], place)
            elif chat.state == "closing":
                await chat.conclude(form, place)
            elif chat.state == "done":
                break
        heard = [turn.text for turn in chat.turns if turn.speaker == "doctor"]
        assert heard == [f"Question {n}?", "Any fever?", f"So long, {n}."]
        assert chat.judgement

    await asyncio.wait_for(asyncio.gather(*(student(n) for n in range(8))), 60)
    await chats.close()
    journal.close()
