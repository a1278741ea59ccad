"""Every sentence of these reports exists in both languages and asks for the same values."""

from __future__ import annotations

import re
import string
from pathlib import Path

import yaml

from dialogue_sim.reports import messages

ROOM = Path(messages.__file__).parent
SENTENCES = yaml.load((ROOM / "messages_boards.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_ask_for_the_same_values() -> None:
    for key, sentence in SENTENCES.items():
        assert set(sentence) == {"zh", "en"}, key
        assert _fields(sentence["zh"]) == _fields(sentence["en"]), key
        assert all(sentence.values()), key


def test_chinese_is_chinese_and_english_is_not() -> None:
    signs = {"kappa", "ac1", "trust", "value_a", "value_b", "p_holm", "p_fdr"}
    for key, sentence in SENTENCES.items():
        assert key in signs or re.search(r"[一-鿿]", sentence["zh"]), key
        assert not re.search(r"[一-鿿]", sentence["en"]), key


def test_no_sentence_is_left_over() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in ROOM.parent.rglob("*.py"))
    made = [re.sub(r"\{[^}]*\}", r"\\w+", text) for text in re.findall(r'say\(\s*f"([^"]+)"', code)]
    for key in SENTENCES:
        assert f'"{key}"' in code or any(re.fullmatch(form, key) for form in made), key
