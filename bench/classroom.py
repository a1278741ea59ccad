"""A class at once: so many students hold a whole chat each against one server; prints what they waited.

python bench/classroom.py 40
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from statistics import median, quantiles

import httpx2

COMMAND = [
    sys.executable,
    "-c",
    "from dialogue_sim.cli import main; main()",
    "chat",
    "--serve",
    "--port",
    "0",
]
SAYS = ["When did it start?", "Any past illnesses?", "Do you take any medicine?", "Please arrange: ECG"]
FIELD = re.compile(r'name="(form_token|place)" value="([^"]+)"')


async def student(url: str, waits: list[float]) -> bool:
    """One chat from the list to the scorecard; whether it got there."""
    async with httpx2.AsyncClient(base_url=url, follow_redirects=True, timeout=120) as client:

        async def post(path: str, page: str, **fields: str) -> httpx2.Response:
            started = time.perf_counter()
            answer = await client.post(path, data={**dict(FIELD.findall(page)), **fields})
            waits.append(time.perf_counter() - started)
            return answer

        page = await client.get("/chat")
        case = re.findall(r'name="case" value="([0-9a-f]+)"', page.text)[0]
        page = await post("/chat", page.text, case=case)
        path = page.url.path
        for text in SAYS:
            page = await post(f"{path}/turn", page.text, text=text, intent="say")
        page = await post(f"{path}/turn", page.text, text="Goodbye.", intent="end")
        page = await post(
            f"{path}/closing", page.text, diagnosis="Flu", differential="", tests="", plan="rest"
        )
        return 'id="scorecard-title"' in page.text


async def main(students: int, url: str) -> None:
    """Let the class in, print the waits."""
    waits: list[float] = []
    started = time.perf_counter()
    done = await asyncio.gather(*(student(url, waits) for _ in range(students)))
    spent = time.perf_counter() - started
    print(f"{sum(done)} of {students} reached the scorecard in {spent:.1f} s; a request waited {median(waits):.3f} s "
          f"(median), {quantiles(waits, n=20)[-1]:.3f} s (95 %), {max(waits):.3f} s (longest)")  # fmt: skip


with tempfile.TemporaryDirectory() as store:
    server = subprocess.Popen(
        [*COMMAND, "--store", store],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DIALOGUE_SIM_LANG": "en"},
    )
    try:
        assert server.stderr
        found = re.search(r"http://\S+?(?=/ )", server.stderr.readline())
        assert found
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40, found[0]))
    finally:
        server.kill()
        server.wait()
