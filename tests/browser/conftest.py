"""A real browser for the pages: headless Chromium, driven by selenium. Absent, these tests are skipped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

WIDE, NARROW = (1280, 900), (390, 844)
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (WIDE, NARROW)]
"""Every look in which a page is checked: colours and window."""

_INSIDE = ("file", "data", "blob", "about")


class Browser:
    """One Chromium, and what it complained of and asked for since the last page was opened."""

    def __init__(self, driver: Any, axe: str) -> None:
        self.driver = driver
        self._axe = axe

    def look(self, scheme: str = "light", size: tuple[int, int] = WIDE, language: str = "en") -> None:
        """Set the colours, the window and the reader's language for the pages opened from here on."""
        width, height = size
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        self._tell(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        agent = self.driver.execute_script("return navigator.userAgent")
        self._tell("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": language})

    def open(self, page: str | Path) -> None:
        """Open an address or a file, with a clean slate."""
        self.driver.get("about:blank")
        self.complaints()
        self.requests()
        self.driver.get(page.as_uri() if isinstance(page, Path) else page)

    def complaints(self) -> list[str]:
        """What the console was told of since the last call, warnings too."""
        return [f"{line['level']}: {line['message']}" for line in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses asked for since the last call."""
        events = (json.loads(line["message"])["message"] for line in self.driver.get_log("performance"))
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def violations(self) -> list[str]:
        """What axe finds on the page as it stands, a rule and its places a line."""
        self.driver.execute_script(self._axe)
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',"
            " 'wcag22aa', 'best-practice']}).then(found => done(found.violations), why => done(String(why)));"
        )
        assert isinstance(found, list), found
        return [
            f"{rule['id']}: {rule['help']}: " + "; ".join(str(node["target"]) for node in rule["nodes"][:4])
            for rule in found
        ]

    def check(self, *, axe: bool = True) -> None:
        """Fail on any complaint of the console, request to elsewhere, sideways scrolling or axe violation."""
        here = urlsplit(self.driver.current_url)
        outside = [
            url
            for url in self.requests()
            if (part := urlsplit(url)).scheme not in _INSIDE and part.netloc != here.netloc
        ]
        assert not outside
        assert not self.complaints()
        wide, room = self.driver.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= room, f"the page is {wide} px wide in a window of {room}"
        if axe:
            assert not self.violations()

    def run(self, script: str, *values: object) -> Any:
        """Run a function body in the page."""
        return self.driver.execute_script(script, *values)

    def keys(self, *keys: str) -> None:
        """Press keys on whatever has the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def wait(self, condition: str, seconds: float = 10) -> Any:
        """Wait until an expression is true in the page."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, seconds, 0.05).until(
            lambda driver: driver.execute_script(f"return {condition}")
        )

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """Keep a picture of the window, or of the whole page."""
        import base64

        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole}
        )
        file.write_bytes(base64.b64decode(shot["data"]))

    def _tell(self, command: str, values: dict[str, Any]) -> None:
        self.driver.execute_cdp_cmd(command, values)


def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("axe's rules are not installed (pip install 'dialogue-sim[dev]')")
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium with nothing open. Skips, saying why, where it cannot run."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("no chromium with its driver (Debian: apt install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("chromium")
    for flag in (
        "headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", "no-first-run",
        "disable-background-networking", "disable-component-update", "disable-sync", "no-proxy-server",
        "hide-scrollbars", f"user-data-dir={profile}",
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    axe = _axe()
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    started.set_script_timeout(120)
    try:
        yield Browser(started, axe)
    finally:
        started.quit()
