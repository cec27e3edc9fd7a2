"""What every test run has: skips that CI does not forgive, and a watch over who opens a county's files."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.openers import watch_openings

settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)  # nothing here is timed
settings.load_profile("ci")
watch_openings()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a test that skips for want of something to install is a failure."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and "install" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """The system's Chromium, one for a module's tests."""
    from tests.support.browser import launched

    with launched() as found:
        yield found
