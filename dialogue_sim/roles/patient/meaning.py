"""What words mean to one another: those by which doctors ask about the same matter are near."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.cases.load import case_files, load_cases
from dialogue_sim.resources import bundled
from dialogue_sim.roles.learned import Learned, identity, kept, sources
from dialogue_sim.roles.patient.bank import bank, topic_questions
from dialogue_sim.roles.patient.features import Reading
from dialogue_sim.roles.patient.hashing import Hashes, Table
from dialogue_sim.roles.patient.lexicon import lexicon

_DIMENSIONS = 200
_MET = 4  # documents in which a word must be met
_TINY = 1e-9  # instead of 0, to divide by


class Meaning:
    """Latent semantic analysis of questions (Deerwester et al., 1990), where those about one matter are one document.

    Args:
        words: the hashes of all words that have a vector, ascending.
        vectors: one for each word, of unit length times how rare it is.

    Attributes:
        name: a hash of the vectors, for what is learned of questions described by them.
    """

    def __init__(self, words: Hashes, vectors: NDArray[np.float16]) -> None:
        self.name = identity(words.tobytes(), vectors.tobytes())
        self._table, self._vectors = Table(words), vectors

    def of(self, features: Hashes) -> NDArray[np.float32]:
        """What a question with these features means: a vector of length 1, or of zeros where no word is known."""
        rows, held = self._table.find(features)
        vector: NDArray[np.float32] = np.add.reduce(self._vectors[rows[held]], dtype=np.float32)
        return vector / (math.sqrt(vector @ vector) or 1.0)


@cache
def meaning(language: str) -> Meaning:
    """The meanings of a language's words, by its example questions and those of the bundled cases.

    Learned in some 6 s at first use, then kept.
    """
    files = case_files(bundled("cases"))
    words = bank(language)
    name = identity(
        sources("patient/meaning.py"), words.name.encode(), *(file.read_bytes() for file in files)
    )
    found = kept(name, lambda: learned(_matters(language), words.thesaurus))
    return Meaning(found["words"], found["vectors"])


def _matters(language: str) -> list[list[str]]:
    """The folded questions of every topic, and of every fact of the bundled cases."""
    read = lexicon(language).read
    return [
        *topic_questions(language).values(),
        *(
            [read(question) for question in asked]
            for case in load_cases(language=language)
            for asked in case.questions.facts.values()
        ),
    ]


def learned(documents: Iterable[Sequence[str]], reading: Reading) -> Learned:
    """Learn the `vectors` of `words`, by their hashes, from documents of folded questions."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import svds

    counted = [
        Counter(
            feature
            for question in document
            for feature in reading.features(question)
            if not reading.compound(feature)
        )
        for document in documents
    ]
    met = Counter(word for counts in counted for word in counts)
    words = sorted(word for word, times in met.items() if times >= _MET)
    hashes, places = Table.of(words)
    column = dict(zip(words, places.tolist(), strict=True))
    rarity = np.log(len(counted) / np.bincount(places, [met[word] for word in words]))
    rows, columns, times = np.array(
        [
            (row, column[word], times)
            for row, counts in enumerate(counted)
            for word, times in counts.items()
            if word in column
        ]
    ).T
    amounts = np.sqrt(times) * rarity[columns]
    lengths = np.sqrt(np.bincount(rows, amounts**2, len(counted))) + _TINY
    table = csr_array((amounts / lengths[rows], (rows, columns)), shape=(len(counted), len(hashes)))
    # From the same start, so that the same is learned each time.
    _, strengths, directions = svds(
        table, k=min(_DIMENSIONS, *(n - 1 for n in table.shape)), v0=np.ones(min(table.shape))
    )
    vectors = directions.T * strengths
    # A direction may come out as its own opposite; the strongest word decides which of the two it is.
    vectors *= np.sign(vectors[np.argmax(abs(vectors), axis=0), np.arange(len(strengths))])
    vectors *= (rarity / (np.linalg.norm(vectors, axis=1) + _TINY))[:, None]
    return {"words": hashes, "vectors": vectors.astype(np.float16)}
