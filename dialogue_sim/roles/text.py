"""How the roles read text: unified forms, sentences, and the pieces that retrieval compares."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

MAX_HEARD = 8_000
"""Characters of one doctor's turn that patient and examiner take in: more than anyone says before the other answers.
What a doctor wrote beyond them stands in the transcript and is judged, but asks nothing."""

_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "…": "."})
_CJK = re.compile(r"[㐀-鿿豈-﫿]")
_WORD = re.compile(r"[a-z][a-z']*|\d+(?:\.\d+)?")
_ABBREVIATED = re.compile(
    r"\b([ap])\.m\.(?= (?!(?:do|does|did|have|has|are|is|was|were|what|how|when|where|any|i|you|so|and you)\b)[a-z])"
)
# What stands in bold before a question of a list ("**Onset:** when did it begin?").
_LABEL = re.compile(r"\*\*[^*\n?]{1,40}?:?\*\*\s*:?\s*(?=[^\n?*]{4,}\?)")
_BULLETS = " \t-*•·#>"
_SENTENCE = re.compile(r"[^。!?;\n.]+(?:\.(?=\d|[a-z]\.)[^。!?;\n.]+)*[。!?;.]*")


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text in one form: NFKC, simplified characters, lower case, plain quotes, no control characters."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    if not text.isprintable():
        text = "".join(
            c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cn"}
        )
    if _CJK.search(text):
        text = str(_simplifier().convert(text))
    return re.sub(r"[^\S\n]+", " ", text).strip()


def sentences(folded: str) -> list[str]:
    """The sentences of a folded text, each with its closing mark, without the marks of lists and headings."""
    folded = _LABEL.sub("", _ABBREVIATED.sub(r"\1m", folded))
    return [
        found.strip(_BULLETS) for found in _SENTENCE.findall(folded) if found.strip(" .。!?;\n" + _BULLETS)
    ]


def mostly(folded: str) -> str:
    """The language a folded text is written in, `zh` or `en`; empty when it has too few words to tell."""
    characters, words = len(_CJK.findall(folded)), len(re.findall(r"[a-z]{2,}", folded))
    if characters + words < 3:
        return ""
    return "zh" if characters * 2 >= words else "en"


def written_in(folded: str, language: str) -> bool:
    """Whether a folded text holds words of a language."""
    return len(_CJK.findall(folded)) > 1 if language == "zh" else len(re.findall(r"[a-z]{2,}", folded)) > 1


@lru_cache(maxsize=2048)
def pieces(folded: str, language: str) -> tuple[str, ...]:
    """What retrieval compares: pairs of characters in Chinese, stemmed words in English."""
    if language == "en":
        return tuple(stem(word) for word in _WORD.findall(folded) if word not in _STOP_EN)
    runs = re.findall(r"[㐀-鿿]+|[a-z]+|\d+", folded)
    return tuple(
        piece
        for run in runs
        for piece in ([run] if run.isascii() else [run[i : i + 2] for i in range(len(run) - 1)] or [run])
        if not any(c in _STOP_ZH for c in piece)
    )


def characters(folded: str) -> tuple[str, ...]:
    """The Chinese characters of a folded text that say something."""
    return tuple(c for c in _CJK.findall(folded) if c not in _STOP_ZH)


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """An English word without its commonest endings."""
    word, cut = word.replace("'s", "").replace("'", ""), ""
    for ending in ("ations", "ation", "iness", "ings", "ing", "ies", "ied", "edly", "ed", "ly", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word, cut = word[: -len(ending)], ending
            break
    if len(word) > 3 and word[-1] in "eyi":
        word, cut = word[:-1], word[-1]
    doubled = len(word) > 3 and word[-1] == word[-2]
    return word[:-1] if doubled and cut not in {"y", "ies", "ied"} else word  # "sorry" is not "sore"


_STOP_ZH = frozenset(
    "的了是在有和也就都还很不没我你您他她它这那个一上下来去到说要会能吗呢吧啊么把被给对跟与呀嘛哦嗯请问想过得着哪什怎样"
)
_STOP_EN = frozenset(
    "a an the i you he she it we they my your his its our their me him them her is am are was were be been being do "
    "does did have has had having and or but if so to of in on at for with from by about as that this these those not no "
    "yes can could will would should may might just very really any some there here what when where which who how than "
    "then up out don't didn't i'm it's i've it'd got get gets getting ever also like know tell feel anything something else "
    "much many well okay ok please before after more other all one at last first new usual time times day days today now".split()
)
