"""The runs in the browser: the list, a run, a consultation; live, and hostile text shown as text."""

from __future__ import annotations

import asyncio

from dialogue_sim.models.journal import Journal
from dialogue_sim.models.runlock import RunLock, held
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.directory import RunDirectory
from dialogue_sim.runs.run import plan
from dialogue_sim.transcript import Failure, Transcript, Turn
from dialogue_sim.web.gallery import Gallery
from tests.web.conftest import CASES, served, text_of

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} {% raw %} \u202e\u05e2\u05d1\u05e8\u05d9\u05ea 👩 "
    + "長" * 50_000
)


def test_list_run_and_consultation(client):
    listing = client.get("/runs").text
    assert "secret-doctor" in listing
    run = client.get("/runs/secret-doctor").text
    assert f"/runs/secret-doctor/{CASES[0]}/0" in run
    assert "2 / 2" in run
    consultation = client.get(f"/runs/secret-doctor/{CASES[0]}/0").text
    assert "Scorecard" in consultation
    assert '"verdicts":[["A1"' in consultation
    assert client.get("/static/conversation.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/static/style.css").headers["content-type"].startswith("text/css")
    assert client.get(f"/runs/secret-doctor/{CASES[0]}/7").status_code == 404
    assert "对话" in client.get(f"/runs/secret-doctor/{CASES[0]}/0?lang=zh").text


def test_the_score_shown_is_that_of_the_run(client, home):
    import json

    score = json.loads((home / "secret-doctor" / "scores.json").read_text(encoding="utf-8"))["score"]
    assert f"{score:.1f}" in client.get("/runs/secret-doctor").text


def test_a_run_is_followed_while_it_goes_on_and_is_not_disturbed(tmp_path):
    planned = plan(
        config_from_flags(
            {"doctor": {"model": "scripted:brief"}, "cases": CASES, "out": str(tmp_path / "home" / "going")}
        )
    )
    directory = RunDirectory(planned.out, planned.manifest)
    try:
        with served(tmp_path / "home", tmp_path / "store") as client:
            page = text_of(client.get("/runs/going").text)
            assert "running" in page
            assert "0 / 2" in page
            assert 'data-live="1.5"' in page
            failure = Failure(stage="simulate", kind="transient", message="<b>connection</b> lost")
            asyncio.run(directory.keep_failure(f"{CASES[0]}/0", failure))
            asyncio.run(directory.keep_transcript(_hostile()))
            page = client.get("/runs/going").text
            assert "&lt;b&gt;connection&lt;/b&gt; lost" in page
            assert "Consultations held" in page
            assert f"{CASES[1]}/0" in page
            shown = client.get(f"/runs/going/{CASES[1]}/0").text
            assert "<script>alert" not in shown
            assert "<img" not in shown
            assert HOSTILE in text_of(shown)
            assert 'dir="auto"' in shown
    finally:
        directory.close()
    assert not held(tmp_path / "home" / "going")


def _hostile() -> Transcript:
    turns = [Turn(number=0, speaker="patient", text="…"), Turn(number=1, speaker="doctor", text=HOSTILE)]
    return Transcript(dialogue_id=f"{CASES[1]}/0", case_id=CASES[1], language="zh", turns=turns)


def test_looking_whether_a_run_goes_on_never_keeps_it_from_beginning(tmp_path):
    lock = RunLock(tmp_path)
    assert held(tmp_path)
    lock.release()
    assert not held(tmp_path)
    again = RunLock(tmp_path)
    assert held(tmp_path)
    again.release()


def test_a_folder_that_is_damaged_is_named_and_the_others_shown(home, tmp_path):
    folder = tmp_path / "home"
    (folder / "torn").mkdir(parents=True)
    (folder / "torn" / "run.yaml").write_text("simulation: [", encoding="utf-8")
    Journal(folder / "torn").close()
    gallery = Gallery(folder)
    assert gallery.runs() == []
    assert "torn" in gallery.unreadable
    with served(folder, tmp_path / "store") as client:
        assert "torn" in client.get("/runs").text
        assert client.get("/runs/torn").status_code == 404
