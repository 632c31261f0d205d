"""The book as one PDF: its pages joined to one document, which a browser prints."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from genre_lib.book.editions import Say, render
from genre_lib.config import UserError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # the network is cut
)
"""How the browser starts: as root as well, and without a word to anybody."""

SETTLED = """async () => {
  const start = performance.now();
  const pause = () => new Promise((go, stop) =>
    performance.now() - start < 60000 ? setTimeout(go, 20) : stop(Error("not drawn in a minute")));
  await document.fonts.ready;
  if (document.querySelector("script[src*='tex-svg']")) {
    while (!window.MathJax?.startup?.promise) await pause();
    await MathJax.startup.promise;
  }
  const views = "script[type='application/vnd.jupyter.widget-view+json']";
  const drawn = () => [...document.querySelectorAll(views)].every(
    (view) => view.parentElement.querySelector(".jupyter-widgets"));
  while (!drawn()) await pause();
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
}"""
"""A function of JavaScript that returns when formulas, fonts and widgets are drawn."""

DRAWING = ("window.MathJax", "tex-svg.js", "@jupyter-widgets/embed.js", "widget-state+json")
"""What names a script that draws something which print shows; the others serve the screen."""

POINTING = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
"""Attributes, besides links, that name other elements of a page."""

WIDTH = 822  # CSS pixels between the margins: scripts that measure find the width of the print

FOOTER = (
    '<div style="width: 100%; text-align: center; font: 9px sans-serif; color: #444">'
    '<span class="pageNumber"></span></div>'
)

DOCUMENT = Template("""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light" data-content_root="./">
<head><meta charset="utf-8"><title>$title</title>
$head
</head>
<body class="book-print">
<header class="book-cover"><p class="book-cover-title">$title</p><p>$author</p>
<p>Printed from the pages of the book; there, sounds play, tables sort and controls answer.</p>
<nav aria-label="Contents"><h1>Contents</h1>
$contents
</nav></header>
<main class="bd-main">
$articles
</main>
</body>
</html>
""")


def find_browser() -> str | None:
    """Path of the first Chromium that is installed."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def print_book(folder: Path, output: Path, *, say: Say = print) -> Path:
    """Print the pages in `folder` as one PDF; nothing is left behind if that fails.

    Raises
    ------
    UserError
        If Playwright or a browser is missing, there are no pages, they cannot be rendered or
        printed, or there is no place for the PDF.
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
    if not (folder / "_toc.yml").exists():
        raise UserError(f"{folder} holds no book; make one with `genre-book build`.")
    if output.is_dir():
        raise UserError(f"{output} is a folder; name a file for the PDF.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=output.parent).close()  # told now, not after the work
    except OSError as error:
        raise UserError(
            f"{output} cannot be written ({error.strerror}); choose another place."
        ) from None
    with tempfile.TemporaryDirectory() as name:
        pages = Path(name) / "book"
        shutil.copytree(folder, pages, ignore=shutil.ignore_patterns("_build"))
        say("rendering the pages")
        html = render(pages, say=say).parent
        document = html / "whole-book.html"
        document.write_text(join_pages(html, settings_of(pages)), encoding="utf-8")
        say("printing them")
        part = output.with_name(f".{output.name}.part")
        try:
            print_document(document, part, browser)
            os.replace(part, output)
        finally:
            part.unlink(missing_ok=True)
    return output


def settings_of(folder: Path) -> dict[str, Any]:
    """What ``_config.yml`` and ``_toc.yml`` say about a book: title, author, root, parts."""
    import yaml

    files = (folder / "_config.yml", folder / "_toc.yml")
    config, toc = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in files)
    parts = {part["caption"]: [each["file"] for each in part["chapters"]] for part in toc["parts"]}
    return {
        "title": config["title"],
        "author": config["author"],
        "parts": {"": [toc["root"]], **parts},
    }


def join_pages(html: Path, settings: Mapping[str, Any]) -> str:
    """One HTML document with all pages of a built book, the links among them made its own.

    Parameters
    ----------
    html
        Folder of the built pages; the document is to be stored there.
    settings
        As `settings_of` gives them.
    """
    from bs4 import BeautifulSoup

    names = [name for part in settings["parts"].values() for name in part]
    soups = {
        name: BeautifulSoup((html / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        for name in names
    }
    articles = {name: soup.select("article.bd-article")[0] for name, soup in soups.items()}
    places = unite(articles)
    for name, article in articles.items():
        redirect(article, name, places)
    head = dict.fromkeys(line for soup in soups.values() for line in needed(soup))
    contents = ""
    for caption, part in settings["parts"].items():
        lines = "".join(contents_line(name, articles[name]) for name in part)
        contents += (f"<p>{escape(caption)}</p>" if caption else "") + f"<ul>{lines}</ul>\n"
    return DOCUMENT.substitute(
        title=escape(settings["title"]),
        author=escape(settings["author"]),
        head="\n".join(head),
        contents=contents,
        articles="\n".join(map(str, articles.values())),
    )


def contents_line(name: str, article: Tag) -> str:
    """A page in the list of contents."""
    title = article.select("h1")[0].get_text(strip=True)
    return f'<li><a href="#page-{name}">{escape(title)}</a></li>'


def needed(soup: BeautifulSoup) -> list[str]:
    """Style sheets of a page, and the scripts that draw something in it."""
    styles = soup.select("head link[rel=stylesheet]")
    scripts = [each for each in soup.select("head script") if any(n in str(each) for n in DRAWING)]
    return [str(each) for each in (*styles, *scripts)]


def unite(articles: Mapping[str, Tag]) -> dict[str, dict[str, str]]:
    """Rename what bears the same name on two pages; returns the new names by page and old name."""
    taken: set[str] = set()
    places: dict[str, dict[str, str]] = {}
    for name, article in articles.items():
        for link in article.select("a.headerlink"):
            link.decompose()
        places[name] = {}
        for tag in article.find_all(id=True):
            old = str(tag["id"])
            if old in taken and not tag.find_parent("svg"):
                tag["id"] = f"{name}-{old}"
            places[name][old] = str(tag["id"])
            taken.add(str(tag["id"]))
        article["id"] = f"page-{name}"
    return places


def redirect(article: Tag, name: str, places: Mapping[str, Mapping[str, str]]) -> None:
    """Let links to pages lead into the document; what leads to a file becomes plain text."""
    own = places[name]
    for link in article.find_all("a", href=True):
        target = urlsplit(str(link["href"]))
        if target.scheme in ("http", "https", "mailto"):
            continue
        page = target.path.removesuffix(".html") or name
        if target.netloc or target.scheme or page not in places:
            link.unwrap()
        elif target.fragment:
            link["href"] = "#" + places[page].get(target.fragment, target.fragment)
        else:
            link["href"] = f"#page-{page}"
    for key in POINTING:
        for tag in article.select(f"[{key}]"):
            words = " ".join(map(str, tag.get_attribute_list(key))).split()
            tag[key] = " ".join(own.get(word, word) for word in words)


def print_document(document: Path, output: Path, browser: str) -> None:
    """Print one HTML file on A4 with page numbers and an outline.

    Raises
    ------
    UserError
        If the browser fails.
    """
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
            page = chromium.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
            page.emulate_media(media="print")
            page.goto(document.resolve().as_uri(), wait_until="load")
            page.evaluate(SETTLED)
            page.pdf(
                path=output,
                format="A4",
                scale=0.8,
                margin={"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER,
                outline=True,
                tagged=True,
            )
            chromium.close()
    except Error as error:
        reason = error.message.splitlines()[0]
        raise UserError(f"{browser} does not print the book ({reason}).") from None
