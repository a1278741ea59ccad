"""A scored run, and a server over it with all its rooms, talked to without a socket."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dialogue_sim.cases import load_cases
from dialogue_sim.models.journal import Journal
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan
from dialogue_sim.web.app import application, secret_of
from dialogue_sim.web.doorway import Door
from dialogue_sim.web.gallery import Gallery
from dialogue_sim.web.server import Offer, rooms_of

HOST = "127.0.0.1:8765"
CASES = ["en-chest-tightness-driver", "zh-chest-tightness-driver"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run."""
    folder = tmp_path_factory.mktemp("runs")
    flags = {"doctor": {"model": "scripted:brief"}, "cases": CASES, "out": str(folder / "secret-doctor")}
    asyncio.run(execute(plan(config_from_flags(flags))))
    return folder


@contextmanager
def served(
    home: Path,
    store: Path,
    *,
    rooms: str = "runs chat annotate",
    host: str = "127.0.0.1",
    token: str = "",
    **offer: Any,
) -> Iterator[TestClient]:
    journal, gallery = Journal(store), Gallery(home, offer.pop("runs", ()))
    config = config_from_flags(
        {"doctor": {"model": "human"}, "cases": offer.pop("cases", CASES), **offer.pop("flags", {})}
    )
    wanted = Offer(frozenset(rooms.split()), home, (), config, store, **offer)
    try:
        door = Door(host, 8765, token=token, secret=asyncio.run(secret_of(journal)))
        app = application(rooms_of(wanted, journal, door, gallery), door)
        with TestClient(app, base_url=f"http://{HOST}", headers={"accept-language": "en"}) as client:
            yield client
    finally:
        gallery.close()
        journal.close()


@pytest.fixture
def client(home: Path, tmp_path: Path) -> Iterator[TestClient]:
    with served(home, tmp_path / "store") as client:
        yield client


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    assert found, page[:400]
    return found[1]


def text_of(page: str) -> str:
    return html.unescape(page)


def post(client: TestClient, path: str, page: str, **fields: str) -> Any:
    return client.post(path, data={"form_token": token_in(page), **fields})


def begin(client: TestClient, case: str = CASES[0]) -> Any:
    """The page of a new chat."""
    page = client.get("/chat").text
    return post(client, "/chat", page, case=button_of(page, case))


def button_of(page: str, case: str) -> str:
    """What the button of a case sends."""
    title = re.escape(load_cases([case])[0].title)
    found = re.search(rf'value="([0-9a-f]+)"><strong>{title}<', html.unescape(page))
    assert found, page
    return found[1]


def tell(client: TestClient, page: Any, text: str, intent: str = "say") -> Any:
    place = re.search(r'name="place" value="(\d+)"', page.text)
    assert place, page.text[-800:]
    field = {"order": text} if intent == "order" else {"text": text}
    return post(client, f"{page.url.path}/turn", page.text, place=place[1], intent=intent, **field)


def conclude(client: TestClient, page: Any, **fields: str) -> Any:
    place = re.search(r'name="place" value="(\d+)"', page.text)
    assert place
    given = {
        "diagnosis": "Acute coronary syndrome",
        "differential": "a\nb",
        "tests": "ECG",
        "plan": "rest",
        **fields,
    }
    return post(client, f"{page.url.path}/closing", page.text, place=place[1], **given)
