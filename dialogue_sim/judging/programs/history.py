"""What the doctor's own questions brought to light, counted from the patient's selection trace.

Credit needs a turn that asks something. Facts that the patient told unasked leave numerator and
denominator: to be told is no skill of inquiry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dialogue_sim.cases.model import Case, Cue, Fact
from dialogue_sim.judging.counted import Counted, cited, nothing
from dialogue_sim.judging.normalise import contains, grams, share
from dialogue_sim.judging.reading import Reading, Utterance

KEY_FACTS = 25
CREDITED_PER_TURN = 2
CRITICAL_WEIGHT, OTHER_WEIGHT = 2.0, 1.0
NEGATIVES_WANTED = 3
_TOLD = 0.5
FOLLOW_UP_TURNS = 2

_MAIN: Mapping[str, tuple[str, ...]] = {
    "onset": ("hpi.onset", "hpi.duration"),
    "site": ("hpi.site", "hpi.radiation"),
    "character": ("hpi.character",),
    "course": ("hpi.course", "hpi.frequency", "hpi.timing"),
    "severity": ("hpi.severity",),
    "modifiers": ("hpi.trigger", "hpi.aggravating", "hpi.relief"),
    "associated": ("hpi.associated", "ros."),
}
_PERSONAL: Mapping[str, tuple[str, ...]] = {
    "personal": ("social.", "history.birth", "history.vaccination", "history.development", "history.feeding"),
    "family": ("history.family",),
    "menstrual": ("gyn.",),
}
_GENERAL: Mapping[str, tuple[str, ...]] = {
    "appetite": ("general.appetite", "social.diet", "history.feeding"),
    "sleep": ("general.sleep",),
    "excretion": ("general.stool", "general.urine"),
    "weight": ("general.weight",),
}


def key_facts(case: Case) -> list[Fact]:
    """The facts that coverage counts, at most 25, chosen by the case alone.

    All critical facts in file order, then the others in file order. Facts of the opening are left
    out: nobody has to ask for them.
    """
    open_to = [fact for fact in case.patient.facts if fact.disclosure != "opening"]
    ordered = [fact for fact in open_to if fact.critical] + [fact for fact in open_to if not fact.critical]
    return ordered[:KEY_FACTS]


def elicited(reading: Reading) -> dict[str, Utterance]:
    """Fact id → the utterance whose question first brought it out."""
    found: dict[str, Utterance] = {}
    for utterance in reading.inquiries:
        for fact in utterance.selection.disclosed if utterance.selection else ():
            found.setdefault(fact, utterance)
    return found


def volunteered(reading: Reading) -> set[str]:
    """Facts that the patient told unasked before anybody asked for them."""
    told: set[str] = set()
    asked: set[str] = set()
    for turn in reading.transcript.of("patient"):
        if turn.selection:
            told |= {fact for fact in turn.selection.volunteered if fact not in asked}
            asked |= {*turn.selection.disclosed, *turn.selection.asked}
    return told


def asked_facts(reading: Reading) -> dict[str, Utterance]:
    """Fact id → the utterance that first asked for it, whether or not it was then told."""
    found: dict[str, Utterance] = {}
    for utterance in reading.inquiries:
        if utterance.selection:
            chosen = utterance.selection
            for fact in (*chosen.asked, *chosen.disclosed, *chosen.withheld, *chosen.repeated):
                found.setdefault(fact, utterance)
    return found


def asked_topics(reading: Reading, case: Case) -> dict[str, Utterance]:
    """Topic id → the utterance that first asked about it, on record or not."""
    topic_of = {fact.id: fact.topic for fact in case.patient.facts}
    found: dict[str, Utterance] = {}
    for utterance in reading.inquiries:
        if chosen := utterance.selection:
            facts = (*chosen.asked, *chosen.disclosed, *chosen.withheld, *chosen.repeated)
            for topic in (*chosen.topics, *chosen.unknown, *(topic_of[f] for f in facts if f in topic_of)):
                found.setdefault(topic, utterance)
    return found


def told_to_questions(reading: Reading, facts: Sequence[Fact]) -> dict[str, Utterance]:
    """Fact id → the first utterance whose question names the fact or is answered by it, read off the words.

    For transcripts without a trace.
    """
    found: dict[str, Utterance] = {}
    for utterance in reading.inquiries:
        asked = " ".join(reading.questions(utterance))
        told = utterance.reply.text if utterance.reply else ""
        for fact in facts:
            named = any(contains(asked, word) for word in fact.ask)
            if fact.id not in found and (named or share(fact.say, told) >= _TOLD):
                found[fact.id] = utterance
    return found


def key_fact_coverage(reading: Reading, case: Case) -> Counted:
    """A1: weighted share of the key facts elicited by questions; critical 2, other 1, at most 2 facts a turn."""
    told = volunteered(reading)
    weights = {
        f.id: CRITICAL_WEIGHT if f.critical else OTHER_WEIGHT for f in key_facts(case) if f.id not in told
    }
    if not weights:
        return nothing("every key fact was volunteered; there was nothing left to elicit")
    credited = _credited(elicited(reading), weights)
    gained = sum(weights[fact] for fact in credited)
    why = f"{len(credited)} of {len(weights)} key facts credited"
    return cited(gained / sum(weights.values()), why, reading, list(credited.values()))


def _credited(found: Mapping[str, Utterance], weights: Mapping[str, float]) -> dict[str, Utterance]:
    by_turn: dict[int, list[str]] = {}
    for fact, utterance in found.items():
        if fact in weights:
            by_turn.setdefault(utterance.number, []).append(fact)
    chosen = [
        f for facts in by_turn.values() for f in sorted(facts, key=lambda f: -weights[f])[:CREDITED_PER_TURN]
    ]
    return {fact: found[fact] for fact in chosen}


def red_flags(reading: Reading, case: Case) -> Counted:
    """A2: share of the case's red flags asked about; a flag the patient volunteered leaves the count."""
    opening = {fact.id for fact in case.patient.facts if fact.disclosure == "opening"}
    told = volunteered(reading) | opening
    asked = asked_facts(reading)
    hit: list[Utterance] = []
    counted = 0
    for flag in case.judge.red_flags:
        question = next((asked[fact] for fact in flag.facts if fact in asked), None)
        if question is None and any(fact in told for fact in flag.facts):
            continue
        counted += 1
        if question is not None:
            hit.append(question)
    if not counted:
        return nothing("every red flag was volunteered")
    return cited(len(hit) / counted, f"{len(hit)} of {counted} red flags asked about", reading, hit)


def main_complaint(reading: Reading, case: Case) -> Counted:
    """A3: share of the elements of the main complaint asked about, among those the case holds."""
    return _groups(reading, case, _MAIN, told_counts=True)


def past_history(reading: Reading, case: Case) -> Counted:
    """A4: asked about past illnesses or operations."""
    return _any_of(reading, case, ("history.past", "history.surgery"))


def drugs_and_allergies(reading: Reading, case: Case) -> Counted:
    """A5: asked about present drugs (½) and allergies (½)."""
    return _halves(reading, case, ("history.drug",), ("history.allergy",))


def personal_and_family(reading: Reading, case: Case) -> Counted:
    """A6: share of personal, family and menstrual history asked about, among those the case holds."""
    return _groups(reading, case, _PERSONAL, told_counts=False)


def relevant_negatives(reading: Reading, case: Case) -> Counted:
    """A7: denied symptoms asked about; three (or all, where the case has fewer) are met, one is half."""
    denied = {
        f.id for f in case.patient.facts if f.status == "denied" and f.topic.startswith(("ros.", "hpi."))
    }
    wanted = min(NEGATIVES_WANTED, len(denied))
    hit = [utterance for fact, utterance in asked_facts(reading).items() if fact in denied]
    if not wanted or not hit:
        return nothing("no relevant negative asked about")
    value = 1.0 if len(hit) >= wanted else 0.5
    return cited(value, f"{len(hit)} relevant negatives asked about, {wanted} wanted", reading, hit)


def earlier_care(reading: Reading, case: Case) -> Counted:
    """A8: asked about earlier tests (½) and about earlier treatment or its effect (½)."""
    return _halves(reading, case, ("care.tests",), ("care.treatment", "care.effect"))


def general_condition(reading: Reading, case: Case) -> Counted:
    """A9: two of appetite, sleep, bowels or urine, weight asked about are met, one is half."""
    asked = asked_topics(reading, case)
    hit = [question for topics in _GENERAL.values() if (question := _first(asked, topics))]
    return cited(min(1.0, len(hit) / 2), f"{len(hit)} of the general condition asked about", reading, hit)


def patient_view(reading: Reading, case: Case) -> Counted:
    """B7: asked for ideas, concerns and expectations, a third each."""
    found: dict[str, Utterance] = {}
    for utterance in reading.inquiries:
        if chosen := utterance.selection:
            views = [
                *chosen.views,
                *(t.removeprefix("view.") for t in chosen.topics if t.startswith("view.")),
            ]
            for view in views:
                found.setdefault(view, utterance)
    return cited(len(found) / 3, f"asked for {', '.join(found) or 'none'}", reading, list(found.values()))


def impact(reading: Reading, case: Case) -> Counted:
    """B9: asked how the illness affects work or daily life."""
    return _any_of(reading, case, ("impact.",))


def yield_per_turn(reading: Reading, case: Case) -> Counted:
    """E2: key facts elicited per doctor turn against the case's band [least, most].

    Full marks at (all key facts) / most per turn. Turns below `least` count as `least`, so that
    breaking off early brings nothing.
    """
    wanted = {fact.id for fact in key_facts(case)} - volunteered(reading)
    brought_out = elicited(reading) if reading.traced else told_to_questions(reading, key_facts(case))
    found = {fact: utterance for fact, utterance in brought_out.items() if fact in wanted}
    least, most = case.judge.turn_band
    if not wanted or not found:
        return nothing("no key fact elicited")
    turns = max(len(reading.doctor), least)
    value = min(1.0, (len(found) / turns) / (len(wanted) / most))
    return cited(
        value, f"{len(found)} key facts in {len(reading.doctor)} doctor turns", reading, list(found.values())
    )


def cues_followed(reading: Reading, case: Case) -> Counted:
    """A10: share of the case's cues taken up within two doctor turns.

    Hints where the case has any, otherwise questions and worries, otherwise every cue: emotions have
    an item of their own. A cue never heard counts as not followed; one after which the doctor had no
    further turn leaves the count.
    """
    cues = case.patient.cues
    hints = [cue for cue in cues if cue.kind == "hint"]
    others = [cue for cue in cues if cue.kind != "emotion"]
    counted, hit = 0, []
    for cue in hints or others or cues:
        heard = heard_before(reading, cue)
        if heard == []:
            continue
        counted += 1
        taken = next((u for u in (heard or [])[:FOLLOW_UP_TURNS] if takes_up(reading, u, cue, case)), None)
        if taken:
            hit.append(taken)
    if not counted:
        return nothing("the doctor had no turn after any cue")
    return cited(len(hit) / counted, f"{len(hit)} of {counted} cues followed", reading, hit)


def heard_before(reading: Reading, cue: Cue) -> list[Utterance] | None:
    """The doctor's utterances after a cue was spoken; None when it never was. Empty: it came too late."""
    for turn in reading.transcript.of("patient"):
        if (turn.selection and cue.id in turn.selection.cues) or contains(turn.text, cue.line):
            return [utterance for utterance in reading.doctor if utterance.number > turn.number]
    return [] if cue.when == "closing" else None


def takes_up(reading: Reading, utterance: Utterance, cue: Cue, case: Case) -> bool:
    """Whether an utterance responds to a cue: by its words, its emotion, or by asking for what it points to."""
    if reading.words.has("empathy", utterance.said) and cue.kind == "emotion":
        return True
    if reading.words.has("take_up", utterance.said):
        return True
    if cue.kind in {"question", "concern"} and answers(reading, utterance, cue):
        return True
    if grams(cue.line) & grams(utterance.said):
        return True
    # What the question brought out tells what it was about, whatever words it used.
    chosen = utterance.selection
    told = (
        {*chosen.asked, *chosen.disclosed, *chosen.repeated}
        if chosen and reading.is_inquiry(utterance)
        else set()
    )
    return any(grams(cue.line) & grams(fact.say) for fact in case.patient.facts if fact.id in told)


def answers(reading: Reading, utterance: Utterance, cue: Cue) -> bool:
    """Whether an utterance tells the patient something in answer to a question or worry."""
    told = " ".join(reading.statements(utterance))
    return bool(told) and (reading.words.has("answering", told) or bool(grams(cue.line) & grams(told)))


def _groups(
    reading: Reading, case: Case, groups: Mapping[str, Sequence[str]], *, told_counts: bool
) -> Counted:
    """Share of topic groups asked about. With `told_counts`, a group wholly told unasked leaves the count."""
    asked = asked_topics(reading, case)
    told = volunteered(reading) | {f.id for f in case.patient.facts if f.disclosure == "opening"}
    held = {
        name: [fact for fact in case.patient.facts if _of(fact.topic, topics)]
        for name, topics in groups.items()
    }
    wanted, hit = [], []
    for name, facts in held.items():
        if not facts:
            continue
        question = _first(asked, groups[name])
        if question is None and told_counts and all(fact.id in told for fact in facts):
            continue
        wanted.append(name)
        if question is not None:
            hit.append(question)
    if not wanted:
        return nothing("the case holds none of these")
    return cited(len(hit) / len(wanted), f"{len(hit)} of {len(wanted)} asked about", reading, hit)


def _halves(reading: Reading, case: Case, one: Sequence[str], other: Sequence[str]) -> Counted:
    asked = asked_topics(reading, case)
    hit = [question for topics in (one, other) if (question := _first(asked, topics))]
    return cited(len(hit) / 2, f"{len(hit)} of 2 asked about", reading, hit)


def _any_of(reading: Reading, case: Case, topics: Sequence[str]) -> Counted:
    question = _first(asked_topics(reading, case), topics)
    return cited(1.0, "asked", reading, [question]) if question else nothing("not asked")


def _first(asked: Mapping[str, Utterance], topics: Sequence[str]) -> Utterance | None:
    found = [utterance for topic, utterance in asked.items() if _of(topic, topics)]
    return min(found, key=lambda utterance: utterance.number, default=None)


def _of(topic: str, topics: Collection[str]) -> bool:
    return any(topic == wanted or (wanted.endswith(".") and topic.startswith(wanted)) for wanted in topics)
