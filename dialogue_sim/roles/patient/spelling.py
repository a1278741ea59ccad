"""English as it was meant: a mistyped word is read as the known word that it nearly is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from dialogue_sim.roles.text import fold, stem

# Shorter words are too often one letter away from another.
_WORD = re.compile(r"[a-z]+")
_LONG = re.compile(r"\b[a-z]{5,}\b")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Spelling:
    """The words that are known, and so the ones that a slip of a letter may have been meant for."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._stems = frozenset(map(stem, self._known))

    def mended(self, folded: str, own: Callable[[], Collection[str]]) -> str:
        """A folded text with every long unknown word put right where just one known word is a letter away.

        `own` tells further words that are known, those of the patient who is asked; it is called when a word is unknown.
        """
        return _LONG.sub(lambda found: self._nearest(found.group(), own), folded)

    def _nearest(self, word: str, own: Callable[[], Collection[str]]) -> str:
        if word in self._known or stem(word) in self._stems or word in own():
            return word
        near = {other for other in _slips(word) if other in self._known or other in own()}
        return near.pop() if len({stem(other) for other in near}) == 1 else word


def _slips(word: str) -> Iterator[str]:
    """Every word that one slip of a letter behind the first makes of a word."""
    for i in range(1, len(word) + 1):
        head, tail = word[:i], word[i:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The English words of texts."""
    return frozenset(word for text in texts for word in _WORD.findall(fold(text)))
