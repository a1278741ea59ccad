"""The case linter: every finding says where it is and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from dialogue_sim import yamlio
from dialogue_sim.cases.lint import completeness, content, sets, values
from dialogue_sim.cases.lint.finding import Finding, Rows, Severity
from dialogue_sim.cases.lint.finding import told as told
from dialogue_sim.cases.lint.fixes import fix_file, layout
from dialogue_sim.cases.load import CaseError, case_files
from dialogue_sim.cases.model import Case

RULES: dict[str, Callable[[Case], Rows]] = {
    rule.__name__: rule
    for rule in (
        content.diagnosis_hidden,
        content.results_describe,
        content.fact_counts,
        content.facts_askable,
        content.questions_apart,
        content.facts_differ,
        content.signs_agree,
        content.spoken_language,
        content.aliases_unique,
        content.must_tests_answered,
        content.cues_can_fire,
        content.flags_and_plan,
        content.provenance_told,
        completeness.parts_recorded,
        values.vitals_possible,
    )
}


class Linted(NamedTuple):
    """The result over some files: findings in file order, the cases that loaded, and what the set lacks."""

    findings: list[Finding]
    cases: list[Case]
    balance: list[str]
    fixed: list[Path]

    def fit(self, *, strict: bool) -> bool:
        """Whether the cases may be used; `strict` refuses warnings too."""
        refused: set[Severity] = {"error", "warning"} if strict else {"error"}
        return not any(finding.severity in refused for finding in self.findings)


def lint(paths: Sequence[Path], *, fix: bool = False) -> Linted:
    """Lint files and folders; with `fix`, first mend what is mechanical.

    Raises:
        CaseError: there is no case file at all.
    """
    files = [file for path in paths for file in (case_files(path) if path.is_dir() else [path])]
    if not files:
        raise CaseError(
            f"no case file found in {', '.join(map(str, paths))}",
            mend="name a folder that holds *.yaml files",
        )
    findings: list[Finding] = []
    loaded: dict[str, tuple[Case, yamlio.Document]] = {}
    fixed: list[Path] = []
    for file in files:
        rows, found = _lint_file(file, fix, fixed)
        findings += rows
        if found is None:
            continue
        case, document = found
        if case.id in loaded:
            mend = "give one of the two another id"
            findings.append(
                Finding(
                    "schema",
                    "error",
                    document.where(("id",)),
                    f"the id {case.id!r} stands in two files",
                    mend,
                )
            )
        loaded[case.id] = case, document
    cases = [case for case, _ in loaded.values()]
    for rule in (sets.parallels_match, sets.canaries_unique):
        for case, severity, field, what, mend in rule(cases):
            level: Severity = "error" if severity == "error" else "warning"
            findings.append(Finding(rule.__name__, level, loaded[case.id][1].where((field,)), what, mend))
    return Linted(findings, cases, sets.balanced(cases) if len(cases) >= 10 else [], fixed)


def lint_case(case: Case, document: yamlio.Document) -> list[Finding]:
    """Every rule over one loaded case."""
    return [
        Finding(name, raw.severity, document.where(raw.at), raw.what, raw.mend)
        for name, rule in RULES.items()
        for raw in rule(case)
    ]


def _lint_file(
    file: Path, fix: bool, fixed: list[Path]
) -> tuple[list[Finding], tuple[Case, yamlio.Document] | None]:
    try:
        document = yamlio.read(file, CaseError)
        case = yamlio.validate(document, Case, CaseError)
        if fix and fix_file(file, case.id, case.language):
            fixed.append(file)
            document = yamlio.read(file, CaseError)
            case = yamlio.validate(document, Case, CaseError)
    except CaseError as problem:
        return [Finding("schema", "error", problem.where, problem.what, problem.mend)], None
    findings = lint_case(case, document)
    text = file.read_text(encoding="utf-8")
    findings += [
        Finding("layout", "warning", f"{file}:{line}", what, "--fix mends it", True)
        for line, what in layout(text, case.language)
    ]
    if file.stem != case.id:
        findings.append(
            Finding(
                "layout", "warning", str(file), f"holds the case {case.id!r}", f"call the file {case.id}.yaml"
            )
        )
    if not case.id.startswith(f"{case.language}-"):
        findings.append(
            Finding(
                "layout",
                "warning",
                document.where(("id",)),
                "the id does not begin with the language",
                f"call it {case.language}-…",
            )
        )
    return findings, (case, document)
