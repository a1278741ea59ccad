"""`validate` holds for the bundled rubric, and fails as soon as one item no longer measures what it says."""

from __future__ import annotations

from pathlib import Path

from dialogue_sim.resources import bundled
from dialogue_sim.runs.config import DoctorConfig, RunConfig
from dialogue_sim.validation.groups import group_checks
from dialogue_sim.validation.session import Session
from dialogue_sim.validation.specificity import attack_checks, specificity

CASES = ["zh-chest-tightness-driver", "en-chest-tightness-driver", "zh-sweaty-teacher", "en-headaches-designer",
         "zh-puffy-legs-carpenter", "en-cold-leg-ferry-purser"]  # fmt: skip


def session(folder: Path, rubric: str) -> Session:
    config = RunConfig(doctor=DoctorConfig(model="scripted:expert"), cases=CASES, rubric=rubric)
    return Session(config, folder)


async def failing(folder: Path, rubric: str) -> set[str]:
    held = session(folder, rubric)
    found = await held.doctors()
    effects, checks = await specificity(held, found["expert"])
    assert effects
    checks += group_checks(found)
    checks += await attack_checks(held, found["expert"][:1])
    return {check.name["en"] for check in checks if not check.holds}


async def test_every_claim_holds_for_the_bundled_rubric(tmp_path):
    assert await failing(tmp_path, "clinical-dialogue") == set()


async def test_an_item_broken_on_purpose_is_noticed(tmp_path):
    text = (bundled("judges") / "clinical-dialogue.yaml").read_text(encoding="utf-8")
    empathy = next(block for block in text.split("  - id: ") if block.startswith("B6\n"))
    assert "lexicon: empathy" in empathy
    file = tmp_path / "broken.yaml"
    file.write_text(
        text.replace(empathy, empathy.replace("lexicon: empathy", "lexicon: greeting")), encoding="utf-8"
    )
    assert "no_empathy: B6" in await failing(tmp_path / "runs", str(file))
