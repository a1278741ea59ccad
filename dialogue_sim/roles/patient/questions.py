"""A doctor's turn, taken apart: which clauses ask, and what else the turn does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dialogue_sim.roles.patient import english
from dialogue_sim.roles.patient.bank import bank
from dialogue_sim.roles.patient.cheating import cheats
from dialogue_sim.roles.patient.lexicon import ABOUT, Lexicon, lexicon
from dialogue_sim.roles.patient.pointing import Pointing, pointing
from dialogue_sim.roles.requests import orders
from dialogue_sim.roles.text import fold, mostly, sentences, written_in

# A final particle ends a question, whether or not a comma follows it ("抽烟吗喝酒吗").
_SPLIT_ZH = re.compile(r"[,:，：~]+|-{2,}|(?<=吗)(?=[一-龥]{2})|(?<=了没)(?=[一-龥])(?!有)")
_ADDRESS_ZH = re.compile(
    r"^(?:(?:您好|你好|哎|那|嗯)[,，]?)?(?:[一-龥]?(?:兄弟|同学|先生|女士|老师|师傅|大哥|大姐|老哥|大叔|叔叔|阿姨|大爷|大妈|大娘)"
    r"|小伙子|姑娘|朋友|老乡|老板|美女|帅哥|宝妈|宝爸)[,，、](?=[一-龥])"
)
_THROUGH = re.compile(r"\b(?:walk|talk|take|run|lead) me through\b")
# What goes on with the question before it.
_MORE = {
    "en": re.compile(
        r"(?:including|includes|such as|for example|for instance|e\.g|especially|particularly|not even)\b"
    ),
    "zh": re.compile(r"(?:也?包括|包含|比如|例如|譬如|像是?|尤其是?|特别是|连)"),
}
_ENDS = "?!.。;,~ "
_BRIEF = {"en": 40, "zh": 14}
_FEW = 2  # matters that a question may ask for in full
_A_NOT_A = re.compile(r"([一-龥]{1,2})[不没]\1")
_FILLED = re.compile(r"(?<!\w)(?:um+|uh+|er|erm|hm+|mm+|you know|i mean)(?!\w),?")
_PARTS = re.compile(r"\s*[,:]\s*")
_ASIDE = re.compile(r"\([^()]{0,60}\)")

# The marks that a turn, a sentence or a clause can carry; each names an entry of `turns:` in the lexicon.
TURN_MARKS = (
    "empathy",
    "private",
    "small_talk",
    "goodbye",
    "invite",
    "teach_back",
    "abuse",
    "curt",
    "jargon",
    "diagnosis",
)

_OF_STATEMENTS = {"advice", "request", "diagnosis"}


@dataclass
class DoctorTurn:
    """A doctor's turn as the selector sees it.

    Attributes:
        clauses: the clauses that ask something, folded, without what they only refer back to.
        sentence_of: the number of the sentence that each clause stands in.
        sentences: all sentences that ask or name something, folded, without the talk around it.
        marks: what else the turn does (`TURN_MARKS`, and request, advice, attack, greedy, confirm,
            consent, foreign).
        questions: how many clauses ask.
    """

    clauses: list[str] = field(default_factory=list)
    sentence_of: list[int] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)

    @property
    def questions(self) -> int:
        return len(self.clauses)

    def sentence(self, place: int) -> str:
        """What asks in the same sentence as this clause, or the whole turn where nothing else in it asks."""
        if len(self.clauses) == 1:
            return ", ".join(self.sentences) or self.clauses[0]
        mine = self.sentence_of[place]
        return ",".join(
            clause for clause, other in zip(self.clauses, self.sentence_of, strict=True) if other == mine
        )


def take_apart(text: str, language: str) -> DoctorTurn:
    """Take a doctor's turn apart, for a patient who speaks `language`."""
    words, turn = lexicon(language), DoctorTurn()
    folded = fold(text)
    # Every cheat is tried in both languages, whichever the patient speaks.
    if any(
        written_in(folded, other) and cheats(_tight(folded, other), lexicon(other)) for other in ("zh", "en")
    ):
        turn.marks.add("attack")
    if mostly(folded) not in {language, ""}:
        turn.marks.add("foreign")
        return turn
    folded = words.plain(folded)
    unmarked = "?" not in folded
    before, marks = "", set(turn.marks)
    for number, sentence in enumerate(sentences(_ASIDE.sub("", folded))):
        tight = _tight(sentence, language)
        if number - 1 in turn.sentence_of and _MORE[language].match(tight):
            tight = f"{tight.rstrip(_ENDS)}?"  # "…? Including the pill."
        if number - 1 not in turn.sentence_of and (points := _pointing(tight, before, words)):
            # What the doctor told of people in general is asked of this one; it orders and explains nothing.
            turn.marks -= _OF_STATEMENTS - marks
            turn.clauses.append(", ".join((before.rstrip(_ENDS), *points.asked)))
            if points.besides:
                _sentence(f"{', '.join(points.besides)}?", words, turn, unmarked)
        else:
            marks = set(turn.marks)
            _sentence(tight, words, turn, unmarked)
        before = tight
        asked = len(turn.clauses) - len(turn.sentence_of)
        turn.sentence_of += [number] * asked
        said = _telling(tight.rstrip(_ENDS), words)
        if asked or not bank(language).idle(said):
            turn.sentences.append(said)
    if not turn.clauses and not turn.marks and len(folded) <= _BRIEF[language]:
        _catchword(_tight(folded, language).rstrip(_ENDS), words, turn)
    return turn


def _pointing(sentence: str, before: str, words: Lexicon) -> Pointing | None:
    """What a sentence that only points back at the one before asks of it; None where it does not point back."""
    if not before or before.endswith("?") or words.says("recap", before) or words.says("greedy", before):
        return None
    bare = sentence.rstrip(_ENDS).strip(" ,")
    pieces = english.clauses(bare) if words.language == "en" else [bare]
    found = pointing(pieces, words.language) if bare else None
    told = before.rstrip(_ENDS)
    return found if found and (_named(told, words) or not bank(words.language).idle(told)) else None


def _catchword(bare: str, words: Lexicon, turn: DoctorTurn) -> None:
    """Take a turn that only names a topic ("allergies to any medicines") as a question about it."""
    if _named(bare, words) and not words.says("intends", bare):
        turn.clauses, turn.sentence_of = [bare], [0]


def _tight(text: str, language: str) -> str:
    """Chinese is searched without spaces and names called out, English without the sounds of thinking."""
    if language == "zh":
        return _ADDRESS_ZH.sub("", re.sub(r"\s+", "", text))
    return re.sub(r"\s+", " ", _THROUGH.sub("tell me about", _FILLED.sub(" ", text))).strip(" ,")


def _sentence(sentence: str, words: Lexicon, turn: DoctorTurn, unmarked: bool) -> None:
    """Read one sentence into `turn`; `unmarked` tells that the whole turn bears no question mark."""
    bare = sentence.rstrip(_ENDS).strip(" ,")
    asks = sentence.endswith("?") or english.presumes(bare)
    found = {mark for mark in TURN_MARKS if words.says(mark, bare)} - ({"diagnosis"} if asks else set())
    turn.marks |= found
    if words.says("greedy", bare) and not _of_few_matters(bare, words):
        turn.marks.add("greedy")
        return
    if words.says("choice", bare):
        turn.marks.add("consent")
        return
    ending = found & {"invite", "teach_back", "goodbye"}
    if ending and asks and any(not hit.topic.startswith(("hpi.", "view.")) for hit in words.hits(bare)):
        turn.marks -= ending
    elif ending:
        return
    if words.says("recap", bare) and (words.says("confirm", bare) or not asks):
        turn.marks.add("confirm")
        return
    if words.says("conditional", bare) and not asks:
        turn.marks.add("advice")
        return
    tells = any(words.says("tell", part) for part in _PARTS.split(bare))
    bare = _telling(bare, words)
    if not _named(bare, words) and not _about_them(bare, words) and bank(words.language).idle(bare):
        return
    pieces = english.clauses(bare) if words.language == "en" else [p for p in _SPLIT_ZH.split(bare) if p]
    ordered = [piece for piece in pieces if orders(piece, words.language)]
    if ordered or orders(bare, words.language):
        turn.marks.add("request")
    if (
        not ordered
        and "request" in turn.marks
        and len(pieces) > 1
        and not any(_asking(p, words) for p in pieces)
    ):
        return
    for clause, marked in _clauses([piece for piece in pieces if piece not in ordered], words):
        if words.says("consent", clause) and not _named(clause, words):
            turn.marks.add("consent")
        elif words.says("confirm", clause) and not _named(clause, words):
            turn.marks.add("confirm")
        elif (
            asks
            or words.says("tell", clause)
            or (marked and (tells or (unmarked and _plainly_asks(clause, words))))
        ):
            turn.clauses.append(_A_NOT_A.sub(r"\1", clause))
        elif words.says("advice", clause) or words.says("diagnosis", clause):
            turn.marks.add("advice")


def _telling(sentence: str, words: Lexicon) -> str:
    """A sentence without the talk around its question ("I ask everyone this, don't be offended: …")."""
    parts = _PARTS.split(sentence)
    if len(parts) == 1:
        return sentence
    idle = bank(words.language).idle
    asks = any(_asking(part, words) and _named(part, words) for part in parts)
    kept = [
        part
        for part in parts
        # "…, please tell me" is idle beside a question, and the question where there is no other.
        if _named(part, words) or not idle(part) or (not asks and words.says("tell", part))
    ]
    return (", " if words.language == "en" else ",").join(kept) or sentence


def _of_few_matters(sentence: str, words: Lexicon) -> bool:
    """Whether what is to be told in full is only a matter or two ("list all your medicines")."""
    topics = {hit.topic for hit in words.hits(sentence) if not set(hit.topics) <= words.features}
    return 0 < len(topics) <= _FEW


def _plainly_asks(clause: str, words: Lexicon) -> bool:
    """Whether a clause without a question mark is a question all the same."""
    return (
        words.says("strong", clause)
        and not words.says("advice", clause)
        and not words.says("diagnosis", clause)
    )


def _about_them(sentence: str, words: Lexicon) -> bool:
    """Whether a sentence may ask who the patient is."""
    return any(words.says(mark, sentence) for mark in ABOUT)


def _named(clause: str, words: Lexicon) -> bool:
    return bool(words.hits(clause))


def _clauses(pieces: list[str], words: Lexicon) -> Iterator[tuple[str, bool]]:
    """The clauses out of a sentence's pieces that may ask, each with whether it bears a question's marks."""
    kept = [piece for piece in pieces if not _refers_back(piece, words)]
    if not any(_named(piece, words) or _asking(piece, words) for piece in kept):
        kept = pieces
    yield from (_join_zh if words.language == "zh" else english.joined)(kept, words)


def _refers_back(piece: str, words: Lexicon) -> bool:
    if words.says("reason", piece):
        return True
    return words.says("context", piece) and not (words.language == "zh" and _asking(piece, words))


def _asking(piece: str, words: Lexicon) -> bool:
    return words.says("question", piece) or words.says("tell", piece)


def _join_zh(pieces: list[str], words: Lexicon) -> Iterator[tuple[str, bool]]:
    """A piece without a question's mark belongs to the next one when it sets the scene, else to the one before."""
    joined: list[tuple[str, bool]] = []
    scene = ""
    for i, piece in enumerate(pieces):
        marked = _asking(piece, words)
        if marked or (scene and i + 1 == len(pieces)):
            joined.append((scene + ("," if scene else "") + piece, marked))
            scene = ""
        elif i + 1 < len(pieces) and (not joined or words.says("setting", piece)):
            scene = f"{scene},{piece}".strip(",")
        elif joined:
            joined[-1] = (f"{joined[-1][0]}、{piece}", joined[-1][1])
        else:
            joined.append((piece, False))
    for clause, marked in [part for whole in joined for part in _own_zh(*whole)]:
        yield words.beside.sub("", clause).strip(",") or clause, marked


def _own_zh(clause: str, marked: bool) -> Iterator[tuple[str, bool]]:
    """ "… in the family, or have you yourself …" asks two things."""
    for part in re.split(r",(?=(?:或者?|以及|还有)?(?:您|你)?(?:自己|本人))", clause):
        yield part, marked
