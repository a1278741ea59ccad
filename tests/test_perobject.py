"""What is worked out once for an object is that object's own, and goes with it."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from dialogue_sim.cases import content_hash, load_cases
from dialogue_sim.perobject import once_per_object


@dataclass(frozen=True)
class Thing:
    name: str


def test_the_work_is_done_once_for_each_object_and_forgotten_with_it() -> None:
    done: list[str] = []

    @once_per_object
    def shout(thing: Thing) -> str:
        done.append(thing.name)
        return thing.name.upper()

    one, same = Thing("a"), Thing("a")
    assert [shout(one), shout(one), shout(same)] == ["A", "A", "A"]
    assert done == ["a", "a"]
    for number in range(50):  # numbers of objects are given again as soon as one is gone
        assert shout(Thing(str(number))) == str(number)
    gc.collect()
    assert len(done) == 52


def test_a_changed_copy_of_a_case_has_another_hash() -> None:
    (case,) = load_cases(limit=1)
    before = content_hash(case)
    assert content_hash(case.model_copy(update={"title": "another"})) != before
    assert content_hash(case.model_copy()) == content_hash(case) == before
