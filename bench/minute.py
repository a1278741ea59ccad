"""Are requests a minute kept to the letter? The times of arrival at a loopback server, over every window of sixty seconds.

python bench/minute.py --rpm 600 --seconds 130
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.openai_api import OpenAIModel
from dialogue_sim.models.settings import ModelSettings
from tests.reliability.test_limits import Timed


async def main(rpm: int, seconds: float) -> int:
    limiter = Limiter(64, rpm=rpm)
    async with Timed() as server:
        model = OpenAIModel("m", ModelSettings(base_url=server.url))
        end = time.monotonic() + seconds

        async def ask(number: int) -> None:
            while time.monotonic() < end:
                async with limiter.slot():
                    said = Message(role="user", content=f"{number} {time.monotonic()}")
                    await model.chat([said], Options())

        await asyncio.gather(*(ask(number) for number in range(32)))
        await model.close()
    most = start = 0
    for last, at in enumerate(server.at):
        while at - server.at[start] > 60:
            start += 1
        most = max(most, last - start + 1)
    print(
        f"{len(server.at)} requests in {server.at[-1] - server.at[0]:.0f} s; at most {most} in any 60 s, {rpm} allowed"
    )
    return most > rpm


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rpm", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=130)
    os.environ["OPENAI_API_KEY"] = "none"
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.rpm, arguments.seconds)))
