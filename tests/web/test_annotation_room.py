"""Marking: blind, in an order of one's own, kept at once, exported as `calibrate` reads it."""

from __future__ import annotations

import re
from pathlib import Path

from dialogue_sim.reports.calibrations import calibrated, read_human
from dialogue_sim.reports.entries import read_entries
from dialogue_sim.web.gallery import Gallery
from dialogue_sim.web.markings import Pool
from tests.web.conftest import post, served, token_in


def pool_of(client) -> str:
    found = re.search(r'/annotate/([0-9a-f]{12})"', client.get("/annotate").text)
    assert found
    return found[1]


def sign(client, pool: str, rater: str):
    return post(client, f"/annotate/{pool}", client.get(f"/annotate/{pool}").text, rater=rater)


def mark_all(client, pool: str, rater: str, verdicts: str) -> None:
    sign(client, pool, rater)
    for place in (1, 2):
        page = client.get(f"/annotate/{pool}/{place}").text
        items = re.findall(r'data-item="(\w+)"', page)
        assert len(items) > 30
        for n, item in enumerate(items):
            verdict = {"y": "met", "n": "not"}[verdicts[n % len(verdicts)]]
            fields = {"item": item, "verdict": verdict, "turns": "1 3 999", "note": "=1+1, said so"}
            answer = client.post(
                f"/annotate/{pool}/{place}",
                data={"form_token": token_in(page), **fields},
                headers={"accept": "application/json"},
            )
            assert answer.json()["done"] == n + 1


def test_marks_go_to_calibrate_and_agreement_is_shown(client, home, tmp_path):
    pool = pool_of(client)
    mark_all(client, pool, "Dr Wu", "yn")
    assert "two people" in client.get(f"/annotate/{pool}/agreement").text
    mark_all(client, pool, "李医生", "ynynyyyn")
    agreement = client.get(f"/annotate/{pool}/agreement").text
    assert "Krippendorff" in agreement
    assert "Dr Wu" in agreement
    assert "李医生" in agreement
    exported = client.get(f"/annotate/{pool}/verdicts.csv")
    assert exported.text.startswith("dialogue_id,item,rater,verdict,note\n")
    assert ",turns 1 3; " in exported.text.replace('"', "")
    file = tmp_path / "verdicts.csv"
    file.write_bytes(exported.content)
    found = calibrated(read_entries([str(home / "secret-doctor")])[0], read_human(file), file)
    assert found.raters.keys() == {"Dr Wu", "李医生"}
    assert found.labelled_whole == 2


def test_what_a_rater_sees_is_blind(home, tmp_path):
    with served(home, tmp_path / "store", rooms="annotate") as client:
        entrance = client.get("/annotate")
        pool = entrance.url.path.rpartition("/")[2]
        pages = [
            entrance.text,
            sign(client, pool, "A").text,
            *(client.get(f"/annotate/{pool}/{n}").text for n in (1, 2)),
        ]
        for page in pages:
            for hidden in ("secret-doctor", "scripted", "lexicon"):
                assert hidden not in page
        assert client.get(f"/annotate/{pool}/agreement").status_code == 404
        assert client.get(f"/annotate/{pool}/verdicts.csv").status_code == 404
        assert client.get("/runs").status_code == 404
        assert client.get("/chat").status_code == 404
        assert client.get(f"/annotate/{pool}/3").status_code == 404


def test_marks_are_there_when_the_rater_comes_back(home, tmp_path):
    for visit in range(2):
        with served(home, tmp_path / "store", rooms="annotate") as client:
            pool = client.get("/annotate").url.path.rpartition("/")[2]
            page = sign(client, pool, "A")
            if visit == 0:
                answer = post(
                    client, page.url.path, page.text, item="A1", verdict="partly", turns="c 2", note="so so"
                )
                assert answer.status_code == 200
            else:
                assert re.search(r'value="partly" checked', page.text)
                assert 'value="-1 2"' in page.text
                assert 'value="so so"' in page.text


def test_what_is_no_mark_is_refused(client):
    pool = pool_of(client)
    page = sign(client, pool, "A")
    path = page.url.path
    assert post(client, path, page.text, item="A1", verdict="splendid").status_code == 400
    assert post(client, path, page.text, item="Z9", verdict="met").status_code == 404
    assert "A name may hold" in sign(client, pool, "=HYPERLINK(1)").text
    client.cookies.delete("dialogue_sim_rater")
    token = client.get("/chat").text
    assert post(client, path, token, item="A1", verdict="met").status_code == 403


def test_every_rater_has_an_order_of_their_own_and_all_the_same_choice(home: Path):
    gallery = Gallery(home)
    pool = Pool("x", gallery.runs())
    pool.runs[0].dialogues = lambda: [f"case-{n}/0" for n in range(20)]  # type: ignore[method-assign]
    few = Pool("x", pool.runs, limit=7)
    assert len(few.units()) == 7
    assert set(few.order("a")) == set(few.order("b")) == set(few.units())
    assert pool.order("a") == pool.order("a") != pool.order("b")
    gallery.close()
