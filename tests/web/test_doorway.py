"""Nobody gets in who should not: foreign names, foreign sites, no token, paths out of the folder."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import CASES, HOST, begin, button_of, served, tell, token_in


@pytest.mark.parametrize(
    "host",
    ["evil.example:8765", "127.0.0.1:80", "127.0.0.1", "localhost.evil.example:8765", "192.0.2.7:8765", ""],
)
def test_a_foreign_host_name_is_refused(client, host):
    assert client.get("/runs", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8765", "[::1]:8765", HOST])
def test_own_names_are_known(client, host):
    assert client.get("/runs", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
    ],
)
def test_a_post_from_another_site_is_refused(client, headers):
    page = client.get("/chat").text
    form = {"form_token": token_in(page), "case": button_of(page, CASES[0])}
    assert client.post("/chat", data=form, headers=headers).status_code == 403
    assert (
        client.post(
            "/chat", data=form, headers={"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
        ).status_code
        == 200
    )


def test_a_form_without_its_token_or_with_another_visitors_is_refused(client, home, tmp_path):
    page = client.get("/chat").text
    assert client.post("/chat", data={"case": button_of(page, CASES[0])}).status_code == 403
    client.cookies.clear()
    client.get("/chat")
    assert (
        client.post(
            "/chat", data={"form_token": token_in(page), "case": button_of(page, CASES[0])}
        ).status_code
        == 403
    )


@pytest.mark.parametrize(
    "path",
    ["/runs/..%2f..%2fetc", "/runs/%2e%2e", "/runs/secret-doctor%2f..", "/static/..%2f..%2fapp.py", "/static/%2e%2e/app.py",
     "/runs/secret-doctor/..%2f..%2fx/0", "/runs/%00", "/chat/..%2fx", "/annotate/%2e%2e/1", "/runs/" + "x" * 5000],
)  # fmt: skip
def test_no_path_leads_out_of_what_is_listed(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_every_answer_keeps_the_browser_from_running_or_framing_anything(client):
    for path in ("/runs", "/chat", "/annotate", "/nowhere", "/static/site.css", "/runs/secret-doctor"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    report = client.get("/runs/secret-doctor/report").headers["content-security-policy"]
    assert "sha256-" in report
    assert "script-src 'unsafe" not in report


def test_a_form_that_is_too_long_is_refused(client):
    page = begin(client)
    assert tell(client, page, "x" * 400_000).status_code == 413
    assert "too long" in tell(client, page, "x" * 5000).text


def test_where_others_can_reach_it_a_token_opens_it(home, tmp_path):
    with served(home, tmp_path / "store", host="0.0.0.0", token="open-sesame") as client:
        for path in ("/", "/runs", "/chat", "/runs/secret-doctor/report", "/annotate?token=wrong"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert "secret-doctor" not in answer.text
        assert client.post("/chat", data={"case": "x"}).status_code == 401
        assert client.get("/static/site.css").status_code == 200
        opened = client.get("/runs?token=open-sesame&lang=zh")
        assert opened.status_code == 200
        assert "token" not in str(opened.url)
        assert client.get("/chat", headers={"host": "192.0.2.7:8765"}).status_code == 200
        assert client.get("/chat", headers={"host": "evil.example:8765"}).status_code == 421
        assert client.get("/chat").status_code == 200


def test_the_token_never_leads_to_another_host(home, tmp_path):
    with served(home, tmp_path / "store", host="0.0.0.0", token="open-sesame") as client:
        answer = client.get(f"http://{HOST}//evil.example/?token=open-sesame", follow_redirects=False)
        assert answer.status_code == 303
        assert re.match(r"/[^/\\]", answer.headers["location"])
