import re

import pytest
from bs4 import BeautifulSoup

from genre_lib.book import pdf as printing
from genre_lib.cli import app
from genre_lib.config import UserError

PAGE = """<html><head><link rel="stylesheet" href="_static/style.css">
<script src="_static/theme.js"></script>{head}</head>
<body><nav>bar</nav><article class="bd-article">{body}</article></body></html>"""
SETTINGS = {"title": "A <book>", "author": "Us", "parts": {"": ["one"], "More": ["two"]}}


@pytest.fixture
def folder(tmp_path):
    """A book that can be printed if a browser is there."""
    path = tmp_path / "book"
    path.mkdir()
    (path / "_config.yml").write_text("title: A book\nauthor: Us\n")
    (path / "_toc.yml").write_text("root: one\nparts: []\n")
    return path


@pytest.fixture
def joined(tmp_path):
    """Two pages that use the same names, as one document."""
    one = """<h1 id="found">First<a class="headerlink" href="#found">#</a></h1>
    <p><a href="#found">here</a> <a href="two.html#found">there</a> <a href="two.html">next</a>
    <a href="https://example.org/">out</a> <a href="_sources/one.md">file</a></p>"""
    two = """<h1 id="found">Second</h1><label for="found">it</label>
    <p><a href="#found">here</a> <a href="one.html#found">back</a> <a href="#only">only</a></p>
    <p id="only" aria-labelledby="found only">x</p>"""
    math = '<script defer src="_static/tex-svg.js"></script>'
    (tmp_path / "one.html").write_text(PAGE.format(head="", body=one))
    (tmp_path / "two.html").write_text(PAGE.format(head=math, body=two))
    return BeautifulSoup(printing.join_pages(tmp_path, SETTINGS), "html.parser")


def links(soup, page):
    return [link["href"] for link in soup.select(f"#page-{page} a")]


def test_names_stay_unique_when_pages_are_joined(joined):
    names = [tag["id"] for tag in joined.find_all(id=True)]
    assert len(names) == len(set(names))
    assert {"found", "two-found", "only", "page-one", "page-two"} == set(names)


def test_links_lead_to_their_places_in_the_document(joined):
    assert links(joined, "one") == ["#found", "#two-found", "#page-two", "https://example.org/"]
    assert links(joined, "two") == ["#two-found", "#found", "#only"]
    assert joined.select_one("#page-two label")["for"] == "two-found"
    assert joined.select_one("#only")["aria-labelledby"] == "two-found only"


def test_a_link_to_a_file_becomes_plain_text(joined):
    assert "file" in joined.select_one("#page-one").get_text()


def test_the_cover_lists_the_pages_and_what_is_not_for_paper_is_gone(joined):
    cover = joined.select_one(".book-cover")
    assert [item.get_text() for item in cover.select("li a")] == ["First", "Second"]
    assert [item["href"] for item in cover.select("li a")] == ["#page-one", "#page-two"]
    assert "More" in cover.get_text()
    assert joined.title.get_text() == "A <book>"
    assert not joined.select("nav:not(.book-cover nav), a.headerlink")


def test_scripts_that_draw_are_kept_once(joined):
    assert [script["src"] for script in joined.select("script")] == ["_static/tex-svg.js"]
    assert len(joined.select("link[rel=stylesheet]")) == 1


def test_a_missing_browser_is_one_sentence(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(UserError, match="needs a browser") as error:
        printing.print_book(folder, folder / "book.pdf")
    assert "chromium" in str(error.value)


def test_a_missing_playwright_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(printing.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the Python package playwright"):
        printing.print_book(folder, folder / "book.pdf")


@pytest.fixture
def browser(monkeypatch):
    """A machine with a browser, as far as looking for it goes."""
    monkeypatch.setattr(printing, "find_browser", lambda: "chromium")


@pytest.mark.usefixtures("browser")
def test_a_folder_without_a_book_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="holds no book"):
        printing.print_book(tmp_path, tmp_path / "book.pdf")


@pytest.mark.usefixtures("browser")
def test_a_folder_in_place_of_the_file_is_one_sentence(folder):
    with pytest.raises(UserError, match="is a folder"):
        printing.print_book(folder, folder)


@pytest.mark.usefixtures("browser")
def test_a_place_where_nothing_can_be_written_is_one_sentence(folder):
    with pytest.raises(UserError, match="cannot be written"):
        printing.print_book(folder, folder / "_toc.yml" / "book.pdf")


def test_a_browser_that_fails_is_one_sentence(tmp_path, monkeypatch):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UserError, match="does not print the book"):
        printing.print_document(tmp_path / "book.html", tmp_path / "book.pdf", str(broken))
    assert not (tmp_path / "book.pdf").exists()


@pytest.mark.usefixtures("browser")
def test_nothing_is_left_when_printing_fails(folder, tmp_path, monkeypatch):
    html = tmp_path / "html"
    html.mkdir()
    (html / "one.html").write_text(PAGE.format(head="", body="<h1>One</h1>"))
    monkeypatch.setattr(printing, "render", lambda *_, **__: html / "index.html")

    def fail(document, output, browser):
        output.write_bytes(b"%PDF half")
        raise RuntimeError("the browser died")

    monkeypatch.setattr(printing, "print_document", fail)
    output = tmp_path / "out" / "book.pdf"
    output.parent.mkdir()
    output.write_bytes(b"the one before")
    with pytest.raises(RuntimeError):
        printing.print_book(folder, output, say=lambda line: None)
    assert [path.name for path in output.parent.iterdir()] == ["book.pdf"]
    assert output.read_bytes() == b"the one before"


def test_the_command_prints_an_edition_beside_its_pages(monkeypatch):
    from typer.testing import CliRunner

    asked = []
    monkeypatch.setattr(
        printing, "print_book", lambda folder, output, say: asked.append((folder, output)) or output
    )
    assert CliRunner().invoke(app, ["pdf", "--edition", "mine"]).exit_code == 0
    assert CliRunner().invoke(app, ["pdf", "--output", "x.pdf"]).exit_code == 0
    (mine, mine_output), (own, own_output) = asked
    assert re.search(r"editions.mine$", str(mine))
    assert mine_output == mine / "_build" / "book.pdf"
    assert (own.name, str(own_output)) == ("book", "x.pdf")
