"""What the README shows is what the project does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dialogue_sim

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_the_python_of_the_readme_runs(name, tmp_path):
    (code,) = blocks(name, "python")
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert 0 <= float(done.stdout) <= 100


@pytest.mark.parametrize("name", READMES)
def test_every_command_and_option_of_the_readme_exists(name):
    lines = [line for block in blocks(name, "sh") for line in block.replace("\\\n", " ").splitlines()]
    commands = {match[1] for line in lines for match in re.finditer(r"dialogue-sim ((?:[a-z]+ ?)+)", line)}
    assert commands
    for words in commands:
        parts = words.split()
        found = next((parts[:n] for n in (2, 1) if helps(parts[:n])), None)
        assert found, f"dialogue-sim {words} is no command"
    options = {
        option for line in lines if "dialogue-sim run" in line for option in re.findall(r"(--[a-z-]+)", line)
    }
    shown = helps(["run"])
    assert options <= set(re.findall(r"--[a-z-]+", shown))


def helps(words: list[str]) -> str:
    command = [sys.executable, "-c", "from dialogue_sim.cli import main; main()", *words, "--help"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else ""


def test_both_readmes_show_the_same_commands():
    shown = [[re.sub(r"#.*", "", block).replace("zh-chest-tightness-driver", "CASE").replace("en-heart-skips-student", "CASE")
              for block in blocks(name, "sh")] for name in READMES]  # fmt: skip
    assert shown[0] == shown[1]


def test_the_public_names_are_there_and_documented():
    for name in dialogue_sim.__all__:
        thing = getattr(dialogue_sim, name)
        assert name == "__version__" or thing.__doc__, name
    assert len(dialogue_sim.__all__) <= 22


def test_importing_the_package_loads_nothing_heavy():
    code = "import dialogue_sim, sys; print([m for m in ('openai', 'aiohttp', 'numpy', 'scipy', 'rich', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_heavy():
    code = "import sys, dialogue_sim.cli.app; print([m for m in ('openai', 'aiohttp', 'numpy', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
