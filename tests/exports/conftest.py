"""A small scored run, made once: both languages, two replicates."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan


@pytest.fixture(scope="session")
def made_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "brief"
    flags = {
        "doctor": {"model": "scripted:brief"},
        "cases": ["en-back-pain-warehouse", "zh-back-pain-warehouse"],
        "seeds": 2,
        "out": str(folder),
    }
    asyncio.run(execute(plan(config_from_flags(flags))))
    return folder
