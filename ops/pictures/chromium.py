"""Open a Chromium of its own: without a screen, on an empty profile, calling nobody by itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from ops.setup.browser import chromium

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""The last one lets no name be looked up: whatever is asked for elsewhere fails."""


@contextmanager
def opened() -> Iterator[Browser]:
    """Run a browser for the duration of the block, from a thread in which no event loop runs."""
    found = chromium()
    environment: dict[str, str | float | bool] = {**os.environ, **found.environment}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.program, env=environment, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
