"""A page in the system's Chromium, with everything that it asks for and complains of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.web import lonlat

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PATIENCE_S = 15
QUIET_S = 0.5


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser, until the block ends."""
    if not CHROMIUM.exists():
        pytest.skip("browser tests need Chromium: install it with apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One page and everything that it asked for and complained of."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    n_pending: int = 0

    def open(self, address: str = "/") -> None:
        self.page.goto(self.origin + address)
        if not address.startswith("/list"):
            self.wait_until_ready()

    def log_in(self, login: str, password: str) -> None:
        self.page.goto(f"{self.origin}/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.keyboard.press("Enter")
        self.settle()

    def wait_until_ready(self) -> None:
        """The page has started and shows its figures; a request in flight would be cut by leaving."""
        self.wait(
            "document.body.dataset.ready === 'true' && document.querySelector('.share strong') !== null"
        )
        self.page.wait_for_load_state("networkidle")

    def wait(self, condition: str) -> Any:
        """Poll a condition; Playwright's own waiting is forbidden by the page's policy."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = self.page.evaluate(condition)
            if found:
                return found
            self.page.wait_for_timeout(50)
        pytest.fail(f"never true: {condition}; {self.complaints}")

    def settle(self) -> None:
        """Nothing has been asked for a while: leaving now cuts off no request, which would count as failed."""
        end, quiet_since = time.monotonic() + PATIENCE_S, time.monotonic()
        n_asked = len(self.requests)
        while time.monotonic() < end and time.monotonic() < quiet_since + QUIET_S:
            self.page.wait_for_timeout(50)
            if self.n_pending or len(self.requests) != n_asked:
                n_asked, quiet_since = len(self.requests), time.monotonic()

    def count_pending(self, change: int) -> None:
        self.n_pending += change

    def click_place(self, x: float, y: float) -> None:
        """Click on a place of the town, given in metres from its lower left corner."""
        lon, lat = lonlat(x, y)
        at = self.page.evaluate(
            f"(() => {{ const p = map_town.latLngToContainerPoint([{lat}, {lon}]);"
            " const box = map_town.getContainer().getBoundingClientRect();"
            " return [p.x + box.left, p.y + box.top]; })()"
        )
        self.page.mouse.click(*at)

    def require_quiet(self) -> None:
        """Nothing was asked of anybody else, nothing failed, nothing was forbidden."""
        foreign = [url for url in self.requests if not url.startswith((self.origin, "data:", "blob:"))]
        assert (foreign, self.complaints) == ([], [])


def make_visit(browser: Browser, origin: str, size: dict[str, int], **options: Any) -> Visit:
    page = browser.new_context(
        viewport=size, has_touch=size is PHONE, reduced_motion="reduce", **options
    ).new_page()
    visit = Visit(page, origin)
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("request", lambda _: visit.count_pending(1))
    page.on("requestfinished", lambda _: visit.count_pending(-1))
    page.on("requestfailed", lambda _: visit.count_pending(-1))
    page.on("requestfailed", lambda request: visit.complaints.append(f"{request.url}: {request.failure}"))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            visit.complaints.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective));"
    )
    return visit
