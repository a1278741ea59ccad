"""Rules over one case: views, facts, wording, and how the parts hang together."""

from __future__ import annotations

import re
from collections import Counter

from dialogue_sim.cases.lint.finding import Raw, Rows, Severity
from dialogue_sim.cases.lint.text import CJK, denies, likeness, mentions, words
from dialogue_sim.cases.model import Case
from dialogue_sim.yamlio import Location

FACTS = (20, 45)
LONGEST_SAY = {"zh": 60, "en": 200}
ALIKE = 0.9


def diagnosis_hidden(case: Case) -> Rows:
    """No name of the diagnosis can be reached from the title, the patient's or the examiner's part."""
    diagnosis = case.judge.diagnosis
    names = [name for name in (diagnosis.primary, *diagnosis.synonyms) if name]
    part = case.patient
    texts: list[tuple[Location, str]] = [(("title",), case.title), (("patient", "opening"), part.opening)]
    for i, fact in enumerate(part.facts):
        texts += [
            (("patient", "facts", i, "say"), fact.say),
            (("patient", "facts", i, "record"), fact.record),
        ]
        texts += [(("patient", "facts", i, "ask", j), word) for j, word in enumerate(fact.ask)]
    texts += [(("patient", "cues", i, "line"), cue.line) for i, cue in enumerate(part.cues)]
    texts += [(("patient", name), getattr(part, name)) for name in ("ideas", "concerns", "expectations")]
    for kind in ("examinations", "tests"):
        for i, finding in enumerate(getattr(case.examiner, kind)):
            texts.append((("examiner", kind, i, "result"), finding.result))
    # The patient's part of a case holds the questions too, and whoever prints it must not print a diagnosis.
    texts += [
        (("questions", "facts", key), line) for key, asked in case.questions.facts.items() for line in asked
    ]
    texts += [(("questions", "unrecorded"), line) for line in case.questions.unrecorded]
    for at, text in texts:
        for name in names:
            if mentions(text, name):
                yield Raw(
                    "error",
                    at,
                    f"gives the diagnosis away: {name!r}",
                    "describe what is felt or seen instead",
                )


def results_describe(case: Case) -> Rows:
    """Examiner results describe findings and do not name what they mean."""
    for kind in ("examinations", "tests"):
        for i, finding in enumerate(getattr(case.examiner, kind)):
            for phrase in words("names_a_disease", case.language):
                if re.search(phrase, finding.result, re.IGNORECASE):
                    yield Raw(
                        "warning",
                        ("examiner", kind, i, "result"),
                        "interprets instead of describing",
                        "state the finding only",
                    )


def fact_counts(case: Case) -> Rows:
    """Enough facts, of both signs, and some that matter."""
    facts = case.patient.facts
    if not FACTS[0] <= len(facts) <= FACTS[1]:
        mend = f"a case has {FACTS[0]}–{FACTS[1]}: more make a list too long to elicit, fewer leave most questions unanswered"
        yield Raw("warning", ("patient", "facts"), f"{len(facts)} facts", mend)
    if sum(fact.status == "denied" for fact in facts) < 3:
        yield Raw(
            "warning",
            ("patient", "facts"),
            "fewer than three denied facts",
            "write down the negatives that matter",
        )
    if not any(fact.critical for fact in facts):
        # A foreign source does not say which facts matter; a case written for scoring has to.
        severity: Severity = "error" if case.provenance.source == "synthetic" else "warning"
        yield Raw(
            severity, ("patient", "facts"), "no fact is critical", "mark what a good consultation must elicit"
        )
    if not any(fact.disclosure == "opening" for fact in facts):
        yield Raw(
            "warning",
            ("patient", "facts"),
            "no fact is told by the opening",
            "mark those with `disclosure: opening`",
        )


def facts_askable(case: Case) -> Rows:
    """A fact can be asked for by name where its topic alone does not single it out."""
    shared = Counter(fact.topic for fact in case.patient.facts)
    for i, fact in enumerate(case.patient.facts):
        at = ("patient", "facts", i)
        if fact.topic.startswith("view."):
            yield Raw(
                "error", (*at, "topic"), "a view is no fact", "write it under ideas, concerns or expectations"
            )
        if fact.ask or fact.disclosure == "opening":
            continue
        if fact.disclosure == "on_probe":
            yield Raw(
                "warning",
                at,
                f"{fact.id!r} is told only when probed, and nothing says how",
                "add `ask:` words",
            )
        elif shared[fact.topic] > 1 and fact.critical:
            what = f"critical {fact.id!r} shares the topic {fact.topic} with others"
            yield Raw("warning", at, what, "add `ask:` words that tell it apart")


def questions_apart(case: Case) -> Rows:
    """An example question stands once, in the case's language, and says which facts answer it."""
    groups = [(("questions", "facts", key), asked) for key, asked in case.questions.facts.items()]
    seen: dict[str, Location] = {}
    for at, asked in (*groups, (("questions", "unrecorded"), case.questions.unrecorded)):
        for question in asked:
            if seen.setdefault(question, at) != at:
                what = f"{question!r} stands under {seen[question][-1]} too"
                yield Raw("warning", at, what, "keep one, or write a key that names all facts it asks for")
            if bool(CJK.search(question)) != (case.language == "zh"):
                yield Raw("error", at, f"{question!r} is not in the case's language ({case.language})", "")


def facts_differ(case: Case) -> Rows:
    """No two facts say nearly the same."""
    facts = case.patient.facts
    for i, fact in enumerate(facts):
        for other in facts[:i]:
            if fact.status == other.status and likeness(fact.say, other.say) >= ALIKE:
                mend = "merge them, or say each more exactly"
                yield Raw("warning", ("patient", "facts", i), f"says nearly the same as {other.id!r}", mend)


def signs_agree(case: Case) -> Rows:
    """A denied fact is said as a denial."""
    for i, fact in enumerate(case.patient.facts):
        if fact.status == "denied" and not denies(fact.say, case.language):
            yield Raw(
                "warning",
                ("patient", "facts", i, "say"),
                f"{fact.id!r} is denied, but this is no denial",
                "say it as a denial",
            )


def spoken_language(case: Case) -> Rows:
    """What is said is in the case's language, short, and in the patient's words."""
    terms = [term.term for term in case.judge.technical_terms]
    for i, fact in enumerate(case.patient.facts):
        at = ("patient", "facts", i, "say")
        if bool(CJK.search(fact.say)) != (case.language == "zh"):
            yield Raw("error", at, f"is not in the case's language ({case.language})", "")
        if len(fact.say) > LONGEST_SAY[case.language]:
            yield Raw(
                "warning",
                at,
                f"is {len(fact.say)} characters long",
                "people answer shortly; split the fact or cut it",
            )
        yield from (
            Raw("warning", at, f"uses the technical term {t!r}", "say it in everyday words")
            for t in terms
            if mentions(fact.say, t)
        )


def aliases_unique(case: Case) -> Rows:
    """A name means one examination or test only."""
    seen: dict[str, str] = {}
    for kind in ("examinations", "tests"):
        for i, finding in enumerate(getattr(case.examiner, kind)):
            for j, name in enumerate(finding.names):
                other = seen.setdefault(name.casefold(), finding.id)
                if other != finding.id:
                    yield Raw(
                        "error",
                        ("examiner", kind, i, "names", j),
                        f"{name!r} also names {other!r}",
                        "keep it on one of them",
                    )


def must_tests_answered(case: Case) -> Rows:
    """A test that must be ordered has a result on record."""
    names = {
        name.casefold()
        for finding in (*case.examiner.tests, *case.examiner.examinations)
        for name in finding.names
    }
    for i, test in enumerate(case.judge.tests.must):
        if not names & {name.casefold() for name in test.names}:
            yield Raw(
                "warning",
                ("judge", "tests", "must", i),
                f"{test.names[0]!r} has no result in the examiner's part",
                "add its result",
            )


def cues_can_fire(case: Case) -> Rows:
    """A cue's moment can come."""
    topics = {fact.topic for fact in case.patient.facts}
    if not case.patient.cues:
        yield Raw(
            "warning",
            ("patient", "cues"),
            "there is no cue",
            "give the patient an emotion, a worry or a question to be taken up",
        )
    for i, cue in enumerate(case.patient.cues):
        topic = cue.when.removeprefix("topic:")
        if cue.when.startswith("topic:") and topic not in topics:
            yield Raw(
                "warning",
                ("patient", "cues", i, "when"),
                f"no fact has the topic {topic}",
                "use the topic of a fact, or turn:N",
            )
        if cue.when.startswith("turn:") and int(cue.when[5:]) > case.judge.turn_band[1]:
            yield Raw(
                "warning",
                ("patient", "cues", i, "when"),
                "comes after the consultation would have ended",
                "let it come earlier",
            )


def flags_and_plan(case: Case) -> Rows:
    """An urgent case has red flags; plan and contraindications do not contradict each other."""
    if case.urgency in {"emergency", "urgent"} and not case.judge.red_flags:
        severity: Severity = "error" if case.provenance.source == "synthetic" else "warning"
        yield Raw(
            severity,
            ("judge", "red_flags"),
            f"the case is {case.urgency} and has no red flag",
            "name the danger signs to ask for",
        )
    for i, danger in enumerate(case.judge.contraindications):
        for j, phrase in enumerate(danger.match):
            for action in case.judge.plan:
                # "Do not take aspirin" is a plan that keeps to the contraindication.
                if mentions(action.action, phrase) and not denies(action.action, case.language):
                    what = f"{phrase!r} is contraindicated and part of the plan ({action.id})"
                    yield Raw(
                        "error",
                        ("judge", "contraindications", i, "match", j),
                        what,
                        "make the phrase more exact",
                    )
    for i, action in enumerate(case.judge.plan):
        for j, phrase in enumerate(action.match):
            if len(phrase) < 2:
                yield Raw(
                    "warning",
                    ("judge", "plan", i, "match", j),
                    f"{phrase!r} matches almost any text",
                    "write a longer phrase",
                )


def provenance_told(case: Case) -> Rows:
    """A synthetic case says so, names its sources, and carries a canary."""
    if case.provenance.source == "synthetic":
        if not case.provenance.basis:
            yield Raw(
                "error",
                ("provenance", "basis"),
                "names no guideline or textbook",
                "name what its clinical content follows",
            )
        if not case.provenance.note:
            yield Raw(
                "warning",
                ("provenance", "note"),
                "does not say that it is synthetic and who reviewed it",
                "add `note:`",
            )
    if not case.canary:
        yield Raw("warning", ("canary",), "has no canary", "add a unique `canary:` string; --fix makes one")
