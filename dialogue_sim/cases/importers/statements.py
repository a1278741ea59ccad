"""Cuts a source's text into statements and reads from its own wording whether each affirms or denies.

`Denies fever, chills and cough` is three denied statements; `否认高血压、糖尿病史` is two. What the
source says it does not say (`not provided`, `不详`) is a statement without a status: not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from dialogue_sim.cases.importers.mapping import topic_of, wording
from dialogue_sim.cases.model import Status

_ABBREVIATION = re.compile(
    r"\b(?:dr|mr|mrs|ms|vs|st|no|approx|e\.g|i\.e|etc|fig|al|hr|min)\.$", re.IGNORECASE
)
_SENTENCE_END = {
    "en": re.compile(r"(?<=[.!?])[\"”')\]]*\s+(?=[\"“'(\[]?[A-Z0-9])|\n+"),
    "zh": re.compile(r"(?<=[。！？；;])|\n+"),
}
_LIST_NUMBER = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）.、．](?!\d)|[①-⑳]|[-*•])\s*")
_HEALTHY = re.compile(r"\b(?:otherwise |previously |generally )?healthy\b", re.IGNORECASE)
_SHARED_HEAD = re.compile("过敏|接触|(?:障碍|异常|改变|变化|功能|肿大|疼痛史)[等]?$|家族性、|性、")
"""否认药物及食物过敏史, 无视力、视野障碍: such a list shares its last word."""
_CIRCUMSTANCE = re.compile(
    "(?:约|近|于|入院前|患者|病人)*[\\d一二两三四五六七八九十半数几]+余?[多+]?个?(?:分钟|小时|天|日|周|月|年)余?多?(?:前|来|后|以来)"
    "|(?:病程中|发病以来|发病来|近来|近期|同时|期间|现|目前|近几天来|近日来?|自发病以来)|.{1,12}(?<!平)时|术后"
)
_WORDY = 9
_SHORT = 6


class Statement(NamedTuple):
    """One thing a source says: its words, and whether it affirms or denies (None: says it is not recorded)."""

    text: str
    status: Status | None


def sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, list numbers taken off."""
    found: list[str] = []
    for part in _SENTENCE_END[language].split(text):
        piece = _LIST_NUMBER.sub("", part.strip()).strip()
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += " " + piece
        elif piece:
            found.append(piece)
    return found


def statements(text: str, language: str) -> list[Statement]:
    """The statements of a text, in order."""
    cut = _english if language == "en" else _chinese
    return [statement for sentence in sentences(text, language) for statement in cut(sentence)]


def is_silent(text: str, language: str) -> bool:
    """Whether a text only says that it does not say."""
    return bool(_pattern(language, "not_recorded").fullmatch(text.strip().rstrip(".。")))


@cache
def _pattern(language: str, name: str) -> re.Pattern[str]:
    return re.compile(wording(language)[name], re.IGNORECASE)


def _english(sentence: str) -> Iterator[Statement]:
    bare = sentence.strip().rstrip(".")
    if _pattern("en", "not_recorded").fullmatch(bare):
        yield Statement(bare, None)
        return
    for part in _pattern("en", "contrast").split(bare):
        yield from _english_part(part.strip(" ,"))


def _english_part(part: str) -> Iterator[Statement]:
    if not part:
        return
    if _pattern("en", "not_recorded").fullmatch(part):
        yield Statement(part, None)
        return
    denial = _denial_at_front("en", part)
    healthy = _HEALTHY.search(part)
    if denial:
        yield from (Statement(item, "denied") for item in _denied_items("en", part, denial))
    elif healthy and _pattern("en", "report").search(part):
        yield Statement(healthy[0], "denied")
        yield from (
            Statement(item, "affirmed") for item in _affirmed_items(part.replace(healthy[0] + " ", ""))
        )
    elif _pattern("en", "verb_denial").search(part) and not _pattern("en", "not_denial").search(part):
        pieces = part.split(", ")
        shared = any(re.match(r"(?:or|nor|and)\b", piece) for piece in pieces)
        if len(pieces) > 1 and not shared and all(len(piece.split()) <= _SHORT for piece in pieces):
            yield from (statement for piece in pieces for statement in _english_part(piece))
        else:
            yield Statement(part, "denied")
    elif (inner := _pattern("en", "inner_denial").search(part)) and len(part[: inner.start()].split()) > 1:
        yield from (Statement(item, "affirmed") for item in _affirmed_items(part[: inner.start()]))
        denied = re.sub(
            r"^\W*(?:with|and|but|has|have|had|reports)\s+", "", part[inner.start() :].strip(" ,;")
        )
        yield from _english_part(denied)
    else:
        yield from (Statement(item, "affirmed") for item in _affirmed_items(part))


def _denial_at_front(language: str, part: str) -> re.Match[str] | None:
    """The word of denial that governs a part, when nothing but a subject stands before it."""
    words = wording(language)
    who = (
        rf"(?:(?:his|her|the|their) )?(?:patient's )?{words['relatives']}"
        if language == "en"
        else words["relatives"]
    )
    lead = rf"(?:[A-Za-z]+(?: \w+){{0,3}}, )?(?:{words['subject']}|{who})?\s*(?:{words['report']})?\s*"
    return re.match(rf"{lead}(?:{words['lead']})?(?P<denial>{words['denial']})\s*", part, re.IGNORECASE)


def _denied_items(language: str, part: str, denial: re.Match[str]) -> list[str]:
    """What a denial lists, item by item where every item is short; each keeps its word of denial."""
    rest = part[denial.end() :]
    if language == "zh" and _SHARED_HEAD.search(rest):
        return [part]
    items = [item.strip(" ,.，。") for item in _pattern(language, "list_joint").split(rest)]
    items = [item for item in items if item]
    if language == "en" and any(re.fullmatch(r"\w+(?:ic|al|ous|ive|ary)", item) for item in items[:-1]):
        return [part]  # manic or hypomanic periods: the list shares its noun
    if items and items[-1].endswith(" history"):  # medical or surgical history
        items = [
            f"{item} history" if len(item.split()) < 4 and "history" not in item else item for item in items
        ]
    known = [topic_of(item, language) for item in items]
    enough = len(items) - len(items) // 4
    if (
        len(items) < 2
        or any(_is_long(item, language) for item in items)
        or sum(topic is not None for topic in known) < enough
    ):
        return [part]
    said = denial["denial"].strip()
    space = " " if language == "en" else ""
    return [item if _denial_at_front(language, item) else f"{said}{space}{item}" for item in items]


def _is_long(item: str, language: str) -> bool:
    return len(item.split()) > _WORDY if language == "en" else len(item) > 2 * _WORDY


def _affirmed_items(part: str) -> list[str]:
    """A list of short symptoms of different topics becomes one statement each; all else stays whole."""
    items = [item.strip() for item in re.split(r", (?:and |or )?|(?<!between) and ", part) if item.strip()]
    topics = [topic_of(item, "en") for item in items]
    separate = len(set(topics)) == len(items) and None not in topics
    return items if len(items) > 1 and separate and all(len(i.split()) <= 4 for i in items) else [part]


def _chinese(sentence: str) -> Iterator[Statement]:
    for clause in _clauses(sentence):
        yield from _chinese_clause(clause)


def _clauses(sentence: str) -> list[str]:
    """Clauses of a Chinese sentence; a bare time or circumstance joins what follows it, a bare dose what precedes it."""
    found: list[str] = []
    waiting = ""
    for clause in re.split(r"[，,；;]", sentence.strip("。 \n")):
        part = clause.strip(" 。：:")
        if not part or re.fullmatch("考虑|可能|等", part):
            continue
        if not re.search("[\u3400-\u9fff]", part) and found and not waiting:
            found[-1] += f"，{part}"
        elif _CIRCUMSTANCE.fullmatch(part):
            waiting += f"{part}，"
        else:
            found.append(waiting + part)
            waiting = ""
    return [*found, waiting.rstrip("，")] if waiting else found


def _chinese_clause(part: str) -> Iterator[Statement]:
    if _pattern("zh", "not_recorded").fullmatch(part):
        yield Statement(part, None)
        return
    if (trigger := re.search("无明显诱因(?:下|地)?", part)) and trigger[0] != part:
        yield Statement(trigger[0], "denied")
        yield from _chinese_clause((part[: trigger.start()] + part[trigger.end() :]).strip())
        return
    denial = _denial_at_front("zh", part)
    if denial and not _pattern("zh", "not_denial").search(part[denial.start("denial") :]):
        yield from (Statement(item, "denied") for item in _denied_items("zh", part, denial))
        return
    inner = re.search(
        r"(?<=[\u3400-\u9fff])(?:无明显|无|否认|未见|没见|没有|不伴)(?!力|痛性|法|意|明显诱因)", part
    )
    if inner and not _pattern("zh", "not_denial").search(part[inner.start() :]):
        before, after = part[: inner.start()], part[inner.start() :]
        topics = topic_of(before, "zh"), topic_of(after, "zh")
        if all(topics) and topics[0] != topics[1]:
            yield Statement(before, "affirmed")
            yield from _chinese_clause(after)
        else:
            yield Statement(part, "denied")
        return
    status: Status = "denied" if _pattern("zh", "verb_denial").search(part) else "affirmed"
    yield Statement(part, status)
