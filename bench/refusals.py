"""A server that takes R requests a second and refuses the rest with 429: how much of R is used, and how much refused?

The limiter is told nothing of R. Both are counted by the server, after a time to settle that is
counted too: all calls of the run are in the figures.

    python bench/refusals.py --rate 20 50 --calls 1500
"""

from __future__ import annotations

import argparse
import asyncio
import time

from machine import described, table
from mock_server import MockServer


async def asked(url: str, calls: int) -> float:
    """Make so many calls, 64 at a time, and return how many seconds that took."""
    from dialogue_sim.models.base import Message, Options
    from dialogue_sim.models.limits import Limiter
    from dialogue_sim.models.registry import open_model
    from dialogue_sim.models.retries import retry
    from dialogue_sim.models.settings import ModelSettings

    model, limiter = open_model("openai:m", ModelSettings(base_url=url)), Limiter(64)
    messages = [Message(role="user", content="Hello.")]
    started = time.perf_counter()
    try:
        await asyncio.gather(
            *(
                retry(lambda: model.chat(messages, Options()), limiter, attempts=6, name="m")
                for _ in range(calls)
            )
        )
    finally:
        await model.close()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, nargs="+", default=[20, 50])
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--latency", type=float, default=0.2)
    arguments = parser.parse_args()
    print(described("aiohttp"))
    rows = []
    for rate in arguments.rate:
        for after in (0.0, 1.0):
            with MockServer(arguments.latency, per_second=rate, retry_after=after) as server:
                wall = asyncio.run(asked(server.url, arguments.calls))
                counts = server.stats()
            # The bucket is full at the start: a second's worth is free.
            best = (arguments.calls - rate) / rate
            rows.append([
                f"{rate:g}", f"{after:g}" if after else "none", str(counts["calls"]), f"{wall:.1f}", f"{best / wall:.2f}",
                f"{100 * counts['refused'] / counts['calls']:.1f} %",
            ])  # fmt: skip
    print(table(["R per s", "Retry-After s", "requests", "wall s", "goodput / R", "refused"], rows))


if __name__ == "__main__":
    main()
