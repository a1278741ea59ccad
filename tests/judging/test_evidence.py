import pytest
from scenes import Scene

from dialogue_sim.judging.evidence import quote_stands


@pytest.mark.parametrize(
    ("quote", "turns", "stands"),
    [
        ("疼的时候出汗吗？", [1], True),
        ("疼的時候，出汗嗎", [1], True),
        ("疼的时候出汗吗", [3], False),
        ("疼的时候出汗吗", [], False),
        ("疼的时候出汗吗", [99], False),
        ("胸口闷得慌", [0], False),
        ("疼的", [1], False),
        ("好的。", [3], True),
        ("", [1], False),
        ("。。。", [1], False),
        ("疼的时候……有没有晕倒", [1], True),
        ("有没有晕倒……疼的时候", [1], False),
        ("您得了心肌梗死", [1, 3], False),
        ("急性下壁心肌梗死", [-1], True),
    ],
)
def test_a_quote_counts_only_in_the_doctor_turns_it_names(
    scene: Scene, quote: str, turns: list[int], stands: bool
) -> None:
    scene.says("疼的时候出汗吗？有没有晕倒过？").says("好的。").closes("急性下壁心肌梗死")
    assert quote_stands(quote, turns, scene.transcript()) is stands
