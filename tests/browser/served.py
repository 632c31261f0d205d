"""The pages of the book: built, and how a browser is to look at them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from genre_lib.book import pdf as printing

ROOT = Path(__file__).parents[2]
DESKTOP, PHONE = 1280, 375  # widths in CSS pixels
THEMES = ("light", "dark")
PATIENCE = 120_000  # ms, for machines that are busy
expect.set_options(timeout=PATIENCE)

FLAGS = (*printing.FLAGS, "--autoplay-policy=no-user-gesture-required")


def toc_pages() -> list[str]:
    """Names of all pages of the book, in the order of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *chapters]


PAGES = toc_pages()


@dataclass(frozen=True)
class Built:
    """A built book: the folder of its pages, and the log of the build."""

    html: Path
    log: str
    exit_code: int


def build(folder: Path, **environment: str) -> Built:
    """Build the book in a copy of its folder."""
    shutil.copytree(ROOT / "book", folder, ignore=shutil.ignore_patterns("_build"))
    program = Path(sys.executable).with_name("jupyter-book")
    run = subprocess.run(
        [str(program), "build", "-W", "-n", "--keep-going", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    made = Built(folder / "_build" / "html", run.stdout, run.returncode)
    assert (made.html / "index.html").exists(), made.log[-3000:]
    return made


def open_in(
    browser: Browser,
    site: str,
    name: str,
    faults: list[str],
    *,
    width: int,
    theme: str,
    finished: Callable[[Request], None] = lambda request: None,
) -> Page:
    """Open a page of the book in a fresh context and wait until it is drawn.

    Console errors, page errors and requests outside the book are added to `faults`, as long as
    the page is open; `finished` gets every request that was answered.
    """
    context = browser.new_context(
        base_url=site, viewport={"width": width, "height": 800}, color_scheme=theme
    )
    context.add_init_script(
        f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}');"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"{name}: {message.text} ({message.location['url']})")

    def asked(request: Request) -> None:
        if not request.url.startswith((site, "data:", "blob:", "about:")):
            faults.append(f"{name}: asked for {request.url}")

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(f"{name}: {error}"))
    page.on("request", asked)
    page.on("requestfinished", finished)
    page.goto(name if "." in name else f"{name}.html", wait_until="load")
    page.evaluate(printing.SETTLED)
    return page


def turned(page: Page) -> Iterator[tuple[int, str]]:
    """Show an open page as a desktop in light and as a phone in dark, and as it was in the end."""
    for width, theme in ((DESKTOP, "light"), (PHONE, "dark")):
        turn(page, width, theme)
        yield width, theme
    turn(page, DESKTOP, "light")


def turn(page: Page, width: int, theme: str) -> None:
    """Show an open page in another width and theme."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 800})
    page.add_style_tag(content="* { transition: none !important; }")  # else colours glide
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    if before != page.viewport_size:
        page.wait_for_timeout(400)  # what scrolls gets its tab stop late
