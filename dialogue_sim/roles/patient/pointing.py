"""Questions that name nothing and only point back at the statement before them: "anything like that?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# English: an auxiliary and a pronoun, a word that points, and words that name no matter of their own.
_SHORT = re.compile(
    r"(?:and )?(?:do|does|did|have|has|had|are|is|was|were|can|could|would|will)(?:n't)? (?:you|he|she|it|they|that|this)"
    r"(?: (?:at all|too|yourself|himself|herself|ever|two|so))*|(?:how|what) about (?:you|him|her|them)|(?:and )?(?:you|he|she)"
    r"|(?:is|are|was|were|has|have) there(?: been)?(?: any| some| one)?|(?:can|could) you (?:tell|say)(?: me)?(?: that)?"
)
_POINTERS = frozenset("that those these this such either one ones yours his hers theirs".split())
_IDIOM = re.compile(
    r"\b(?:(?:sound|ring)s? (?:familiar|true|(?:any |a )?bells?)|sounds? like (?:you|him|her|them)|come to that|of the (?:sort|kind)"
    r"|(?:anything|something|nothing) there|(?:with|for) (?:you|him|her|them)|in (?:your|his|her|their) case)\b"
)
_EMPTY = frozenset(
    """a an the any anything something nothing some all at of in on with for to by about along lines like kind kinds sort
    sorts thing things same so too also and or but well then now just do does did don't doesn't
    didn't have has had haven't hasn't hadn't having is are was were isn't aren't wasn't weren't been be being can could
    may might you he she it they him her them your yourself himself herself themselves there
    hear heard notice noticed noticing feel felt feeling feels happen happened happens happening get gets got gotten getting
    go goes going experience experienced experiencing see seen saw find found recognise recognize recognised recognized
    apply applies applied true case fit fits describe describes i wonder wondered wondering if whether maybe perhaps ever
    yet here me tell how what spot spotted pick picked up come comes came sense sensed aware""".split()
)
# They ask how, when or which of what the statement names.
_ASKING = frozenset(
    "which when where who how much many often long far time times would will should say".split()
)
# These ask how the patient feels or fared, or whether the doctor may, or whether it is so for the first time.
_NOT = re.compile(
    r"^(?:and |so )*how (?:do|does|did|are|would) you feel\b|^(?:can|could|would|will) you (?:do|describe)\b"
    r"|\bever\b.*\bthis\b|\bthis ever\b|^(?:is|was) (?:that|this|it)(?: (?:so|all))?$|^tell me\b|\bdescribe (?:that|this|it)\b"
)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")

_HAS_POINTER_ZH = re.compile(
    r"[这那](?:种|样|类|些|个|方面|回事)|类似|此类|同样|上述|以上|一样|[是属]于?哪一?种"
)
_SHORT_ZH = re.compile(
    r"(?:那|那么|请问)?(?:您|你|他|她|孩子|宝宝)(?:自己|也)?(?:有没有|有无|有过|有|会不会|会|是不是)?(?:过)?(?:吗|么|没有|没|呢)"
)
_EMPTY_ZH = re.compile(
    r"(?!是这样)(?:那么?|所以|请问|不知道?|您|你|他|她|它|孩子|宝宝|小朋友|老人家?|自己|身上|这次|最近|平时|现在|目前|也|会不会|会|是不是|是否|"
    r"有没有|有无|有|出现|发生|碰到|遇到|遇见|觉得|感觉|感到|察觉|注意|留意|发现|过|到|的|了|一些|什么|任何|[这那](?:种|样|类|些|个|方面|回事)|"
    r"类似|此类|同样|上述|以上|情况|情形|现象|症状|表现|问题|时候|体验|经历|事情|事|不是|是|属于|哪一?种|像|如此|一样|吗|呢|么|没有|没|嘛|吧|啊)+"
)


def points_back(sentence: str, language: str) -> bool:
    """Whether a folded question, without its closing mark, asks only whether the statement before it is so."""
    if language == "zh":
        return _SHORT_ZH.fullmatch(sentence) is not None or (
            _HAS_POINTER_ZH.search(sentence) is not None and _EMPTY_ZH.fullmatch(sentence) is not None
        )
    words = _WORD.findall(sentence)
    if _NOT.search(sentence):
        return False
    if _SHORT.fullmatch(" ".join(words).removeprefix("so ")):
        return True
    rest = _IDIOM.sub(" ", sentence)
    pointed = rest != sentence or not _POINTERS.isdisjoint(words)
    return pointed and (_EMPTY | _POINTERS | _ASKING).issuperset(_WORD.findall(rest))


class Pointing(NamedTuple):
    """A sentence that points back at the statement before it.

    Attributes:
        asked: the pieces that ask when, which or how much of what the statement names ("what time would that be").
        besides: the pieces that name a matter of their own.
    """

    asked: list[str]
    besides: list[str]


def pointing(pieces: Sequence[str], language: str) -> Pointing | None:
    """What a sentence in these pieces asks, if it points back at the statement before; None if it does not."""
    if not points_back(pieces[0], language):
        return None
    empty = [piece for piece in pieces if piece == pieces[0] or _names_nothing(piece, language)]
    return Pointing(
        [piece for piece in empty if not _ASKING.isdisjoint(_WORD.findall(piece))],
        [piece for piece in pieces if piece not in empty],
    )


def _names_nothing(piece: str, language: str) -> bool:
    if language == "zh":
        return _EMPTY_ZH.fullmatch(piece) is not None
    return (_EMPTY | _POINTERS | _ASKING).issuperset(_WORD.findall(piece))
