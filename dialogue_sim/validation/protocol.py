"""Protocol A as one piece: known groups, perturbations, attacks, repeats, and the statistics themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialogue_sim.runs.config import RunConfig
from dialogue_sim.scoring.selftest import Check as Tested
from dialogue_sim.scoring.selftest import self_test
from dialogue_sim.validation.checks import Check, Validation, told
from dialogue_sim.validation.groups import group_checks, groups
from dialogue_sim.validation.session import Session
from dialogue_sim.validation.specificity import attack_checks, retouched, same_again, specificity

ATTACKED = 6


async def validate(
    config: RunConfig, folder: Path, tell: Callable[[str], None] = lambda step: None
) -> Validation:
    """Check the instrument with the judges of `config`, over its cases.

    Args:
        folder: where the runs behind it are kept; the same folder resumes.
        tell: called with each step as it begins.

    Raises:
        UserError: something in the configuration is wrong.
        ModelError: a judge did not answer; the same command goes on from there.
    """
    session = Session(config, folder)
    tell("scripted doctors")
    found = await session.doctors()
    experts = found["expert"]
    tell("perturbations")
    effects, checks = await specificity(session, experts)
    tell("attacks")
    checks += await attack_checks(session, experts[:: max(len(experts) // ATTACKED, 1)])
    tell("repeat")
    again = await session.judge([(marked.case, retouched(marked)) for marked in experts], "repeat")
    checks.append(same_again(experts, again))
    tell("statistics")
    checks += [_statistic(check) for check in self_test()]
    return Validation(
        judges=[judge.model for judge in config.judges],
        rubric=session.rubric.id,
        cases=len(session.cases),
        groups=groups(found),
        effects=effects,
        checks=[*group_checks(found), *checks],
    )


def _statistic(tested: Tested) -> Check:
    low, high = tested.allowed
    from_, to = tested.found_ci95
    return Check(
        part="statistics",
        name=told(f"check_{tested.name}"),
        claim=told("check_between", low=f"{low:.0%}", high=f"{high:.0%}"),
        found=told("check_interval", rate=f"{tested.found:.1%}", low=f"{from_:.1%}", high=f"{to:.1%}"),
        holds=tested.passed,
    )
