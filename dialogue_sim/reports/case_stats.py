"""What a set of cases is made of, in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from dialogue_sim.cases.lint import told
from dialogue_sim.cases.vocabulary import label
from dialogue_sim.reports.messages import Language, reader_language, say

_LABELLED = {"specialty": "specialties", "urgency": "urgencies", "sex": "sexes", "shape": "shapes"}


def show_stats(stats: dict[str, Any]) -> None:
    """Print the counts of a set of cases."""
    language = reader_language()
    console = Console(highlight=False, soft_wrap=True)
    console.print(say("stats_cases", language, cases=stats["cases"], pairs=stats["pairs"]))
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, counts in stats["by"].items():
        words = "  ".join(f"{_word(name, word, language)} {count}" for word, count in counts.items())
        table.add_row(say(f"stats_{name}", language), words)
    table.add_row(say("stats_facts", language), say("stats_facts_figures", language, **stats["facts"]))
    console.print(table)
    for lacking in stats["lacking"]:
        console.print(say("stats_lacking", language, what=told(lacking, language)), style="yellow")


def _word(name: str, word: str, language: Language) -> str:
    if name in _LABELLED:
        return label(_LABELLED[name], word, language)
    return word if name == "complexity" else say(f"stats_{name}_{word}", language)
