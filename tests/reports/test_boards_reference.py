"""The published figures that ship: exactly as printed, findable by any spelling of a model's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.external import load_reference, plain

PUBLISHED = {
    "8b": {
        "Qingnang-9B": 73.35, "Glm-4-9b-chat": 39.51, "Glm-4-9b-chat-0414": 72.99, "Qwen2.5-7b-instruct": 68.41,
        "Llama3.1-8b-instruct": 68.88,
    },
    "70b": {
        "Qingnang-72B": 79.96, "Qwen2.5-72b-instruct": 79.21, "Citrus1.0-Qwen-72B": 73.73, "Qwen3-32B": 77.65,
        "Llama3.1-70b-instruct": 71.78,
    },
}  # fmt: skip
SERVED = {
    "openai:MedFlow/Qingnang-9B": 73.35, "openai:THUDM/glm-4-9b-chat": 39.51, "vllm:zai-org/GLM-4-9B-0414": 72.99,
    "openai:Qwen/Qwen2.5-7B-Instruct": 68.41, "openai:meta-llama/Llama-3.1-8B-Instruct": 68.88,
    "openai:meta-llama/Meta-Llama-3.1-8B-Instruct": 68.88, "vllm-serve:MedFlow/Qingnang-72B": 79.96,
    "openai:Qwen/Qwen2.5-72B-Instruct": 79.21, "openai:jdh-algo/Citrus1.0-Qwen-72B": 73.73,
    "openai:Qwen/Qwen3-32B": 77.65, "openai:meta-llama/Llama-3.1-70B-Instruct": 71.78,
}  # fmt: skip
MEDBENCH_OVERALL = {
    "overall-before": {
        "Qingnang-9B": 62.7, "Glm-4-9b-chat": 34.8, "Glm-4-9b-chat-0414": 57.2, "Llama3.1-8b-instruct": 21.5,
        "Qingnang-72B": 77.9, "Qwen2.5-72b-instruct": 77.9, "Citrus1.0-Qwen-72B": 72.6, "Llama3.1-70b-instruct": 72.4,
    },
    "overall-after": {"Qingnang-72B": 78.2, "Qwen3-32B": 77.2},
}  # fmt: skip


def test_the_dialogue_scores_are_those_that_were_published() -> None:
    reference = load_reference("dialogue-2025")
    found: dict[str, dict[str, float]] = {}
    for model in reference.models:
        found.setdefault(model.size_class, {})[model.name] = model.values["dialogue-2025"]
    assert found == PUBLISHED
    assert reference.source.url.startswith("https://")
    assert reference.source.licence == "Apache-2.0"


@pytest.mark.parametrize("spec", SERVED)
def test_a_model_is_found_however_it_is_served(spec: str) -> None:
    found = load_reference("dialogue-2025").find([spec])
    assert found is not None
    assert found.values["dialogue-2025"] == SERVED[spec]


def test_a_model_is_not_mistaken_for_a_neighbour() -> None:
    reference = load_reference("dialogue-2025")
    for spec in ("openai:Qwen/Qwen2.5-7B", "openai:Qwen/Qwen3-8B", "openai:glm-4-9b", "scripted:expert"):
        assert reference.find([spec]) is None


def test_medbench_is_kept_apart_by_its_two_question_sets() -> None:
    reference = load_reference("medbench-2025")
    for column, figures in MEDBENCH_OVERALL.items():
        assert {m.name: m.values[column] for m in reference.models if column in m.values} == figures
    assert sum(len(model.values) for model in reference.models) == 8 * 6 + 2 * 6


def test_plain_names() -> None:
    assert plain("openai:Qwen/Qwen3-32B") == plain("QWEN3 32b") == "qwen332b"


def test_what_is_no_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no table of reference figures") as refusal:
        load_reference("dialogue-2052")
    assert "dialogue-2025" in refusal.value.mend
    own = tmp_path / "own.yaml"
    text = (Path(load_reference.__code__.co_filename).parent / "reference" / "dialogue-2025.yaml").read_text(
        "utf-8"
    )
    own.write_text(text.replace("dialogue-2025: 73.35", "elsewhere: 73.35"), encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown column 'elsewhere'"):
        load_reference(str(own))
