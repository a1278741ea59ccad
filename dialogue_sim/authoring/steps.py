"""The steps of the interview: what each asks for, and how an answer is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from dialogue_sim.authoring.answers import FACT_STEPS, Answers
from dialogue_sim.authoring.wording import phrase, table
from dialogue_sim.cases.importers.mapping import topic_of
from dialogue_sim.cases.importers.results import status_of
from dialogue_sim.cases.importers.statements import statements
from dialogue_sim.cases.importers.vitals import vitals_in
from dialogue_sim.cases.model import Language
from dialogue_sim.cases.vocabulary import COMPLEXITIES, SPECIALTIES, TOPICS, label

COMMA = re.compile(r"\s*[,，、;；]\s*")
_COLON = re.compile(r"\s*[:：]\s*")
_SLASH = re.compile(r"\s+[/／]\s*|[/／]\s+")
_SPOKEN_DENIAL = re.compile(
    r"^(?:no|none|never|not|nobody|nothing|i don't|i haven't|i've not|i've never|i didn't|it doesn't|it hasn't|there's no)\b"
    r"|^(?:没|不(?!舒服|好|能|太|知|敢|到|过|停|少)|从不|从没|家里没)",
    re.IGNORECASE,
)
_AGE = re.compile(r"^(\d{1,3})\s*(岁|个月|天|years?|months?|days?|y|m|d)?(?:\s*old)?$", re.IGNORECASE)
_UNITS = {"岁": "year", "个": "month", "天": "day", "y": "year", "m": "month", "d": "day"}
_PREFER: dict[str, tuple[tuple[str, ...], str]] = {
    "facts_illness": (("hpi.",), "hpi.associated"),
    "facts_symptoms": (("ros.",), "hpi.associated"),
    "facts_care": (("care.",), "care.treatment"),
    "facts_general": (("general.",), "general.energy"),
    "facts_history": (("history.",), "history.past"),
    "facts_personal": (("social.", "gyn.", "history."), "social.living"),
    "facts_impact": (("impact.",), "impact.life"),
}


class Asker(Protocol):
    """Whoever can put a further question while an answer is read."""

    language: Language

    def ask(self, prompt: str) -> str:
        """One line of the writer's."""
        ...

    def say(self, text: str) -> None:
        """Show something."""
        ...

    def choose(self, prompt: str, options: dict[str, str], *, needed: bool = True) -> str:
        """One of the options, by number or word."""
        ...


Read = Callable[[str, Answers, Asker], Any]
"""Reads one line. Raises ValueError with a sentence for the writer when the line cannot be read."""


@dataclass(frozen=True)
class Step:
    """One question. `lines`: several answers, one to a line. `unless`: it does not come up then."""

    name: str
    read: Read
    kind: Literal["text", "lines", "choice"] = "text"
    needed: bool = False
    unless: Callable[[Answers], bool] = lambda answers: False
    options: Callable[[Language], dict[str, str]] | None = None


def _text(line: str, answers: Answers, asker: Asker) -> str:
    return line


def _names(line: str, answers: Answers, asker: Asker) -> list[str]:
    return [name for name in COMMA.split(line) if name]


def _age(line: str, answers: Answers, asker: Asker) -> dict[str, str]:
    found = _AGE.match(line.strip())
    if not found:
        raise ValueError(phrase("not_an_age", asker.language))
    return {"age": found[1], "age_unit": _UNITS[(found[2] or "y")[0].lower()]}


def numbers(line: str, answers: Answers, asker: Asker) -> list[str]:
    """Fact numbers with commas between them."""
    wanted = [number for number in re.split(r"[,，、;；\s]+", line.strip()) if number]
    known = {fact["number"] for fact in answers.facts}
    for number in wanted:
        if number not in known:
            raise ValueError(phrase("not_numbers", asker.language, number=number))
    return wanted


def _fact_reader(step: str) -> Read:
    prefer, default = _PREFER[step]

    def read(line: str, answers: Answers, asker: Asker) -> dict[str, str]:
        say, _, record = _SLASH.sub("\0", line, count=1).partition("\0")
        found = statements(say, asker.language)
        denied = _SPOKEN_DENIAL.match(say) or (found and all(s.status == "denied" for s in found))
        number = 1 + max((int(fact["number"]) for fact in answers.facts), default=0)
        topic = topic_of(f"{say} {record}", asker.language, prefer=prefer)
        if step == "facts_impact" and not (topic or "").startswith(prefer):
            topic = default  # whatever it names, it is told here as an effect on life
        topic = topic or _asked_topic(default, asker)
        return {
            "number": str(number),
            "topic": topic,
            "status": "denied" if denied else "affirmed",
            "say": say.strip(),
            "record": record.strip() or say.strip(),
        }

    return read


def _asked_topic(default: str, asker: Asker) -> str:
    word = asker.ask(phrase("which_topic", asker.language, default=label("topics", default, asker.language)))
    return topic_by_word(word, default, asker)


def topic_by_word(word: str, default: str, asker: Asker) -> str:
    """The topic that a writer's word means; `default` for an empty word. Asks again when there is none."""
    while word := word.strip().removeprefix("@"):
        labels = {
            topic: label("topics", topic, asker.language) for topic in TOPICS if not topic.startswith("view.")
        }
        same = [
            topic for topic, text in labels.items() if word.lower() in text.lower() or word.lower() == topic
        ]
        found = same[0] if same else topic_of(word, asker.language)
        if found:
            return found
        near = ", ".join(list(labels.values())[:12])
        asker.say(phrase("topic_unknown", asker.language, word=word, near=near))
        word = asker.ask(phrase("which_topic", asker.language, default=labels[default]))
    return default


def describe_fact(fact: dict[str, str], language: Language) -> str:
    """How a fact was understood, on one line."""
    sign = phrase("has" if fact["status"] == "affirmed" else "has_not", language)
    return phrase(
        "understood_fact",
        language,
        number=fact["number"],
        sign=sign,
        topic=label("topics", fact["topic"], language),
    )


def _cue(line: str, answers: Answers, asker: Asker) -> dict[str, str]:
    kinds = {kind: phrase(kind, asker.language) for kind in ("emotion", "concern", "question", "hint")}
    kind = asker.choose(phrase("which_cue", asker.language), kinds)
    turn = asker.ask(phrase("which_turn", asker.language)).strip()
    return {"kind": kind, "when": f"turn:{turn if turn.isdigit() else 3}", "line": line}


def _vitals(line: str, answers: Answers, asker: Asker) -> dict[str, str]:
    found = vitals_in(line, asker.language)
    if not found:
        raise ValueError(phrase("no_vitals", asker.language))
    return found


def _split(line: str, key: str, asker: Asker) -> tuple[str, str]:
    parts = _COLON.split(line, maxsplit=1)
    if len(parts) < 2 or not parts[0] or not parts[1]:
        raise ValueError(phrase(key, asker.language))
    return parts[0], parts[1]


def _finding(line: str, answers: Answers, asker: Asker) -> dict[str, Any]:
    names, result = _split(line, "needs_result", asker)
    status: str = status_of(result, asker.language)
    if status == "unstated":
        options = {word: phrase(word, asker.language) for word in ("normal", "abnormal", "unstated")}
        status = asker.choose(phrase("is_it_normal", asker.language), options)
    return {"names": [n for n in COMMA.split(names) if n], "result": result, "status": status}


def _red_flag(line: str, answers: Answers, asker: Asker) -> dict[str, Any]:
    sign, which = _split(line, "needs_facts", asker)
    return {"label": sign, "facts": numbers(which, answers, asker)}


def _probe_words(line: str, answers: Answers, asker: Asker) -> dict[str, Any]:
    number, words = _split(line, "needs_words", asker)
    return {"fact": numbers(number, answers, asker)[0], "ask": [w for w in COMMA.split(words) if w]}


def _phrases(line: str, answers: Answers, asker: Asker) -> dict[str, Any]:
    parts = _COLON.split(line, maxsplit=1)
    return {
        "what": parts[0],
        "match": [w for w in COMMA.split(parts[1]) if w] if len(parts) > 1 else [parts[0]],
    }


def _term(line: str, answers: Answers, asker: Asker) -> dict[str, str]:
    term, sign, plain = re.sub(r"\s*[=＝]\s*", "=", line, count=1).partition("=")
    if not (term and sign and plain):
        raise ValueError(phrase("needs_plain", asker.language))
    return {"term": term, "plain": plain}


def _band(line: str, answers: Answers, asker: Asker) -> list[str]:
    found = re.fullmatch(r"(\d+)\s*[-–~～到至]\s*(\d+)", line.strip())
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(phrase("needs_band", asker.language))
    return [found[1], found[2]]


def _of_vocabulary(kind: str, words: Any) -> Callable[[Language], dict[str, str]]:
    return lambda language: {
        word: label(kind, word, language) for word in words if word not in {"not_recorded", "0"}
    }


def _of_table(name: str) -> Callable[[Language], dict[str, str]]:
    return lambda language: {word: text[language] for word, text in table()["choices"][name].items()}


def _no_facts(answers: Answers) -> bool:
    return not answers.facts


def _grown_self(answers: Answers) -> bool:
    return answers.given.get("speaker") != "companion"


STEPS: tuple[Step, ...] = (
    Step("title", _text, needed=True),
    Step("specialty", _text, "choice", options=_of_vocabulary("specialties", SPECIALTIES)),
    Step("urgency", _text, "choice", options=_of_vocabulary("urgencies", ("emergency", "urgent", "routine"))),
    Step("complexity", _text, "choice", options=_of_vocabulary("complexities", COMPLEXITIES)),
    Step("age", _age),
    Step("sex", _text, "choice", options=_of_table("sex")),
    Step("occupation", _text),
    Step("name", _text),
    Step("speaker", _text, "choice", options=_of_table("speaker")),
    Step("relation", _text, unless=_grown_self),
    Step("opening", _text, needed=True),
    *(Step(name, _fact_reader(name), "lines") for name in FACT_STEPS),
    Step("opening_facts", numbers, unless=_no_facts),
    Step("critical", numbers, unless=_no_facts),
    Step("probe", numbers, unless=_no_facts),
    Step("probe_words", _probe_words, "lines", unless=lambda answers: not answers.given.get("probe")),
    Step("ideas", _text),
    Step("concerns", _text),
    Step("expectations", _text),
    Step("cues", _cue, "lines"),
    Step("personality", _text, "choice", options=_of_table("personality")),
    Step("vitals", _vitals),
    Step("examinations", _finding, "lines"),
    Step("tests", _finding, "lines"),
    Step("diagnosis", _text),
    Step("synonyms", _names),
    Step("parent", _names),
    Step("differential", _names, "lines"),
    Step("red_flags", _red_flag, "lines", unless=_no_facts),
    Step("must", _names, "lines"),
    Step("acceptable", _names, "lines"),
    Step("needless", _names, "lines"),
    Step("plan", _phrases, "lines"),
    Step("contraindications", _phrases, "lines"),
    Step("terms", _term, "lines"),
    Step("turn_band", _band),
    Step("source", _text, "choice", needed=True, options=_of_table("source")),
    Step("licence", _text, unless=lambda answers: answers.given.get("source") == "record"),
    Step("split", _text, "choice", options=_of_table("split")),
    Step("basis", _text, "lines"),
    Step("author", _text),
)  # fmt: skip
