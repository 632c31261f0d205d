"""The whole book as one PDF."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock
from served import PAGES, ROOT

from genre_lib.book import pdf as printing
from genre_lib.book.editions import render

TITLE = rb"/Title (\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]+>)"


@pytest.fixture(scope="module")
def pdf(chromium: str, shared: Path, built) -> Path:
    """The book as it is stored, printed once for all workers, from what Sphinx has read of it."""
    book = shared / "printed"
    output = book / "_build" / "book.pdf"
    print_document = printing.print_document

    def keep(document: Path, browser: str) -> bytes:
        shutil.copy2(document, shared / "document.html")
        return print_document(document, browser)

    with FileLock(shared / "printed.lock"), pytest.MonkeyPatch.context() as patch:
        if not output.exists():
            patch.setattr(printing, "print_document", keep)
            folder = built.html.parents[1]
            patch.setattr(printing, "render", lambda _, *, builder: render(folder, builder=builder))
            shutil.copytree(ROOT / "book", book, ignore=shutil.ignore_patterns("_build"))
            printing.print_book(book)
    return output


@pytest.fixture(scope="module")
def document(pdf: Path, shared: Path) -> BeautifulSoup:
    """The one HTML document that was printed."""
    return BeautifulSoup((shared / "document.html").read_text(encoding="utf-8"), "html.parser")


def test_links_lead_into_the_document_or_to_other_places(document):
    soup = document.select_one(".book-print")
    places = [tag["id"] for tag in soup.find_all(id=True)]
    links = [str(link["href"]) for link in soup.select("a[href]")]
    inner = [link for link in links if link.startswith("#")]
    assert {f"#document-{name}" for name in PAGES} <= set(inner)
    assert len(inner) > 100
    for link in set(links):
        assert places.count(link[1:]) == 1 or link.startswith(("http://", "https://")), link
    cover = [link.get_text() for link in soup.select(".book-cover li a")]
    assert cover == [h.get_text() for h in soup.select("h1, .toctree-wrapper > section > h2")]
    assert not soup.select("a.headerlink")


def test_scripts_that_draw_formulas_and_widgets_are_there(document):
    scripts = [str(script.get("src", "")) for script in document.select("script")]
    assert sum("tex-svg" in script for script in scripts) == 1
    assert sum("embed.js" in script for script in scripts) == 1
    assert document.select("script[type$='widget-view+json']")
    assert document.select("script[type$='widget-state+json']")


def outline(pdf: Path) -> list[str]:
    """What the bookmarks say."""
    found = re.findall(TITLE, pdf.read_bytes())
    return [
        bytes.fromhex(each[1:-1].decode()).decode("utf-16")
        if each.startswith(b"<")
        else each[1:-1].decode("latin1")
        for each in found
    ]


def test_it_has_many_pages_and_links_and_is_alone(pdf):
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", content)) > 20
    assert len(re.findall(rb"/Subtype /Link\b", content)) > 100
    assert len(content) < 20_000_000
    assert [path.name for path in pdf.parent.iterdir()] == ["book.pdf"]


def test_its_bookmarks_name_every_page_once(pdf, built):
    bookmarks = outline(pdf)
    for name in PAGES:
        page = BeautifulSoup((built.html / f"{name}.html").read_text(), "html.parser")
        page.select_one("article h1 a.headerlink").decompose()
        title = page.select_one("article h1").get_text().replace("’", "'")
        assert [text.replace("’", "'") for text in bookmarks].count(title) == 1, title


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_its_text_can_be_read(pdf):
    run = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True)
    assert run.stdout.count("What was found") > 8
    for left in ("Show code cell source", "Skip to main content", "Show all", "previous"):
        assert left not in run.stdout
