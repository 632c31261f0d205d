"""The book as one PDF: Sphinx makes one document of its pages, and a browser prints it."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from pathlib import Path

import yaml

from genre_lib.book.editions import render
from genre_lib.book.templates import fill
from genre_lib.config import UserError, refusing, write_file, writing

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""What cuts the browser from the network; Playwright itself keeps it from updates and the like."""

SETTLED = fill("settled.js")
"""A function of JavaScript that returns when formulas, fonts and widgets are drawn."""

WIDTH = 822  # CSS pixels between the margins: scripts that measure find the width of the print


def find_browser() -> str | None:
    """Path of the first Chromium that is installed."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def print_book(folder: Path) -> Path:
    """Print the pages in `folder` as ``_build/book.pdf``; if that fails, it stays as it was.

    A `UserError` says what is missing (Playwright, a browser, the pages, a place for the PDF) or
    fails.
    """
    if importlib.util.find_spec("playwright") is None:
        raise UserError(
            "Printing needs the Python package playwright; install it, for example with "
            "`pip install --editable '.[pdf]'`."
        )
    browser = find_browser()
    if browser is None:
        raise UserError(
            f"Printing needs a browser, and none of {', '.join(CHROMIUMS)} is on the PATH; "
            "install Chromium."
        )
    contents = folder / "_toc.yml"
    if not contents.exists():
        raise UserError(f"{folder} holds no book; make one with `genre-book build`.")
    first_page = yaml.safe_load(contents.read_text(encoding="utf-8"))["root"]
    output = folder / "_build" / "book.pdf"
    with writing(output):
        output.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        pages = Path(name) / "book"
        shutil.copytree(folder, pages, ignore=shutil.ignore_patterns("_build"))
        print("rendering the pages")
        html = render(pages, builder="singlehtml")
        print("printing them")
        write_file(output, print_document(html / f"{first_page}.html", browser))
    return output


def print_document(document: Path, browser: str) -> bytes:
    """One HTML file as a PDF on A4, with page numbers and an outline.

    A `UserError` is raised if the browser fails.
    """
    from playwright.sync_api import Error, sync_playwright

    with refusing(f"{browser} does not print the book", Error), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = chromium.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.emulate_media(media="print")
        page.goto(document.resolve().as_uri(), wait_until="load")
        page.evaluate(SETTLED)
        pdf = page.pdf(
            format="A4",
            scale=0.8,
            margin={"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=fill("page_number.html"),
            outline=True,
            tagged=True,
        )
        chromium.close()
        return pdf
