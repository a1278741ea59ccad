"""Prompts are read once, so that a run keeps to those that its hash names."""

from __future__ import annotations

from dialogue_sim.prompts import Prompts


def test_a_prompt_that_is_edited_meanwhile_is_for_the_next_run(tmp_path):
    prompt = tmp_path / "en" / "greeting.j2"
    prompt.parent.mkdir()
    prompt.write_text("Good morning, {{ name }}.")
    running = Prompts(tmp_path)
    before = running.render("greeting", "en", name="Ada")
    prompt.write_text("Go away, {{ name }}.")
    assert running.render("greeting", "en", name="Ada") == before == "Good morning, Ada."
    assert Prompts(tmp_path).render("greeting", "en", name="Ada") == "Go away, Ada."
