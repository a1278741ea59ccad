"""A server that is killed loses nothing that was sent: the chat goes on where it was."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.web.conftest import button_of, conclude, text_of, token_in

CASE = "zh-chest-tightness-driver"
SAID = re.compile(r'<div class="said" dir="auto">(.*?)</div>', re.DOTALL)


def start(store: Path) -> tuple[subprocess.Popen[str], str]:
    words = ["chat", "--serve", "--cases", CASE, "--store", str(store), "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from dialogue_sim.cli import main; main()", *words],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "DIALOGUE_SIM_LANG": "en"},
    )  # fmt: skip
    assert process.stderr
    line = process.stderr.readline()
    found = re.search(r"http://\S+", line)
    assert found, line + process.stderr.read()
    return process, found[0]


def test_a_chat_survives_kill_9(tmp_path):
    process, url = start(tmp_path)
    with httpx2.Client(base_url=url, follow_redirects=True, timeout=30) as client:
        page = client.get("/chat").text
        page = client.post("/chat", data={"form_token": token_in(page), "case": button_of(page, CASE)})
        path = page.url.path
        for place, text in enumerate(["什么时候开始的？", "以前得过什么病？", "请做：心电图"]):
            form = {"form_token": token_in(page.text), "place": str(place), "text": text, "intent": "say"}
            page = client.post(f"{path}/turn", data=form)
        before = SAID.findall(page.text)
        assert len(before) == 8
        process.send_signal(signal.SIGKILL)
        process.wait()
        process, url = start(tmp_path)
        try:
            client.base_url = url
            page = client.get(path)
            assert SAID.findall(page.text) == before
            # The form that was open in the browser still counts.
            page = client.post(
                f"{path}/turn",
                data={"form_token": token_in(page.text), "place": "3", "text": "再见", "intent": "end"},
            )
            page = conclude(client, page, diagnosis="急性心肌梗死")
            assert "急性心肌梗死" in text_of(page.text)
            assert "Scorecard" in page.text or "评分表" in page.text
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) in (0, 130)


def test_two_servers_cannot_share_a_store(tmp_path):
    process, _ = start(tmp_path)
    try:
        words = ["chat", "--serve", "--cases", CASE, "--store", str(tmp_path), "--port", "0"]
        second = subprocess.run(
            [sys.executable, "-c", "from dialogue_sim.cli import main; main()", *words],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode == 2
        assert "another process" in second.stderr
    finally:
        process.kill()
        process.wait()
