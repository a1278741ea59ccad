"""How an English sentence falls into the clauses that ask something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialogue_sim.roles.patient.lexicon import Lexicon
from dialogue_sim.roles.patient.pointing import points_back

_AUXILIARY = (
    "do|does|did|don't|doesn't|didn't|have|has|had|haven't|hasn't|are|is|was|were|aren't|isn't|wasn't|weren't|can|could|"
    "would|will|should|might|may"
)
_START = (
    rf"(?!don't (?:be|worry|mind|take|get|feel|think)\b)(?:{_AUXILIARY})|"
    r"how|how's|what|what's|what'd|when|when's|where|where's|which|who|who's|why|tell|describe"
)
_SPLIT = re.compile(
    rf"(?:\s*[,:]\s*(?:and |or |but |also |so )?|\s(?:and|or|but|so)\s)(?=(?:{_START})\b)|[,:]\s*(?:and |or )?(?=any\b)"
)
_LEAD = r"^(?:and |so |but |or |also |ok,? |okay,? |right,? |now,? |then,? |well,? )*"
_STARTER = re.compile(rf"{_LEAD}(?:{_START}|any|anything|anyone|anybody|ever)\b")
_SCENE = re.compile(
    rf"{_LEAD}(?:when|whenever|if|once|while|after|before|since|as|where)\b(?! (?:{_AUXILIARY}|'?s)\b)"
    rf"(?!.* (?:{_AUXILIARY}) (?:you|he|she|it|they|there|your|his|her|the|any)\b)"
)
_TAG = re.compile(
    rf"^(?:{_AUXILIARY})(?:n't)? (?:you|he|she|it|they|there|that|this|we|i)(?: not)?(?: right| correct| so| true)?$"
    r"|^(?:right|correct|yes|no|yeah)$"
)
_PRESUMED = re.compile(r"[, ]i (?:take it|gather|presume|assume|suppose|imagine|trust)$")
_PREFIX_WORDS = 8
_LAST = re.compile(r"\s*[,:]\s*")


def clauses(sentence: str) -> list[str]:
    """The parts of a folded sentence, cut where another question begins."""
    return [piece.strip() for piece in _SPLIT.split(sentence) if piece.strip()]


def presumes(sentence: str) -> bool:
    """Whether a statement waits to be confirmed: "you've not fainted, I take it"."""
    return _PRESUMED.search(sentence) is not None


def joined(pieces: list[str], words: Lexicon) -> Iterator[tuple[str, bool]]:
    """The clauses that may ask, each with whether it begins as a question.

    A short piece sets the scene for the question behind it ("your bowels, …"), one such as "when you
    cough, …" only for a question that names nothing itself; longer talk before a question is left out.
    """
    scene, circumstance = "", True
    for i, piece in enumerate(pieces):
        following = pieces[i + 1] if i + 1 < len(pieces) else ""
        starts = _STARTER.match(piece) is not None and not _SCENE.match(piece)
        if not starts and following:
            circumstance = circumstance and _SCENE.match(piece) is not None
            leads = _SCENE.match(piece) or _TAG.match(following) or points_back(following, "en")
            if leads or len(piece.split()) <= _PREFIX_WORDS:
                scene = f"{scene} {piece}".strip()
            elif not _STARTER.match(following):
                yield piece, words.says("tell", piece)
            elif (
                not _names_a_matter(following, words)
                and len((last := _LAST.split(piece)[-1]).split()) <= _PREFIX_WORDS
            ):
                scene, circumstance = last, False
            continue
        tag = _TAG.match(piece) is not None
        needed = tag or not circumstance or not _names_a_matter(piece, words)
        clause = f"{scene} {piece}".strip() if needed else piece
        scene, circumstance = "", True
        stripped = words.beside.sub(" ", clause).strip(" ,")
        yield stripped or clause, starts or words.says("question", piece) or words.says("tell", piece)


def _names_a_matter(piece: str, words: Lexicon) -> bool:
    """Whether a piece names a topic of its own, rather than a feature of something."""
    return any(not set(hit.topics) <= words.features for hit in words.hits(piece))
