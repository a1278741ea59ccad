"""Naming a model by one string, and the reader's own Python as a model."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue_sim.errors import ConfigError
from dialogue_sim.models import Message, ModelSettings, Options, Reply, open_model, parse_spec
from dialogue_sim.models.errors import FatalError, MalformedError
from dialogue_sim.models.registry import SCHEMES

ASKED = [Message(role="user", content="hello")]


@pytest.mark.parametrize(
    ("text", "scheme", "name"),
    [
        ("openai:qwen/qwen3:free", "openai", "qwen/qwen3:free"),
        ("python:pkg.mod:thing.made", "python", "pkg.mod:thing.made"),
        ("embedded", "embedded", ""),
        ("embedded:/a/b.gguf", "embedded", "/a/b.gguf"),
        ("human", "human", ""),
        ("scripted:expert", "scripted", "expert"),
        ("record", "record", ""),
    ],
)
def test_a_spec_taken_apart(text: str, scheme: str, name: str) -> None:
    spec = parse_spec(text)
    assert (spec.scheme, spec.name, str(spec)) == (scheme, name, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("opnai:gpt-x", "did you mean `openai:gpt-x`"),
        ("vlm-serve:m", "did you mean `vllm-serve:m`"),
        ("gpt-x", "write `openai:gpt-x`"),
        ("zzzz:m", "use one of: embedded, human"),
        ("openai:", "write `openai:MODEL`"),
        ("human:me", "write `human`"),
        ("scripted", "scripted:NAME"),
        ("", "names no model scheme"),
    ],
)
def test_a_wrong_spec_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_spec(text)
    assert said in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_spec_or_a_clear_error(text: str) -> None:
    try:
        scheme = parse_spec(text).scheme
    except ConfigError:
        return
    assert scheme in {*SCHEMES, "scripted", "record", "lexicon"}


@pytest.mark.parametrize(
    ("text", "role"), [("scripted:expert", "judge"), ("lexicon", "doctor"), ("record", "judge")]
)
def test_a_name_for_one_role_is_refused_in_another(text: str, role: str) -> None:
    with pytest.raises(ConfigError, match="use it as --"):
        open_model(text, role=role)


MODULE = """
    from dialogue_sim.models import Reply
    def shout(messages): return messages[-1]["content"].upper()
    async def whisper(messages, options): return f"<think>hm</think>{options.seed} {options.temperature}"
    def number(messages): return 3
    def fails(messages): raise RuntimeError("no power")
    def keyword(messages, temperature=0.5): return str(temperature)
    class Own:
        spec = "mine"
        async def chat(self, messages, options): return Reply(text="own")
        async def close(self): pass
    made = Own()
    def make(): return Own()
    class Needy:
        def __init__(self, x): pass
    fixed = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"mod_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(MODULE))
    (tmp_path / f"{name}_broken.py").write_text("import nothing_of_that_name")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


async def ask(spec: str, settings: ModelSettings | None = None, options: Options | None = None) -> Reply:
    return await open_model(spec, settings).chat(ASKED, options or Options())


async def test_functions_classes_and_models(module: str) -> None:
    assert (await ask(f"python:{module}:shout")).text == "HELLO"
    settings = ModelSettings(options=Options(temperature=0.25))
    reply = await ask(f"python:{module}:whisper", settings, Options(seed=4))
    assert (reply.text, reply.reasoning) == ("4 0.25", "hm")
    assert (await ask(f"python:{module}:keyword")).text == "0.5"
    for name in ("Own", "made", "make"):
        model = open_model(f"python:{module}:{name}")
        assert model.spec == "mine"
        assert (await model.chat(ASKED, Options())).text == "own"


async def test_what_a_function_does_wrong_is_told(module: str) -> None:
    with pytest.raises(MalformedError, match="returned int"):
        await ask(f"python:{module}:number")
    with pytest.raises(FatalError, match="RuntimeError: no power"):
        await ask(f"python:{module}:fails")


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (":shuot", "it has: "),
        ("_broken:x", "nothing_of_that_name"),
        ("_missing:x", "cannot be imported"),
        (":fixed", "is a int"),
        (":Needy", "raised TypeError"),
        ("", "python:module:object"),
    ],
)
def test_a_python_spec_that_leads_nowhere(module: str, tail: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        open_model(f"python:{module}{tail}")


async def test_a_plain_function_does_not_hold_up_the_others(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}_slow.py").write_text(
        "import time\ndef nap(messages):\n    time.sleep(0.3)\n    return 'x'\n"
    )
    model = open_model(f"python:{module}_slow:nap")
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*[model.chat(ASKED, Options()) for _ in range(4)])
    assert asyncio.get_running_loop().time() - started < 0.9


def test_a_plugin_scheme_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme.py").write_text(
        "from dialogue_sim.models.python_function import FunctionModel\n"
        "def open(name, settings): return FunctionModel(lambda messages: name, 'acme:' + name)\n"
    )
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dialogue_sim.models]\nacme = acme:open\nbad = acme:nothing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert open_model("acme:large").spec == "acme:large"
    with pytest.raises(ConfigError, match="the plugin for the scheme 'bad' cannot be loaded"):
        open_model("bad:x")
    with pytest.raises(ConfigError, match="did you mean `acme:large`"):
        open_model("acne:large")


def test_importing_the_room_loads_no_client_and_no_engine() -> None:
    code = "import sys, dialogue_sim.models; print([m for m in ('openai','aiohttp','xllamacpp','vllm') if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
