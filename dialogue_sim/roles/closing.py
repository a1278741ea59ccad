"""The closing block: the doctor's conclusion, asked of every doctor in the same form.

A doctor may write it as headed sections (`最可能诊断 / 鉴别诊断 / 建议检查 / 处置`, or their English
counterparts) or as JSON; both are read here.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.transcript import ClosingBlock

MAX_ENTRIES = 12
MAX_CHARACTERS = 20_000

_HEADINGS = {
    "diagnosis": r"最可能(?:的)?诊断|(?:初步|主要|首位|首要)诊断|诊断(?:意见|结论)?|(?:most likely|working|primary|main) diagnosis|diagnosis",
    "differential": r"(?:前\s*[5五]\s*个?)?鉴别诊断|differentials?(?: diagnos[ie]s)?",
    "tests": r"(?:建议|推荐)?(?:的)?(?:辅助)?检查(?:建议)?|(?:recommended |suggested |proposed )?(?:tests|investigations)",
    "plan": r"处置(?:与治疗|建议|方案)?|治疗(?:方案|建议|计划)?|处理(?:意见|建议)?|(?:management|treatment)(?: plan)?|plan",
}
_HEADING = re.compile(
    r"^[\s#*>\-\d.、)）【\[]*(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _HEADINGS.items())
    + r")[】\]\s*]*(?:[:：]|$)\s*[*]*\s*",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[\s\-*•·]*(?:\(?\d{1,2}[.、)）]\s*|[①-⑩]\s*)?")
_SEPARATORS = re.compile(r"[；;\n]")


class ClosingForm(BaseModel):
    """The closing block as a model fills it in. Lengths are bounded so that a small model ends."""

    model_config = ConfigDict(extra="ignore")

    diagnosis: str = Field(max_length=120)
    differential: list[str] = Field(max_length=5)
    tests: list[str] = Field(max_length=8)
    plan: list[str] = Field(max_length=8)

    @classmethod
    def of_sections(cls, text: str) -> ClosingForm | None:
        """The form as headed sections, as a person or a small model may write it; None where it is not that."""
        block = parse_closing(text)
        return cls.model_construct(**block.model_dump(exclude={"text"})) if block else None

    def block(self, text: str) -> ClosingBlock:
        """As it stands in a transcript."""
        return ClosingBlock(
            diagnosis=self.diagnosis.strip(),
            differential=_entries(self.differential, 5),
            tests=_entries(self.tests, MAX_ENTRIES),
            plan=_entries(self.plan, MAX_ENTRIES),
            text=text,
        )


def parse_closing(text: str) -> ClosingBlock | None:
    """Read a closing block written as headed sections; None unless it names a diagnosis under a heading.

    At least one further section must follow, so that a passing "diagnosis: …" in a dialogue turn is
    not taken for the block.
    """
    sections: dict[str, list[str]] = {}
    current: str | None = None
    for line in text[:MAX_CHARACTERS].splitlines():
        heading = _HEADING.match(line)
        if heading and heading.lastgroup:
            current = heading.lastgroup
            sections.setdefault(current, [])
            line = line[heading.end() :]
        if current and line.strip():
            sections[current].append(line)
    if not sections.get("diagnosis") or len(sections) < 2:
        return None
    named = _entries(["\n".join(sections["diagnosis"])], 1)
    return ClosingBlock(
        diagnosis=named[0] if named else "",
        differential=_entries(sections.get("differential", []), 5),
        tests=_entries(sections.get("tests", []), MAX_ENTRIES),
        plan=_entries(sections.get("plan", []), MAX_ENTRIES),
        text=text.strip(),
    )


def _entries(lines: list[str], most: int) -> list[str]:
    """One entry a bullet or a semicolon; enumerations on one line (、 or comma) are split when they are short names."""
    entries: list[str] = []
    for line in lines:
        for piece in _SEPARATORS.split(line):
            clean = _BULLET.sub("", piece).strip(" *。.\t")
            if clean and clean not in entries:
                entries.append(clean)
    if len(entries) == 1 and most > 1:
        parts = [part.strip() for part in re.split(r"[、，,]", entries[0]) if part.strip()]
        if len(parts) > 1 and max(map(len, parts)) <= 40:
            entries = parts
    return entries[:most]
