"""Two runs in pairs: differences are B − A, the right tests with the right corrections, cases that moved."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from made_runs import CAPS, make_run, steady
from scipy.stats import binomtest, false_discovery_control

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.comparison_pages import comparison_page
from dialogue_sim.reports.comparisons import Compared, compared
from dialogue_sim.reports.entries import read_entries, require_comparable
from dialogue_sim.reports.pages import markdown


def compare(a: Path, b: Path, *, force: bool = False, margin: float = 1.0) -> Compared:
    entries = read_entries([f"A={a}", f"B={b}"])
    return compared(*entries, require_comparable(entries, force=force), margin=margin)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("compare")
    base = steady(0.6)

    def kinder(case: str, item: str, replicate: int, chance: random.Random) -> float:
        found = base(case, item, replicate, chance)
        return 1.0 if item in ("B6", "B7") else found

    def doctor(seed: str, value):
        # The same chance for both runs, so that they differ in nothing but what was changed.
        return lambda case, item, replicate, chance: value(
            case, item, replicate, random.Random(f"{case} {item} {replicate}")
        )

    return {
        "before": make_run(root / "before", "openai:m", doctor("x", base)),
        "after": make_run(root / "after", "openai:m", doctor("x", kinder)),
        "worse": make_run(
            root / "worse", "openai:m", doctor("x", steady(0.4)),
            caps=lambda case, replicate: ["G2"] if case.endswith("5") else [],
        ),
        "gaps": make_run(root / "gaps", "openai:m", doctor("x", base), skip=lambda case, replicate: case == "en-case-004"),
    }  # fmt: skip


def test_differences_are_b_minus_a(folders: dict[str, Path]) -> None:
    found = compare(folders["before"], folders["after"])
    assert found.finding == "better"
    assert found.comparison.score.mean == pytest.approx(found.b.score - found.a.score)
    assert found.comparison.score.mean > 0
    assert found.comparison.dimensions["communication"].mean > 0
    assert found.comparison.dimensions["safety"].mean == 0
    low, high = found.dimension_means["communication"]
    assert found.comparison.dimensions["communication"].mean == pytest.approx(high - low)
    back = compare(folders["after"], folders["before"])
    assert back.finding == "worse"
    assert back.comparison.score.mean == pytest.approx(-found.comparison.score.mean)


def test_the_items_that_changed_are_found_and_no_others(folders: dict[str, Path]) -> None:
    found = compare(folders["before"], folders["after"])
    assert {item.item for item in found.items if item.p_fdr <= 0.05} == {"B6", "B7"}
    assert {item.item for item in found.items[:2]} == {"B6", "B7"}
    assert all(item.mean == 0 and item.p == 1 for item in found.items[2:])
    first = found.items[0]
    assert first.mean == pytest.approx(1.0 - first.mean_a)
    assert first.ci95 is not None
    assert first.ci95[0] <= first.mean <= first.ci95[1]


def test_item_tests_agree_with_the_exact_sign_test_and_scipys_fdr(folders: dict[str, Path]) -> None:
    a, b = read_entries([f"A={folders['before']}", f"B={folders['worse']}"])
    found = {item.item: item for item in compare(folders["before"], folders["worse"]).items}
    of_a, of_b = a.item_values, b.item_values
    assert not of_a.keys() & set(CAPS)
    names = list(of_a)
    for name in names:
        gaps = [of_b[name][case] - of_a[name][case] for case in sorted(of_a[name])]
        up, down = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
        exact = binomtest(up, up + down).pvalue if up + down else 1.0
        assert found[name].p == pytest.approx(exact, abs=0.02)
        assert found[name].mean == pytest.approx(sum(gaps) / len(gaps))
    corrected = false_discovery_control([found[name].p for name in names])
    assert [found[name].p_fdr for name in names] == pytest.approx(list(corrected))


def test_rates_stand_on_the_right_side(folders: dict[str, Path]) -> None:
    found = compare(folders["before"], folders["worse"])
    cap = found.comparison.caps["G2"]
    page = comparison_page(found, "en")
    row = next(cells for cells in page.tables[1].rows if cells[0].text.startswith("G2"))
    assert [cell.text for cell in row[1:4]] == ["0.0 %", "10.0 %", "+10.0"]
    assert cap.mean == pytest.approx(0.1)
    assert found.finding == "worse"


def test_the_cases_that_moved_most_are_shown_from_both_ends(folders: dict[str, Path]) -> None:
    found = compare(folders["before"], folders["worse"])
    assert found.cases == sorted(found.cases, key=lambda case: (case.mean, case.case))
    shown = [row[0].text for row in comparison_page(found, "zh").tables[3].rows]
    assert shown[0] == found.cases[0].case
    assert len(shown) <= 16


def test_nothing_changed_is_no_worse_and_few_cases_are_undecided(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    same = compare(folders["before"], folders["gaps"])
    assert same.finding == "not_worse"
    assert same.left_out == {"A": ["en-case-004"]}
    assert "at most 1 points worse" in comparison_page(same, "en").headline[0]
    few = [make_run(tmp_path / name, f"openai:{name}", steady(0.5), cases=4) for name in ("x", "y")]
    found = compare(*few)
    assert found.finding == "undecided"
    assert "too few" in comparison_page(found, "en").headline[0]
    assert "太少" in comparison_page(found, "zh").headline[0]


def test_both_languages_hold_the_same_figures(folders: dict[str, Path]) -> None:
    found = compare(folders["before"], folders["worse"])
    zh, en = (markdown(comparison_page(found, language)) for language in ("zh", "en"))
    for difference in (found.comparison.score, *found.comparison.dimensions.values()):
        assert f"{difference.mean:+.1f}" in zh
        assert f"{difference.mean:+.1f}" in en
    pages = [comparison_page(found, language) for language in ("zh", "en")]
    numbers = [[row[2:] for row in page.data.rows] for page in pages]
    assert numbers[0] == numbers[1]
    assert len(pages[0].data.rows) == 1 + 5 + 4 + 2 + 39 + 40


def test_what_cannot_be_compared_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    other = make_run(tmp_path / "o", "openai:o", steady(0.5), changes={"simulation.turns": 5})
    with pytest.raises(ConfigError, match="turn limit"):
        compare(folders["before"], other)
    assert compare(folders["before"], other, force=True).differing[0].key == "turn_limit"
    (folders["gaps"] / "verdicts.jsonl").rename(folders["gaps"] / "elsewhere")
    with pytest.raises(ConfigError, match=r"verdicts\.jsonl"):
        compare(folders["before"], folders["gaps"])
    (folders["gaps"] / "elsewhere").rename(folders["gaps"] / "verdicts.jsonl")
