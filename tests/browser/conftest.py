"""What tests of the published pages share: the built book, a server for it, and a browser.

A test asks for `open_page` and says ``page = open_page("explorer", width=PHONE, theme="dark")``
with names from `served`. It gets a Playwright page in a context of its own, settled: formulas,
fonts and widgets are drawn. When the test ends, `open_page` fails it if a page reported an error
or asked for anything outside the book. `same_page` does the same with one page for all tests of a
module: it is quicker, and a test says itself where it begins.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page, sync_playwright
from served import DESKTOP, FLAGS, Built, build, open_in

from genre_lib.book.pdf import CHROMIUMS, find_browser


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this session have in common."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def built(shared: Path) -> Built:
    """The book of the stored notebooks, built with warnings as errors, once for all workers."""
    folder, notes = shared / "published", shared / "published.json"
    with FileLock(shared / "published.lock"):
        if not notes.exists():
            made = build(folder)
            notes.write_text(json.dumps({"log": made.log, "exit_code": made.exit_code}))
    return Built(folder / "_build" / "html", **json.loads(notes.read_text()))


class Quiet(SimpleHTTPRequestHandler):
    """The server of `python -m http.server`, without its log."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def site(built: Built) -> Iterator[str]:
    """Where the built book is served: ``http://127.0.0.1:PORT/``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built.html)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; without one the tests skip, but in continuous integration they fail."""
    program = find_browser()
    if program is None:
        message = f"No browser is installed: none of {', '.join(CHROMIUMS)} is on the PATH."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return program


@pytest.fixture(scope="module")  # no longer: its event loop would be in the way of other tests
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium without a network."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def faults() -> list[str]:
    """What went wrong on the pages that this test opened; `open_page` checks it at the end."""
    return []


@pytest.fixture
def open_page(browser: Browser, site: str, faults: list[str]) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of the book in a fresh context and waits until it is drawn."""
    pages = []

    def open_one(name: str, *, width: int = DESKTOP, theme: str = "light") -> Page:
        pages.append(open_in(browser, site, name, faults, width=width, theme=theme))
        return pages[-1]

    yield open_one
    for page in pages:
        page.context.close()
    assert faults == []


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[dict[str, tuple[Page, list[str]]]]:
    """Pages that stay open for a module, by name, each with what went wrong on it."""
    pages: dict[str, tuple[Page, list[str]]] = {}
    yield pages
    for page, _ in pages.values():
        page.context.close()


@pytest.fixture
def same_page(
    browser: Browser, site: str, opened: dict[str, tuple[Page, list[str]]]
) -> Iterator[Callable[..., Page]]:
    """A function that opens a page once for a module; later tests find it as the last left it."""

    def open_once(name: str, *, width: int = DESKTOP) -> Page:
        if name not in opened:
            found: list[str] = []
            page = open_in(browser, site, name, found, width=width, theme="light")
            opened[name] = (page, found)
        page, _ = opened[name]
        page.set_viewport_size({"width": width, "height": 800})
        return page

    yield open_once
    found = [fault for _, each in opened.values() for fault in each]
    for _, each in opened.values():
        each.clear()
    assert found == []


@pytest.fixture(scope="session")
def screenshot() -> Callable[[Page, str], Path]:
    """A function that keeps a picture of a whole page as `<name>.png`.

    The folder is GENRE_SCREENSHOTS, by default `tests/browser/screenshots`.
    """
    folder = Path(os.environ.get("GENRE_SCREENSHOTS") or Path(__file__).parent / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> Path:
        path = folder / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return keep
