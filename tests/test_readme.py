"""The package as a newcomer meets it: its names are documented, and loading them is quick."""

from __future__ import annotations

import subprocess
import sys

import dialogue_sim


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
