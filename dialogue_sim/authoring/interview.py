"""The guided interview of `case new`: one question at a time, saved after every line, resumed where it stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dialogue_sim.authoring.answers import FACT_STEPS, Answers
from dialogue_sim.authoring.assembly import assemble, lacking, plain_findings
from dialogue_sim.authoring.steps import STEPS, Step, describe_fact, topic_by_word
from dialogue_sim.authoring.wording import phrase, question
from dialogue_sim.cases import deidentify
from dialogue_sim.cases.importers.writing import case_text
from dialogue_sim.cases.lint.fixes import fix_file

QUIT, BACK, HELP = ":q", "<", "?"


_COMMAND = re.compile(r"(?P<sign>[-!])(?P<number>\d*)|@(?P<word>.+)")


class Stop(Exception):
    """The writer wants to stop; everything is saved."""


class Back(Exception):
    """The writer wants the question before."""


class Interview:
    """Puts the questions. `read` gives one line of the writer's (EOFError ends), `show` shows one text."""

    def __init__(self, answers: Answers, read: Callable[[str], str], show: Callable[[str], None]) -> None:
        self.language = answers.language
        self._answers, self._read, self._show = answers, read, show

    def hold(self, folder: Path) -> Path | None:
        """The whole interview; returns the case file, or None when the writer stopped before its end."""
        given = self._answers.given
        self._show(phrase("welcome", self.language))
        if given:
            self._show(phrase("resumed", self.language, done=sum(not name.startswith("_") for name in given)))
        try:
            self._all_steps()
            self._fill_gaps()
            written = self._finish(folder)
            while self._again():
                written = self._finish(folder)
        except (Stop, EOFError):
            self._answers.save()
            names = {"file": self._answers.file, "slug": self._answers.slug, "language": self.language}
            self._show(phrase("saved", self.language, **names))
            return None
        return written

    def ask(self, prompt: str) -> str:
        """One line. Raises Stop when the writer wants to stop."""
        line = self._read(f"{prompt}\n> ").strip()
        if line == QUIT:
            raise Stop
        return line

    def say(self, text: str) -> None:
        """Show a text."""
        self._show(text)

    def choose(self, prompt: str, options: dict[str, str], *, needed: bool = True) -> str:
        """One of the options by its number, its word or its label; empty for an empty line, unless one is needed."""
        listed = "\n".join(f"  {number} {text}" for number, text in enumerate(options.values(), 1))
        while True:
            line = self.ask(f"{prompt}\n{listed}")
            if line == BACK:
                raise Back
            if not line and not needed:
                return ""
            for number, (word, text) in enumerate(options.items(), 1):
                if line.lower() in {str(number), word.lower(), text.lower()}:
                    return word
            self._show(phrase("not_a_choice", self.language))

    def _all_steps(self) -> None:
        at = 0
        while at < len(STEPS):
            step = STEPS[at]
            unfinished = self._answers.given.get("_open") == step.name
            if step.unless(self._answers) or (step.name in self._answers.given and not unfinished):
                at += 1
                continue
            try:
                self._put(step, f"[{at + 1}/{len(STEPS)}] ")
                at += 1
            except Back:
                at = self._before(at)

    def _before(self, at: int) -> int:
        """The step before, with its answer taken back; the first step stays the first."""
        for earlier in range(at - 1, -1, -1):
            if not STEPS[earlier].unless(self._answers) and STEPS[earlier].name in self._answers.given:
                self._answers.given["_open"] = STEPS[earlier].name
                return earlier
        return at

    def _put(self, step: Step, number: str = "") -> None:
        ask, help_text = question(step.name, self.language)
        if "{facts}" in help_text:
            help_text = help_text.format(facts=self._fact_list())
        prompt = f"\n{number}{ask}" + (f"\n  {help_text}" if help_text else "")
        self._answers.given["_open"] = step.name
        if step.kind == "lines":
            self._put_lines(step, prompt)
        else:
            self._put_one(step, prompt)
        self._answers.given.pop("_open", None)
        self._answers.save()

    def _put_one(self, step: Step, prompt: str) -> None:
        if before := self._answers.given.get(step.name):
            prompt += f"\n  {phrase('kept', self.language)} {self._shown(before)}"
        while True:
            if step.kind == "choice" and step.options:
                value: Any = self.choose(prompt, step.options(self.language), needed=step.needed)
            else:
                line = self.ask(prompt)
                if line == BACK:
                    raise Back
                if line == HELP:
                    continue
                value = self._understood(step, line) if line else ""
            if value is None:
                continue
            if not value and step.needed:
                self._show(phrase("required", self.language))
                continue
            self._answers.given[step.name] = value
            return

    def _put_lines(self, step: Step, prompt: str) -> None:
        lines: list[Any] = self._answers.given.setdefault(step.name, []) or []
        self._answers.given[step.name] = lines
        self._show(f"{prompt}\n  {phrase('end_of_lines', self.language)}")
        if lines:
            listed = [f"  {self._number(n, line)}. {self._shown(line)}" for n, line in enumerate(lines, 1)]
            self._show(phrase("kept", self.language) + "\n" + "\n".join(listed))
        while line := self.ask(""):
            if line == BACK:
                raise Back
            if line == HELP:
                self._show(prompt)
            elif command := _COMMAND.fullmatch(line):
                self._change(step, lines, command)
            elif (entry := self._understood(step, line)) is not None:
                lines.append(entry)
                self._echo(step, entry)
            self._answers.save()

    def _understood(self, step: Step, line: str) -> Any:
        """The line as the step reads it; None, with a sentence shown, when it cannot be read."""
        for finding in deidentify.find(line):
            if step.name not in {"name", "basis", "author"}:
                self._show(phrase("looks_identifying", self.language, what=finding.text))
        try:
            return step.read(line, self._answers, self)
        except ValueError as problem:
            self._show(str(problem))
            return None

    def _change(self, step: Step, lines: list[Any], command: re.Match[str]) -> None:
        facts = step.name in FACT_STEPS
        at = len(lines) - 1
        if command["number"]:
            numbers = [self._number(place, entry) for place, entry in enumerate(lines, 1)]
            at = numbers.index(command["number"]) if command["number"] in numbers else -1
        if at < 0:
            self._show(phrase("nothing_to_change", self.language))
        elif command["sign"] == "-":
            self._show(phrase("taken_back", self.language, line=self._shown(lines.pop(at))))
        elif facts:
            fact = lines[at]
            if command["sign"] == "!":
                fact["status"] = "affirmed" if fact["status"] == "denied" else "denied"
            else:
                fact["topic"] = topic_by_word(command["word"], fact["topic"], self)
            self._echo(step, fact)

    def _echo(self, step: Step, entry: Any) -> None:
        if step.name in FACT_STEPS:
            self._show(describe_fact(entry, self.language))

    def _fact_list(self) -> str:
        return "\n  ".join(f"{fact['number']}. {fact['say']}" for fact in self._answers.facts)

    @staticmethod
    def _number(place: int, entry: Any) -> str:
        return str(entry.get("number", place)) if isinstance(entry, dict) else str(place)

    @staticmethod
    def _shown(entry: Any) -> str:
        if isinstance(entry, dict):
            values = [
                ", ".join(v) if isinstance(v, list) else str(v) for k, v in entry.items() if k != "number"
            ]
            return str(entry.get("say") or entry.get("line") or " · ".join(values))
        return ", ".join(entry) if isinstance(entry, list) else str(entry)

    def _fill_gaps(self) -> None:
        """Say what is lacking, and go to whatever the writer wants to add, until they are content."""
        while missing := lacking(self._answers):
            names = [question(name, self.language)[0] for name in missing]
            listed = "\n".join(f"  {number} {name}" for number, name in enumerate(names, 1))
            self._show(f"\n{phrase('still_lacks', self.language)}\n{listed}")
            line = self.ask(phrase("go_back", self.language))
            if not line:
                return
            if line.isdigit() and 1 <= int(line) <= len(missing):
                step = next(step for step in STEPS if step.name == missing[int(line) - 1])
                try:
                    self._put(step)
                except Back:
                    continue
        self._show(phrase("lacks_nothing", self.language))

    def _again(self) -> bool:
        """Whether the writer changed one more answer, chosen by the number of its question."""
        line = self.ask(phrase("change", self.language, count=len(STEPS)))
        if not line:
            return False
        if line.isdigit() and 1 <= int(line) <= len(STEPS):
            try:
                self._put(STEPS[int(line) - 1], f"[{line}/{len(STEPS)}] ")
            except Back:
                self._answers.given.pop("_open", None)
        return True

    def _finish(self, folder: Path) -> Path | None:
        try:
            case = assemble(self._answers)
        except ValidationError as failure:
            first = failure.errors(include_url=False)[0]
            what = ".".join(str(part) for part in first["loc"]) + f": {first['msg']}"
            self._show(phrase("not_written", self.language, what=what))
            return None
        file = folder / f"{case.id}.yaml"
        file.write_text(case_text(case), encoding="utf-8", newline="\n")
        fix_file(file, case.id, case.language)
        self._show(phrase("written", self.language, file=file))
        # A canary is made with the file, so its absence is nothing to tell the writer.
        found = list(plain_findings(case.model_copy(update={"canary": "made"})))
        if not found:
            self._show(phrase("no_findings", self.language))
        else:
            marks = {"error": "✗", "warning": "·", "note": "·"}
            rows = "\n".join(f"  {marks[severity]} {sentence}" for severity, sentence in found)
            self._show(f"{phrase('findings', self.language)}\n{rows}")
        return file
