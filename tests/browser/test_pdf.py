"""The whole book as one PDF."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from served import PAGES, ROOT

from genre_lib.book.pdf import print_book

TITLE = rb"/Title (\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]+>)"


@pytest.fixture(scope="module")
def pdf(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book as it is stored, printed."""
    output = tmp_path_factory.mktemp("printed") / "book.pdf"
    return print_book(ROOT / "book", output, say=lambda line: None)


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
