import re

import pytest

from genre_lib.book import pdf as printing
from genre_lib.cli import app
from genre_lib.config import UserError


@pytest.fixture
def folder(tmp_path):
    """A book that can be printed if a browser is there."""
    path = tmp_path / "book"
    path.mkdir()
    (path / "_config.yml").write_text("title: A book\nauthor: Us\n")
    (path / "_toc.yml").write_text("root: one\nparts: []\n")
    return path


def test_a_missing_browser_is_one_sentence(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(UserError, match="needs a browser") as error:
        printing.print_book(folder)
    assert "chromium" in str(error.value)


def test_a_missing_playwright_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(printing.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the Python package playwright"):
        printing.print_book(folder)


@pytest.fixture
def browser(monkeypatch):
    """A machine with a browser, as far as looking for it goes."""
    monkeypatch.setattr(printing, "find_browser", lambda: "chromium")


@pytest.mark.usefixtures("browser")
def test_what_cannot_be_printed_or_written_is_one_sentence(folder, tmp_path):
    (folder / "_build").write_text("")
    for pages, message in ((tmp_path, "holds no book"), (folder, "cannot be written")):
        with pytest.raises(UserError, match=message):
            printing.print_book(pages)


def test_a_browser_that_fails_is_one_sentence(tmp_path, monkeypatch):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UserError, match="does not print the book"):
        printing.print_document(tmp_path / "book.html", str(broken))


@pytest.mark.usefixtures("browser")
def test_the_one_before_is_left_when_printing_fails(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "render", lambda *_, **__: tmp_path)

    def fail(document, browser):
        raise UserError("the browser died")

    monkeypatch.setattr(printing, "print_document", fail)
    output = folder / "_build" / "book.pdf"
    output.parent.mkdir()
    output.write_bytes(b"the one before")
    with pytest.raises(UserError, match="died"):
        printing.print_book(folder)
    assert [path.name for path in output.parent.iterdir()] == ["book.pdf"]
    assert output.read_bytes() == b"the one before"


def test_the_command_prints_the_named_edition(monkeypatch):
    from typer.testing import CliRunner

    asked = []
    monkeypatch.setattr(printing, "print_book", asked.append)
    assert CliRunner().invoke(app, ["pdf", "--edition", "mine"]).exit_code == 0
    assert CliRunner().invoke(app, ["pdf"]).exit_code == 0
    mine, reference = asked
    assert re.search(r"editions.mine$", str(mine))
    assert reference.name == "book"
