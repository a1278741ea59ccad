"""How large a run must be: the plan behind `power`, from a pilot or from assumed noise.

A pilot is a few runs over the same cases; its components of variance say what blurs a difference of two
models. Without a pilot one of three assumptions stands in, or three standard deviations of your own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.judging.verdict import Judgement, Verdict
from dialogue_sim.reports.entries import Entry, rubric_of
from dialogue_sim.reports.runfiles import read_judgements
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.power import (
    CENTRAL,
    OPTIMISTIC,
    PESSIMISTIC,
    Noise,
    Plan,
    Target,
    detectable_difference,
    plans,
    power_of,
)
from dialogue_sim.scoring.rollup import case_score
from dialogue_sim.scoring.variance import Components, Observation, components, decision_study, observations

ASSUMED: Mapping[str, Noise] = {"optimistic": OPTIMISTIC, "central": CENTRAL, "pessimistic": PESSIMISTIC}

DEPENDABLE = 0.90
"""Φ from which a design is called dependable."""


class StudyRow(Figures):
    """One design of the decision study: cases × runs × votes.

    Attributes:
        detectable: smallest difference of two models it finds with the wanted power, in points.
        power: probability that it finds the wanted difference, in [0, 1].
        e_rho2, phi: as in `scoring.variance.Design`; None without a pilot.
        dialogues, votes_cast: per model.
        tokens: per model, by what the pilot used; None without one.
        enough: it finds the wanted difference and, where Φ is known, is dependable.
    """

    cases: int
    runs: int
    votes: int
    detectable: float
    power: float
    e_rho2: float | None
    phi: float | None
    dialogues: int
    votes_cast: int
    tokens: float | None
    enough: bool


class Planned(Figures):
    """Everything `power` prints.

    Attributes:
        source: `optimistic`, `central`, `pessimistic`, `given` or `pilot`.
        noise: standard deviations in points: model × case, between runs, between votes.
        plans: designs that separate two models by `difference` points, fewest dialogues first.
        study: the decision study, smallest design first.
        usage: tokens of one dialogue, and of one vote on it, as the pilot used them.
    """

    schema_: Literal["dialogue-sim/power/1"] = Field(default="dialogue-sim/power/1", alias="schema")
    source: str
    pilot: list[str]
    noise: dict[str, float]
    difference: float
    power: float
    target: Target
    plans: list[Plan]
    study: list[StudyRow]
    components: Components | None
    usage: dict[str, float]


def assumed_noise(text: str) -> tuple[str, Noise]:
    """The noise that `--noise` names: a word, or three numbers such as `6,8,4`.

    Raises:
        ConfigError: it is neither.
    """
    if text in ASSUMED:
        return text, ASSUMED[text]
    try:
        model_case, seed, judge = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(
            f"{text!r} is no noise",
            where="--noise",
            mend=f"write {', '.join(ASSUMED)}, or three standard deviations in points: 6,8,4",
        ) from None
    if min(model_case, seed, judge) < 0 or not max(model_case, seed, judge):
        raise ConfigError(
            "standard deviations are positive, and not all zero", where="--noise", mend="such as 6,8,4"
        )
    return "given", Noise(model_case, seed, judge)


def pilot_components(entries: Sequence[Entry]) -> Components:
    """Components of variance of runs over the same cases, from single votes where there are several.

    Raises:
        ConfigError: fewer than two models or cases, or the layout does not tell components apart.
    """
    try:
        return components(_observations(entries))
    except ValueError as problem:
        raise ConfigError(
            f"this pilot gives no components of variance: {problem}",
            mend="a pilot needs two or more models on the same cases, better with --seeds 3 and two judges or votes",
        ) from None


def _observations(entries: Sequence[Entry]) -> list[Observation]:
    rubric = rubric_of(entries)
    single: list[Observation] = []
    if rubric is not None:
        for entry in entries:
            judgements = list(read_judgements(entry.folder).values())
            panel = {verdict.judge for one in judgements for verdict in one.votes}
            single += [one for given in judgements for one in vote_scores(entry.name, given, rubric, panel)]
    whole = observations({entry.name: entry.card for entry in entries})
    return single if len(single) > len(whole) else whole


def vote_scores(
    model: str, judgement: Judgement, rubric: Rubric, panel: Collection[str] = ()
) -> list[Observation]:
    """What each judge's each vote alone would have scored a dialogue.

    Programs' verdicts are common to all. A vote that does not answer every item (a confirmation of caps)
    has no score of its own. A dialogue that programs settled whole has the same score by every judge
    of the `panel`.
    """
    caps = {cap.id for cap in rubric.caps}
    final = {verdict.item: verdict for verdict in judgement.verdicts}
    applicable = final.keys() - caps
    votes: dict[tuple[str, int], dict[str, Verdict]] = defaultdict(dict)
    for verdict in judgement.votes:
        votes[verdict.judge, verdict.vote][verdict.item] = verdict
    asked = {verdict.item for verdict in judgement.votes}
    common = {name: verdict for name, verdict in final.items() if name not in asked}
    if not votes:
        votes = {(judge, 0): {} for judge in panel}
    case, _, replicate = judgement.dialogue_id.rpartition("/")
    found = []
    for (judge, _), verdicts in sorted(votes.items()):
        if asked - verdicts.keys():
            continue
        given = common | verdicts
        score = case_score(
            rubric.shape(),
            {name: given[name].value for name in applicable},
            applicable=applicable,
            caps=[name for name in given if name in caps and given[name].mark == "met"],
        )
        found.append(Observation(model, case, int(replicate), judge, score.score))
    return found


def planned(
    noise: Noise,
    source: str,
    *,
    difference: float,
    cases: Iterable[int],
    runs: Sequence[int],
    votes: Sequence[int],
    power: float,
    target: Target,
    pilot: Sequence[Entry] = (),
    found: Components | None = None,
) -> Planned:
    """The plan for separating two models `difference` points apart.

    Args:
        cases: numbers of cases for the decision study.
        found: the pilot's components; with them the study has generalisability coefficients.

    Raises:
        ConfigError: there is no noise at all, so that a single case would seem to be enough.
    """
    if not noise.paired_sd(1, 1, target):
        raise ConfigError(
            "by this noise the difference of two models never varies, so nothing can be planned from it",
            mend="use a pilot whose models differ from case to case, or an assumption such as --noise central",
        )
    usage = _usage(pilot)
    study = [
        _study_row(noise, n, r, j, difference, power, target, found, usage)
        for n in cases
        for r in runs
        for j in votes
    ]
    return Planned(
        source=source,
        pilot=[entry.name for entry in pilot],
        noise={"model_case": noise.model_case, "seed": noise.seed, "judge": noise.judge},
        difference=difference,
        power=power,
        target=target,
        plans=plans(noise, difference, runs=runs, votes=votes, target=target, power=power),
        study=sorted(study, key=lambda row: (row.dialogues, row.votes_cast)),
        components=found,
        usage=usage,
    )


def _study_row(
    noise: Noise,
    n: int,
    runs: int,
    votes: int,
    difference: float,
    power: float,
    target: Target,
    found: Components | None,
    usage: Mapping[str, float],
) -> StudyRow:
    sd = noise.paired_sd(runs, votes, target)
    design = decision_study(found, cases=[n], runs=[runs], votes=[votes])[0] if found else None
    detectable = detectable_difference(n, sd, power=power)
    tokens = n * runs * (usage["dialogue"] + votes * usage["vote"]) if usage else None
    return StudyRow(
        cases=n,
        runs=runs,
        votes=votes,
        detectable=detectable,
        power=power_of(difference, n, sd) if sd else 1.0,
        e_rho2=design.e_rho2 if design else None,
        phi=design.phi if design else None,
        dialogues=n * runs,
        votes_cast=n * runs * votes,
        tokens=tokens,
        enough=detectable <= difference and (design is None or design.phi >= DEPENDABLE),
    )


def _usage(pilot: Sequence[Entry]) -> dict[str, float]:
    """Tokens of a dialogue and of a vote, on average over the pilot; empty where nothing was paid for."""
    dialogues = votes = speaking = judging = 0.0
    for entry in pilot:
        count = int(entry.scores["n_dialogues"])
        panel = entry.manifest["judging"]
        dialogues += count
        votes += count * len(panel["judges"]) * int(panel["votes"])
        for spent in entry.scores.get("usage", []):
            tokens = int(spent["prompt"]) + int(spent["completion"])
            judging += tokens if spent["role"] == "judge" else 0
            speaking += tokens if spent["role"] != "judge" else 0
    if not dialogues or not (speaking or judging):
        return {}
    return {"dialogue": speaking / dialogues, "vote": judging / votes}
