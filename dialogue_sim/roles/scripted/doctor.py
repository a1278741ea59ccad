"""A scripted doctor: follows its grade through one consultation, without a model.

It is an instrument, not a contestant: it may read the judge's view of the case, so that `expert`
knows what the case needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.cases.model import Cue, Fact
from dialogue_sim.cases.views import JudgeView
from dialogue_sim.cases.vocabulary import TOPICS
from dialogue_sim.roles.doctor import DoctorReply
from dialogue_sim.roles.scripted.grades import ALWAYS, GRADES, HISTORY, HPI, PAIRS, TEMPLATE, THEN
from dialogue_sim.transcript import ClosingBlock, Turn

FOLLOW_UPS = 3
_TOPIC_ORDER = {topic: place for place, topic in enumerate(TOPICS)}


@cache
def lines(language: str) -> dict[str, Any]:
    """What the scripted doctors say in one language."""
    text = Path(__file__).with_name(f"{language}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CBaseLoader)
    return loaded


class ScriptedDoctor:
    """One of the eight doctors of known grade. Deterministic."""

    def __init__(self, name: str, case: JudgeView) -> None:
        self.spec = f"scripted:{name}"
        self._grade, self._case, self._lines = GRADES[name], case, lines(case.language)
        self._told: set[str] = set()
        self._empathies = 0
        self._steps: Iterator[str] | None = None
        self._turns_left = 0

    async def speak(self, turns: Sequence[Turn], turns_left: int) -> DoctorReply:
        for turn in turns:
            if turn.selection:
                self._told |= {*turn.selection.disclosed, *turn.selection.volunteered}
        self._turns_left = turns_left
        if self.spec == "scripted:silent":
            return DoctorReply("")
        self._steps = self._steps or self._script()
        step = next(self._steps, None)
        if step is None:
            return DoctorReply(self._lines["goodbye"], closes=True)
        return DoctorReply(self._taken_up(turns) + step)

    async def conclude(self, turns: Sequence[Turn]) -> DoctorReply:
        grade, judge = self._grade, self._case.judge
        if grade.diagnosis == "none":
            return DoctorReply("")
        truth = self._truth
        near = {truth, *judge.diagnosis.synonyms, *judge.diagnosis.parent}
        others = [entry.names[0] for entry in judge.differential if not near & set(entry.names)]
        top = {
            "exact": truth,
            "parent": (judge.diagnosis.parent or [truth])[0],
            "wrong": self._lines["warm_diagnosis"] if grade.talk == "warm" or not others else others[0],
            "unclear": self._lines["unclear_diagnosis"],
        }[grade.diagnosis]
        differential = [name for name in others if name != top][:4]
        if grade.rank_of_truth:
            differential.insert(min(grade.rank_of_truth, len(differential) + 1) - 1, truth)
        must = [test.names[0] for test in judge.tests.must]
        tests = {"none": [], "half": must[: (len(must) + 1) // 2], "must": must}[grade.tests]
        actions = [action.action for action in judge.plan]
        plan = {"none": [], "first": actions[:1], "full": actions, "wrong": [self._lines["warm_plan"]]}[
            grade.plan
        ]
        if grade.closes_well:
            plan = [*plan, self._lines["urgency"][self._case.urgency], self._lines["safety_net"]]
        block = ClosingBlock(diagnosis=top, differential=differential[:5], tests=tests, plan=plan)
        text = "\n".join([top, *block.differential, *tests, *plan])
        return DoctorReply(text, closes=True, closing=block.model_copy(update={"text": text}))

    @property
    def _truth(self) -> str:
        """The reference diagnosis, or that it is unclear where the case records none."""
        return self._case.judge.diagnosis.primary or str(self._lines["unclear_diagnosis"])

    def _script(self) -> Iterator[str]:
        """What this grade says, turn by turn, apart from taking up cues."""
        grade, lines = self._grade, self._lines
        greeting = lines["greeting"] if grade.greets else ""
        if self.spec == "scripted:snap":
            names = [entry.names[0] for entry in self._case.judge.differential]
            guess = lines["snap"].format(diagnosis=(names or [lines["unclear_diagnosis"]])[0])
            yield self._joined(greeting, guess)
            return
        if grade.opens:
            yield self._joined(greeting, lines["open_question"])
        if grade.questions == "generic":
            for i, question in enumerate(lines["generic_questions"]):
                warm = lines["warm_talk"][i % len(lines["warm_talk"])] if grade.talk == "warm" else ""
                yield self._joined(warm, question)
        yield from self._questions()
        if grade.views:
            yield from lines["views"].values()
        yield from self._ending()

    def _ending(self) -> Iterator[str]:
        grade, lines, judge = self._grade, self._lines, self._case.judge
        tests = lines["joiner"].join(test.names[0] for test in judge.tests.must)
        summary = lines["summary"].format(facts=self._evidence(4)) if grade.summarises else ""
        if grade.requests or summary:
            request = lines["request"].format(tests=tests) if tests else lines["request_vitals"]
            yield self._in_plain_words(self._joined(summary, request))
        if grade.explains:
            asked_for = tests or lines["request_vitals"]
            said = lines["explain"].format(facts=self._evidence(3), diagnosis=self._truth, tests=asked_for)
            yield self._in_plain_words(said)
            actions = "；" if self._case.language == "zh" else "; "
            plan = lines["plan"].format(
                plan=actions.join(action.action.rstrip("。.") for action in judge.plan)
            )
            urgency = lines["urgency"][self._case.urgency]
            yield self._in_plain_words(self._joined(urgency, lines["drug_check"], plan))
            yield self._joined(lines["safety_net"], lines["check_understanding"], lines["choice"])
        if grade.talk == "jargon":
            terms = lines["joiner"].join(term.term for term in judge.technical_terms)
            yield lines["jargon"].format(diagnosis=self._truth, tests=tests, terms=terms)
            yield lines["plan"].format(plan="；".join(action.action for action in judge.plan))
        if grade.talk == "warm":
            yield lines["warm_plan"]
        if grade.closes_well:
            yield self._joined(lines["next_step"], lines["invite"])

    def _questions(self) -> Iterator[str]:
        """This grade's questions, in the order of a history."""
        asked = self._topics()
        partner = {second: first for first, second in PAIRS if {first, second} <= set(asked)}
        if self._grade.questions != "case":
            partner = {}
        for topic in asked:
            if topic in partner:
                continue
            second = next((name for name, first in partner.items() if first == topic), "")
            yield self._joined(self._lines["questions"][topic], self._lines["questions"].get(second, ""))
            yield from self._follow_ups({topic, second})

    def _topics(self) -> list[str]:
        """The topics this grade asks about."""
        kind = self._grade.questions
        if kind in {"none", "generic"}:
            return []
        facts = self._case.patient.facts
        flags = {self._case.fact(name).topic for flag in self._case.judge.red_flags for name in flag.facts}
        if kind == "template":
            chosen = list(TEMPLATE)
        elif kind == "history":
            chosen = [*TEMPLATE, *HISTORY, *sorted(flags)]
        else:
            recorded = {fact.topic for fact in facts}
            personal = next(
                (t for t in sorted(recorded) if t.startswith(("social.", "gyn.menstruation"))),
                "social.smoking",
            )
            critical = [fact.topic for fact in facts if fact.critical]
            hpi = [topic for topic in HPI if topic in recorded]
            heard = [
                cue.when.removeprefix("topic:") for cue in self._case.patient.cues if "topic:" in cue.when
            ]
            chosen = [*sorted(flags), *critical, *heard, *ALWAYS, *hpi, *THEN, personal, *sorted(recorded)]
        unique = list(dict.fromkeys(chosen))[: self._room()]
        return sorted(unique, key=_TOPIC_ORDER.__getitem__)

    def _room(self) -> int:
        """How many topics can be asked, when room is kept for what this grade says at the end."""
        if self._grade.questions != "case":
            return max(self._turns_left - self._grade.ending, 1)
        shy = sum(fact.disclosure == "on_probe" for fact in self._case.patient.facts)
        return max(self._turns_left - self._grade.ending - min(shy, FOLLOW_UPS) + len(PAIRS), 3)

    def _follow_ups(self, topics: set[str]) -> Iterator[str]:
        """Ask by name for facts of these topics that the general question did not bring out."""
        if self._grade.questions != "case":
            return
        for fact in self._case.patient.facts:
            wanted = fact.topic in topics and fact.ask and (fact.critical or fact.disclosure == "on_probe")
            if wanted and fact.id not in self._told and self._turns_left > self._grade.ending + 1:
                line = "gentle" if fact.disclosure == "on_probe" and self._grade.empathy else "specific"
                yield self._lines[line].format(ask=fact.ask[0])

    def _taken_up(self, turns: Sequence[Turn]) -> str:
        """Words for a cue in what was said last, if this grade takes cues up."""
        said = turns[-1].text if turns and turns[-1].speaker == "patient" else ""
        cue = next((cue for cue in self._case.patient.cues if cue.line in said), None)
        if cue is None or not self._grade.empathy:
            return ""
        return self._joined(self._answer(cue), "")

    def _answer(self, cue: Cue) -> str:
        if cue.kind == "emotion":
            self._empathies += 1
            empathy: list[str] = self._lines["empathy"]
            return empathy[(self._empathies - 1) % len(empathy)]
        key = {"question": "answer_question", "concern": "answer_concern", "hint": "take_up_hint"}[cue.kind]
        return str(self._lines[key])

    def _joined(self, *parts: str) -> str:
        space = "" if self._case.language == "zh" else " "
        joined = space.join(part for part in parts if part)
        return joined + space if parts[-1] == "" else joined

    def _evidence(self, most: int) -> str:
        """What the patient really said, quoted: critical affirmed facts first."""
        told = [fact for fact in self._case.patient.facts if fact.id in self._told]
        told.sort(key=lambda fact: (not fact.critical, fact.status == "denied"))
        joiner: str = self._lines["joiner"]
        return joiner.join(self._quoted(fact) for fact in told[:most])

    @staticmethod
    def _quoted(fact: Fact) -> str:
        return f"“{fact.say.rstrip('。.')}”"

    def _in_plain_words(self, text: str) -> str:
        """The text with each technical term followed by what it means, once, if this grade explains."""
        if not self._grade.explains:
            return text
        frame = "（也就是{}）" if self._case.language == "zh" else " (that is, {})"
        # Longest first, so that a term inside another one is not explained in its middle.
        for term in sorted(self._case.judge.technical_terms, key=lambda term: -len(term.term)):
            meaning = frame.format(term.plain)
            found = re.search(re.escape(term.term), text, re.IGNORECASE)
            if found and meaning not in text:
                text = text[: found.end()] + meaning + text[found.end() :]
        return text
