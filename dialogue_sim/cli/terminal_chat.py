"""`chat CASE` in the terminal: the same chat as in the browser, read from and written to the screen."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dialogue_sim import errors
from dialogue_sim.cases import Case, doctor_view, load_cases
from dialogue_sim.judging.reasons import told
from dialogue_sim.models.journal import Journal
from dialogue_sim.reports.figures import points
from dialogue_sim.reports.messages import Language, reader_language, say
from dialogue_sim.roles.closing import ClosingForm
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.web.chats import END_MARKS, LISTS, Chat, Chats
from dialogue_sim.web.sheets import Row, ScoreSheet, chat_sheet

ORDERS, ENDS = ("/order ", "/检查 "), ("/end", "/结束")
VISITOR = "terminal"


async def talk(config: RunConfig, store: Path, *, anew: bool) -> None:
    """Hold one chat at this terminal. What is written is kept; the same command goes on.

    Raises:
        ConfigError: the case or a model cannot be used, or another chat goes on in this store.
        ModelError: the patient's or judge's model does not answer.
    """
    language = reader_language()
    case = load_cases(config.cases)[0]
    journal = Journal(store / case.id)
    chats = Chats(config, [case], journal)
    try:
        await chats.open()
        open_ones = [one for one in chats.of(VISITOR) if not chats.finished(one.id)]
        known = await chats.chat(open_ones[0].id) if open_ones and not anew else None
        chat = known or await chats.begin(case.id, visitor=VISITOR)
        _greet(case, language, resumed=known is not None)
        await _Screen(chat, chats, language).run()
    finally:
        await chats.close()
        journal.close()


def _greet(case: Case, language: Language, *, resumed: bool) -> None:
    print(f"{case.title}\n{doctor_view(case).registration}\n{say('chat_help', language)}")
    if resumed:
        print(say("chat_resumed", language))


class _Screen:
    def __init__(self, chat: Chat, chats: Chats, language: Language) -> None:
        self._chat, self._chats, self._language = chat, chats, language
        self._shown = 0

    async def run(self) -> None:
        chat = self._chat
        while True:
            await chat.settled()
            self._show_turns()
            place = len(chat.record.written)
            if chat.state == "turn":
                text = await self._turn()
                if text is None:
                    return
                if text:
                    await chat.write(text, place)
            elif chat.state == "closing":
                form = await self._closing()
                if form is None:
                    return
                await chat.conclude(form, place)
            else:
                self._end()
                return

    def _show_turns(self) -> None:
        for turn in self._chat.turns[self._shown :]:
            # What was typed stands on the screen already, unless it was typed another day.
            if turn.text and (turn.speaker != "doctor" or not self._shown):
                print(f"\n{say('web_' + turn.speaker, self._language)}: {_plain(turn.text)}")
        self._shown = len(self._chat.turns)

    async def _turn(self) -> str | None:
        """What to say next; empty for nothing, None when the person leaves."""
        line = await _line(f"\n{say('chat_you', self._language)}> ")
        if line is None:
            return None
        text = line.strip()
        case_language = self._chat.case.language
        if text in ENDS:
            return END_MARKS[case_language]
        for order in ORDERS:
            if text.startswith(order):
                return say("web_order_phrase", case_language, tests=text.removeprefix(order).strip())
        return text

    async def _closing(self) -> ClosingForm | None:
        print(f"\n{say('closing_block', self._language)}")
        diagnosis = ""
        while not diagnosis:
            line = await _line(f"{say('closing_diagnosis', self._language)}> ")
            if line is None:
                return None
            diagnosis = line.strip()[:120]
        lists: dict[str, list[str]] = {}
        for name, most in LISTS.items():
            print(say("chat_entry", self._language, what=say(f"closing_{name}", self._language)))
            entries: list[str] = []
            while len(entries) < most and (line := await _line("> ")) and line.strip():
                entries.append(line.strip())
            lists[name] = entries
        return ClosingForm.model_validate({"diagnosis": diagnosis, **lists})

    def _end(self) -> None:
        sheet = chat_sheet(self._chats, self._chat)
        if sheet:
            _show_sheet(sheet, self._language)
            return
        failure = self._chat.failure
        why = f"{failure.kind}: {errors.told(failure.message, self._language)}" if failure else ""
        print(f"\n{say('web_chat_failed', self._language)}\n{why}")


def _show_sheet(sheet: ScoreSheet, language: Language) -> None:
    print(f"\n{say('web_scorecard', language)}: {points(sheet.score.score)} / 100")
    if sheet.score.caps and sheet.score.raw > sheet.score.score:
        print(say("web_capped", language, raw=points(sheet.score.raw)))
    names = {d.id: d.zh if language == "zh" else d.en for d in sheet.rubric.dimensions}
    for dimension, rows in sheet.groups:
        print(f"\n{names[dimension]} {points(sheet.score.dimensions.get(dimension))}")
        for row in rows:
            _show_row(row, language)
    print(f"\n{say('caps', language)}")
    for row in sheet.caps:
        _show_row(row, language)


def _show_row(row: Row, language: Language) -> None:
    quote, why = _plain(row.verdict.quote), _plain(told(row.verdict, language))
    print(f"  {row.part.id:<4} {row.part.wording(language).name}: {say(row.word, language)}")
    if quote or why:
        print("       " + " ".join(part for part in (f"“{quote}”" if quote else "", why) if part))


def _plain(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())


async def _line(prompt: str) -> str | None:
    """One line from the person; None when the input ends."""
    print(prompt, end="", flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    return line if line else None
