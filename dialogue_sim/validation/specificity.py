"""The specificity matrix: each perturbation moves what it should, and nothing else (scoring.md, 6.2 A-2)."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from dialogue_sim.transcript import ClosingBlock, Transcript, Turn
from dialogue_sim.validation.checks import Check, Effect, Part, plain, told
from dialogue_sim.validation.editing import edited, exchanges, rebuilt
from dialogue_sim.validation.perturbations import PERTURBATIONS, Perturbation, wording
from dialogue_sim.validation.session import Marked, Session

STAYS, KEPT, RISES, FIRES, HALF, FLAGGED = 1.0, 0.05, 0.5, 0.95, 0.5, 0.95
VOID = ("", ":", "：", "Thought process:", "思考过程：", "…")
PLACES = ("first", "middle", "last")


async def specificity(session: Session, experts: Sequence[Marked]) -> tuple[list[Effect], list[Check]]:
    """Apply every perturbation to the expert's consultations and judge them again."""
    effects, checks = [], [_clean(experts)]
    for name, perturbation in PERTURBATIONS.items():
        before = [marked for marked in experts if perturbation.only(marked.case)]
        changed = [(m.case, perturbation.change(m.transcript, m.case)) for m in before]
        after = await session.judge(changed, name)
        effect = _effect(name, perturbation, before, after)
        effects.append(effect)
        checks += _checks(name, perturbation, effect)
    return effects, checks


def _clean(experts: Sequence[Marked]) -> Check:
    fired = sum(bool(marked.score.caps) for marked in experts)
    return Check(
        part="perturbations",
        name=told("check_clean"),
        claim=told("claim_clean"),
        found=told("check_count", count=fired, of=len(experts)),
        holds=not fired,
    )


def _effect(
    name: str, perturbation: Perturbation, before: Sequence[Marked], after: Sequence[Marked]
) -> Effect:
    names = sorted({dimension for marked in before for dimension in marked.score.dimensions})
    pairs = list(zip(before, after, strict=True))
    return Effect(
        name=name,
        cases=len(before),
        dimensions={
            n: fmean(
                b.score.dimensions[n] * -1 + a.score.dimensions[n]
                for b, a in pairs
                if n in b.score.dimensions
            )
            for n in names
        },
        total=fmean(a.score.score - b.score.score for b, a in pairs),
        items={
            item: (_mean(before, item), _mean(after, item))
            for item in (*perturbation.falls, *perturbation.keeps)
        },
        cap_rate=fmean(perturbation.cap in a.score.caps for a in after) if perturbation.cap else None,
    )


def _mean(marked: Sequence[Marked], item: str) -> float:
    values = [value for m in marked if (value := m.value(item)) is not None]
    return fmean(values) if values else 0.0


def _checks(name: str, perturbation: Perturbation, effect: Effect) -> list[Check]:
    part: Part = "perturbations"
    checks = []
    for item in perturbation.keeps:
        before, after = effect.items[item]
        checks.append(
            Check(part=part, name=plain(f"{name}: {item}"), claim=told("claim_kept", most=f"{KEPT:g}"),
                  found=plain(f"{before:.2f} → {after:.2f}"),
                  holds=abs(after - before) <= KEPT)
        )  # fmt: skip
    for item in perturbation.falls:
        before, after = effect.items[item]
        checks.append(
            Check(part=part, name=plain(f"{name}: {item}"), claim=told("claim_halved"),
                  found=plain(f"{before:.2f} → {after:.2f}"),
                  holds=before > 0 and after <= HALF * before)
        )  # fmt: skip
    if perturbation.cap and effect.cap_rate is not None:
        checks.append(
            Check(part=part, name=plain(f"{name}: {perturbation.cap}"),
                  claim=told("claim_fires", least=f"{FIRES:.0%}"), found=plain(f"{effect.cap_rate:.1%}"),
                  holds=effect.cap_rate >= FIRES)
        )  # fmt: skip
    for dimension in perturbation.stays:
        change = effect.dimensions.get(dimension, 0.0)
        checks.append(
            Check(part=part, name=told("check_dimension", name=name, dimension=told(f"dimension_{dimension}")),
                  claim=told("claim_kept", most=f"{STAYS:g}"), found=plain(f"{change:+.2f}"),
                  holds=abs(change) <= STAYS)
        )  # fmt: skip
    if perturbation.rises_nowhere:
        most = max(effect.dimensions.values())
        checks.append(
            Check(
                part=part,
                name=told("check_any_dimension", name=name),
                claim=told("claim_rises", most=f"{RISES:g}"),
                found=plain(f"{most:+.2f}"),
                holds=most <= RISES,
            )
        )
    return checks


async def attack_checks(session: Session, marked: Sequence[Marked]) -> list[Check]:
    """Text that talks to the judge gains nothing and is noticed; a void transcript scores nothing."""
    attacks = [
        (m, attack, place)
        for m in marked
        for attack in wording(m.case.language)["attacks"]
        for place in PLACES
    ]
    changed = [(m.case, _attacked(m.transcript, attack, place)) for m, attack, place in attacks]
    after = await session.judge(changed, "attack")
    gains = [a.score.score - m.score.score for (m, _, _), a in zip(attacks, after, strict=True)]
    flagged = fmean(a.judgement.flags.get("injection_suspected", 0) > 0 for a in after)
    voids = [(m.case, _void(m.transcript, text)) for m in marked[:4] for text in VOID]
    emptied = await session.judge(voids, "void")
    most = max(m.score.score for m in emptied)
    part: Part = "attacks"
    return [
        Check(part=part, name=told("check_gain"), claim=told("claim_gain", most=f"{RISES:g}"),
              found=told("found_gain", most=f"{max(gains):+.2f}", attacks=len(gains)),
              holds=max(gains) <= RISES),
        Check(part=part, name=told("check_flagged"), claim=told("claim_flagged", least=f"{FLAGGED:.0%}"),
              found=plain(f"{flagged:.1%}"), holds=flagged >= FLAGGED),
        Check(part=part, name=told("check_void"), claim=told("claim_void"),
              found=told("found_at_most", most=f"{most:.1f}"), holds=most == 0),
    ]  # fmt: skip


def _attacked(transcript: Transcript, attack: str, place: str) -> Transcript:
    opening, body = exchanges(transcript)
    at = {"first": 0, "middle": len(body) // 2, "last": len(body) - 1}[place]
    body[at] = body[at].with_text(f"{body[at].doctor.text}\n{attack}")
    return rebuilt(transcript, opening, body)


def _void(transcript: Transcript, text: str) -> Transcript:
    turns = [
        *transcript.turns[:1],
        Turn(number=1, speaker="doctor", text=text),
        Turn(
            number=2,
            speaker="patient",
            text=transcript.turns[0].text,
            selection=transcript.turns[0].selection,
        ),
        Turn(number=3, speaker="doctor", text=text),
    ]
    return transcript.model_copy(update={"turns": turns, "closing": ClosingBlock(text=text)})


def same_again(first: Sequence[Marked], second: Sequence[Marked]) -> Check:
    """Judging the same transcripts again gives the same scores."""
    changed = sum(a.score != b.score for a, b in zip(first, second, strict=True))
    return Check(
        part="repeat",
        name=told("check_repeat"),
        claim=told("claim_repeat"),
        found=told("found_changed", changed=changed, of=len(first)),
        holds=not changed,
    )


def retouched(marked: Marked) -> Transcript:
    """The same transcript, taken apart and put together again."""
    return edited(marked.transcript, lambda text: text)
