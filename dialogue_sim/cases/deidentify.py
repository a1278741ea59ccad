"""Finds what tells who a patient is, in Chinese and English text, before a record leaves the machine.

It finds names (in a context that speaks for one), identity, record and bed numbers, telephone
numbers, accounts, e-mail and web addresses, postal addresses, named hospitals, and dates given to the
day or the month. It reads words and check digits, so it is a net with meshes: what it finds is surely
worth removing, what it does not find still needs a person's eye.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

Kind = Literal[
    "name", "id_number", "record_number", "bed", "phone", "account", "email", "web", "address", "hospital", "date"
]  # fmt: skip

_HAN = "\u3400-\u9fff"
_HAS_HAN = re.compile(f"[{_HAN}]")
_NEAR = 12


class Finding(NamedTuple):
    """One thing that identifies somebody: `text[start:end]`, and what to write in its place."""

    kind: Kind
    start: int
    end: int
    text: str
    suggestion: str


class Rule(NamedTuple):
    """A pattern; its group `it` (or the whole match) is the finding when `holds` of the match."""

    kind: Kind
    pattern: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] = bool


def find(text: str) -> list[Finding]:
    """What identifies somebody in a text, in order, without overlaps (the longer finding wins)."""
    spans: list[tuple[int, int, Kind]] = []
    for rule in _rules():
        for match in rule.pattern.finditer(text):
            if rule.holds(match):
                start, end = match.span("it" if "it" in rule.pattern.groupindex else 0)
                spans.append((start, end, rule.kind))
    spans.sort(key=lambda span: (span[0] - span[1], span[0]))
    kept: list[tuple[int, int, Kind]] = []
    for start, end, kind in spans:
        if start < end and all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end, kind))
    return [
        Finding(kind, start, end, text[start:end], _suggestion(kind, text, start, end))
        for start, end, kind in sorted(kept)
    ]


def redact(text: str) -> str:
    """The text with every finding replaced by its suggestion. Redacted text holds no finding."""
    while found := find(text):
        for finding in reversed(found):
            text = text[: finding.start] + finding.suggestion + text[finding.end :]
    return text


def _suggestion(kind: Kind, text: str, start: int, end: int) -> str:
    near = text[max(0, start - _NEAR) : end + _NEAR]
    found: str = _words()["suggestions"][kind]["zh" if _HAS_HAN.search(near) else "en"]
    return found


@cache
def _words() -> dict[str, Any]:
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CBaseLoader)
    return loaded


@cache
def _rules() -> tuple[Rule, ...]:
    return (*_numbers(), *_labelled_numbers(), *_chinese_names(), *_english_names(), *_places(), *_dates())


def _rule(
    kind: Kind, pattern: str, holds: Callable[[re.Match[str]], bool] = bool, *, fold: bool = False
) -> Rule:
    return Rule(kind, re.compile(pattern, re.MULTILINE | (re.IGNORECASE if fold else 0)), holds)


def _numbers() -> Iterator[Rule]:
    """Numbers that speak for themselves by form or by check digits."""
    edge = r"(?<![A-Za-z\d.])", r"(?![A-Za-z\d])"
    yield _rule("email", r"[A-Za-z\d._+%-]+@[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+")
    yield _rule("web", r"(?:https?://|www\.)[^\s<>，。；、）)]+", fold=True)
    yield _rule("id_number", rf"{edge[0]}\d{{17}}[\dXx]{edge[1]}", lambda m: is_identity_number(m[0]))
    yield _rule("id_number", rf"{edge[0]}\d{{15}}{edge[1]}", lambda m: _is_old_identity_number(m[0]))
    yield _rule(
        "id_number", rf"{edge[0]}\d{{3}}[ -]?\d{{3}}[ -]?\d{{4}}{edge[1]}", lambda m: is_nhs_number(m[0])
    )
    yield _rule("id_number", rf"{edge[0]}(?!000|666|9)\d{{3}}-(?!00)\d\d-(?!0000)\d{{4}}{edge[1]}")
    yield _rule("id_number", r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]\b")
    yield _rule("id_number", rf"{edge[0]}(?:\d{{4}}[ -]?){{3}}\d{{4}}{edge[1]}", lambda m: _luhn(m[0]))
    yield _rule("phone", r"(?<![\d.])(?:(?:\+|00)86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
    yield _rule("phone", r"(?<![\d.+])0\d{2,3}[- ]\d{7,8}(?:-\d{1,5})?(?!\d)")
    yield _rule("phone", r"(?<![A-Za-z\d.])(?:\(0\d{2,4}\) ?|0\d{2,4}[ -])\d{3,4}[ -]?\d{3,4}(?![\d/])")
    yield _rule("phone", r"(?<![A-Za-z\d.])07\d{3} ?\d{3} ?\d{3}(?!\d)")
    yield _rule(
        "phone", r"(?<![A-Za-z\d.+])\+\d{1,3}[ -]?(?:\(0?\d{1,4}\)[ -]?)?\d{2,4}(?:[ -]?\d{2,4}){2,4}(?!\d)"
    )
    yield _rule("phone", r"(?<![A-Za-z\d.])(?:1[- ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])\d{3}[-.]\d{4}(?!\d)")


def _labelled_numbers() -> Iterator[Rule]:
    zh, en = _words()["zh"], _words()["en"]
    number = r"(?P<it>[A-Za-z]{0,4}[- ]?\d[\dA-Za-z-]*)"
    labelled: tuple[tuple[Kind, str, str], ...] = (
        ("id_number", "identity_labels", number),
        ("record_number", "number_labels", number),
        ("phone", "phone_labels", r"(?P<it>\+?\d[\d() -]{5,20}\d)"),
        ("account", "account_labels", r"(?P<it>[A-Za-z\d][\w-]{4,30})"),
    )
    for kind, labels, value in labelled:
        yield _rule(kind, rf"(?:{_longest(zh[labels])})\s*[:：为是]?\s*{value}")
        if labels in en:
            yield _rule(
                kind,
                rf"\b(?:{_longest(en[labels])})\b\.?\s*(?:is|no\.?|number)?\s*[:#]?\s*{value}",
                fold=True,
            )
    yield _rule("bed", r"(?:床号|床位)\s*[:：]?\s*[A-Za-z]?\d{1,4}(?![\d.])|(?<![\d.])\d{1,3}床(?!旁|头|位)")
    yield _rule(
        "bed",
        r"\b[Bb]ed\s*(?:no\.?|number)?\s*[:#]?\s*[A-Z]?\d{1,4}[A-Z]?\b|\b[Ww]ard\s*[:#]?\s*\d{1,3}[A-Z]?\b",
    )


def _chinese_names() -> Iterator[Rule]:
    words = _words()["zh"]
    surname = f"(?:{'|'.join(words['compound_surnames'])}|[{_tight(words['surnames'])}])"
    given = f"[{_tight(words['given'])}]{{1,2}}"
    masked = f"{words['masks']}{{1,3}}"
    not_a_name = f"(?!{'|'.join(words['not_names'])})"
    yield _rule(
        "name",
        rf"(?:{_longest(words['name_labels'])})\s*[:：]\s*(?P<it>[{_HAN}·]{{2,6}}|[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+){{0,2}})",
    )
    yield _rule(
        "name", rf"(?<![{_HAN}]){not_a_name}(?P<it>{surname}[{_HAN}]{{1,2}})[，,、 \t]+[男女](?![{_HAN}])"
    )
    yield _rule(
        "name",
        rf"(?:{words['before_name']})\s*[:：]?{not_a_name}(?P<it>{surname}(?:{given}|{masked}))(?=[，,。；;、（(：:\s]|[男女]|陪|代|诉|称|$)",
    )
    yield _rule("name", rf"(?<![{_HAN}]){not_a_name}(?P<it>{surname}{masked})(?![{_HAN}\w])")
    yield _rule(
        "name", rf"{not_a_name}(?P<it>{surname}(?:{given}|{masked}))(?={words['after_name']})", _stands_alone
    )
    bare = f"(?![{words['weak_surnames']}]){surname}"
    yield _rule("name", rf"{not_a_name}(?P<it>{bare})(?={words['after_name']})", _stands_alone)


def _stands_alone(match: re.Match[str]) -> bool:
    """Whether what stands before a name and its title is no part of a longer word."""
    before = match.string[: match.start("it")]
    return (
        not before
        or not _HAS_HAN.match(before[-1])
        or before[-1] in "由经请找与和及在给对问是的者人见到让跟被向叫说属方"
    )


def _english_names() -> Iterator[Rule]:
    words = _words()["en"]
    word = rf"(?!(?:{words['not_surnames']})\b)[A-Z](?:[a-z]+|'[A-Z][a-z]+|[A-Z]+)(?:[-'][A-Z]?[a-z]+)?"
    initial = r"(?:[A-Z]\.? ){0,2}"
    names = rf"{initial}{word}(?:[ ]{word}){{0,2}}"
    given = "|".join(sorted(set(words["given"].split()), key=len, reverse=True))
    yield _rule("name", rf"\b(?:{words['titles']})\.?[ ](?P<it>{names})")
    yield _rule(
        "name",
        rf"^\W*(?i:{_longest(words['name_labels'])})\s*[:#]\s*(?P<it>(?:(?:{words['titles']})\.? )?{names}(?:, ?{word})?)",
    )
    yield _rule("name", rf"(?i:\b(?:Patient|Name|Forename|Surname))\s*:\s*(?P<it>{names}(?:, ?{word})?)")
    yield _rule("name", rf"(?i:\b(?:{words['name_words']}))[ ](?P<it>(?:(?:{words['titles']})\.? )?{names})")
    yield _rule("name", rf"(?i:\b(?:{words['kin']}))(?:,)?[ ](?P<it>(?:{given})(?: {word})?)\b")
    yield _rule("name", rf"\b(?P<it>(?:{given})(?: [A-Z]\.?)? {word})")
    yield _rule("name", rf"^\W*(?P<it>[A-Z]{{2,}}(?:-[A-Z]+)?, (?:{given})\b(?: [A-Z]\.?)?)")


def _places() -> Iterator[Rule]:
    zh, en = _words()["zh"], _words()["en"]
    yield _rule(
        "hospital",
        rf"(?P<own>(?:(?!{zh['place_breaks']})[{_HAN}\d]){{2,18}}?)(?:{_longest(zh['hospitals'])})",
        _names_one_place,
    )
    yield _rule(
        "hospital",
        rf"\b(?P<it>(?P<own>(?:[A-Z][A-Za-z.'’-]*(?:[ ](?:of|and|for|the)[ ]|[ ])){{1,5}})(?:{_longest(en['hospitals'])}))\b",
        lambda m: bool(
            set(m["own"].split()) - set(en["generic_places"].split("|")) - {"of", "and", "for", "the"}
        ),
    )
    yield _rule(
        "address", rf"(?:{_longest(zh['address_labels'])})\s*[:：]\s*(?P<it>[{_HAN}A-Za-z\d][^\n，,。；;〔]*)"
    )
    yield _rule(
        "address",
        rf"(?:家住|现住|住在|居住于|居住在|来自)(?P<it>[^\n，,。；;〔]*?(?:{zh['streets']}|省|市|县|镇|乡)(?:[\d一二三四五六七八九十百]+(?:{zh['doors']}))*)(?=[^{_HAN}\d]|$)",
    )
    yield _rule(
        "address",
        rf"(?<![{_HAN}])(?P<it>(?:[{_HAN}]{{2,7}}(?:省|自治区))?(?:[{_HAN}]{{2,7}}(?:市|州))(?:[{_HAN}]{{1,7}}(?:区|县|镇|乡|街道))[{_HAN}\d-]{{0,30}})",
    )
    yield _rule(
        "address",
        rf"(?P<it>(?:(?!家住|现住|居住|来自|位于|[住在于])[{_HAN}]){{2,12}}(?:{zh['streets']})\d+(?:{zh['doors']})(?:\d+(?:{zh['doors']}))*)",
    )
    yield _rule("address", rf"^\W*(?i:{_longest(en['address_labels'])})\s*:\s*(?P<it>[A-Za-z\d][^\n\[]*)")
    yield _rule("address", rf"(?i:\b(?:{en['address_words']}))[ ](?P<it>[A-Z\d][^\n.;\[]*)")
    flat = r"(?:(?:Flat|Apartment|Apt|Unit|Suite) ?#?\w{1,5},? )?"
    street = rf"(?:[A-Z][A-Za-z'’]+ ){{1,3}}(?:{_longest(en['streets'])})\b\.?"
    yield _rule("address", rf"\b{flat}\d{{1,5}}[A-Za-z]?,? {street}")
    yield _rule("address", r"\b(?:[A-Z]{1,2}\d[A-Z\d]?) \d[A-Z]{2}\b")
    yield _rule("address", r"\b[A-Z][a-z]+(?: [A-Z][a-z]+)?, [A-Z]{2} \d{5}(?:-\d{4})?\b")


def _names_one_place(match: re.Match[str]) -> bool:
    """Whether the words before `医院` name one place, and are not all general (`当地县人民医院`)."""
    general = "|".join(sorted(_words()["zh"]["generic_places"], key=len, reverse=True))
    return not re.fullmatch(rf"(?:{general}|第?[一二三四五六七八九十\d]+)+", match["own"])


def _dates() -> Iterator[Rule]:
    months = _words()["en"]["months"]
    year, day = r"(?:19|20)\d\d", r"(?:[12]\d|3[01]|0?[1-9])"
    month = r"(?:1[0-2]|0?[1-9])"
    clock = r"(?:[T ]\d\d?:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
    yield _rule(
        "date",
        rf"(?:{year}\s*年\s*)?{month}\s*月\s*{day}\s*[日号]|{year}\s*年\s*{month}\s*月(?![龄大余])|\d\d\s*年\s*{month}\s*月\s*{day}\s*[日号]",
    )
    yield _rule("date", rf"(?<![\d./-]){year}(?P<s>[-/.]){month}(?P=s){day}{clock}(?![\d/-])")
    yield _rule(
        "date",
        rf"(?<![\d./-])(?:{day}(?P<a>[-/.]){month}|{month}(?P<b>[-/.]){day})[-/.](?:{year}|\d\d)(?![\d./-])",
        _one_separator,
    )
    yield _rule("date", rf"\b{day}(?:st|nd|rd|th)?(?: of)?[ -](?:{months})\b\.?(?:,?[ -]{year})?")
    yield _rule(
        "date",
        rf"\b(?:{months})\.? {day}(?:st|nd|rd|th)?\b(?!\s*(?:%|mg|ml|kg|mm|cm|years?|weeks?|days?))(?:,? {year})?",
    )
    yield _rule("date", rf"\b(?:{months})\.?,? {year}\b")


def _one_separator(match: re.Match[str]) -> bool:
    # Two dots may be a decimal list ("1.2.19"), so only a four-digit year counts with them.
    marks = [c for c in match[0] if c in "-/."]
    return marks[0] == marks[1] and (marks[0] != "." or len(match[0].rpartition(".")[2]) == 4)


def is_identity_number(number: str) -> bool:
    """Whether 18 characters are a Chinese identity number: region, birth date and check character (GB 11643-1999)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, number, strict=False))
    return _is_day(number[6:14]) and "10X98765432"[total % 11] == number[17].upper()


def _is_old_identity_number(number: str) -> bool:
    return 11 <= int(number[:2]) <= 82 and _is_day("19" + number[6:12])


def _is_day(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    return 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31


def is_nhs_number(number: str) -> bool:
    """Whether ten digits are an NHS number: modulus 11 over the first nine (NHS Data Dictionary)."""
    digits = [int(c) for c in number if c.isdigit()]
    check = 11 - sum((10 - i) * digit for i, digit in enumerate(digits[:9])) % 11
    return check % 11 == digits[9] and check != 10 and len(set(digits)) > 1


def _luhn(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()][::-1]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _longest(alternatives: str) -> str:
    """The alternatives with longer ones first, so that a label is read whole."""
    return "|".join(sorted(alternatives.split("|"), key=len, reverse=True))


def _tight(characters: str) -> str:
    return "".join(characters.split())
