"""What a clause of a doctor's turn names: of all the places where a topic is named, those that count."""

from __future__ import annotations

from collections.abc import Collection

from dialogue_sim.roles.patient.lexicon import Hit, Lexicon

# Topics of which an item may be asked for without a word of the topic itself.
_ITEMS_ALONE = ("history.past", "history.drug")


class Naming:
    """Settles which hits count, for one patient: their complaint and the topics on their record matter."""

    def __init__(self, words: Lexicon, complaint: Collection[str], recorded: Collection[str]) -> None:
        self._words = words
        self._complaint, self._recorded = frozenset(complaint), frozenset(recorded)

    def hits(self, clause: str) -> list[Hit]:
        """The hits that count in a folded clause, in order."""
        return self._settle(self._outside_broad(self._words.hits(clause), clause))

    def _outside_broad(self, hits: list[Hit], clause: str) -> list[Hit]:
        """The hits without those that are only part of a broad question ("where does it trouble you?")."""
        broad = self._words.broad.search(clause)
        if not broad:
            return hits
        return [
            hit
            for hit in hits
            if not hit.topic.startswith("hpi.") or hit.end <= broad.start() or hit.start >= broad.end()
        ]

    def _settle(self, hits: list[Hit]) -> list[Hit]:
        """The hits that count: the longest at each place, frames before what they hold, features after symptoms."""
        settled = self._longest(self._unframed(hits))
        if any(hit.topic != "hpi.associated" for hit in settled):
            settled = [hit for hit in settled if hit.topic != "hpi.associated"]
        feature = [hit for hit in settled if self.is_feature(hit)]
        matter = [hit for hit in settled if hit not in feature]
        if feature and matter:
            settled = feature if self._of_complaint(feature, matter) else matter
        return sorted(settled, key=lambda hit: hit.start)

    def _of_complaint(self, feature: list[Hit], matter: list[Hit]) -> bool:
        """Whether the matter named is only the complaint, whose feature is asked for."""
        if not any(set(hit.topics) & self._complaint for hit in matter):
            return False
        return bool(topics_of(feature) & self._recorded) or not topics_of(matter) & self._recorded

    def _unframed(self, hits: list[Hit]) -> list[Hit]:
        """The hits without those that a frame takes to itself; a longer frame goes first."""
        frames = [
            hit for hit in self._longest(hits) if hit.how != "item" and hit.topic in self._words.absorbs
        ]
        left = list(hits)
        for frame in sorted(frames, key=lambda hit: hit.start - hit.end):
            if frame in left:
                left = [
                    hit for hit in left if hit.topic == frame.topic or not self._words.takes(frame.topic, hit)
                ]
        framed = {hit.topic for hit in left if hit.how != "item"}
        return [hit for hit in left if hit.how != "item" or hit.topic in framed or hit.topic in _ITEMS_ALONE]

    def _longest(self, hits: list[Hit]) -> list[Hit]:
        return [hit for hit in hits if not any(self._covers(other, hit) for other in hits)]

    def _covers(self, other: Hit, hit: Hit) -> bool:
        """Whether another hit makes this one meaningless: it holds it, or overlaps it and is the longer of two features."""
        longer = other.end - other.start > hit.end - hit.start
        if (
            not longer
            or self._item_of(hit, other)
            or (other.topic.startswith("hpi.") and not hit.topic.startswith("hpi."))
        ):
            return False
        if other.start <= hit.start and hit.end <= other.end:
            return True
        return self.is_feature(other) and other.start < hit.end and hit.start < other.end

    @staticmethod
    def _item_of(hit: Hit, other: Hit) -> bool:
        return hit.how == "item" and other.topic == hit.topic and other.how == "topic"

    def is_feature(self, hit: Hit) -> bool:
        """Whether a hit names only a feature of the complaint, such as its onset."""
        return all(topic in self._words.features for topic in hit.topics)


def without(clause: str, hits: list[Hit]) -> str:
    """A clause without the words of the hits."""
    for hit in sorted(hits, key=lambda hit: hit.start - hit.end):
        words = clause[hit.start : hit.end]
        clause = f"{clause[: hit.start]}{' ' * len(words)}{clause[hit.end :]}"
    return clause


def topics_of(hits: list[Hit]) -> set[str]:
    """Every topic that the hits name."""
    return {topic for hit in hits for topic in hit.topics}
