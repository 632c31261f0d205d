"""The built book as files: no warning, every link leads somewhere, nothing weighs too much."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from served import PAGES

MEGABYTE = 1_000_000


@cache
def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def targets(path: Path) -> set[str]:
    """What a fragment may name on a page."""
    page = read(path)
    return {str(tag[key]) for key in ("id", "name") for tag in page.find_all(attrs={key: True})}


def broken(path: Path) -> list[str]:
    """Links and sources of a page that lead to no file of the book or to no place in it."""
    faults = []
    for key in ("href", "src"):
        for tag in read(path).find_all(attrs={key: True}):
            link = urlsplit(str(tag[key]))
            if link.scheme or link.netloc or not (link.path or link.fragment):
                continue
            target = path.parent / unquote(link.path) if link.path else path
            if not target.is_file():
                faults.append(f"{link.geturl()}: no such file")
            elif target.suffix == ".html" and unquote(link.fragment) not in targets(target) | {""}:
                faults.append(f"{link.geturl()}: no such place")
    return faults


def test_the_book_is_built_without_a_warning(built):
    lines = [line for line in built.log.splitlines() if "WARNING" in line or "ERROR" in line]
    assert lines == []
    assert built.exit_code == 0


def test_every_link_inside_the_book_leads_somewhere(built):
    found = {name: broken(built.html / f"{name}.html") for name in PAGES}
    assert {name: links for name, links in found.items() if links} == {}


def test_broken_links_are_seen(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<p id="here"><a href="#here">a</a><a href="page.html#there">b</a><a href="x">')
    assert broken(page) == ["page.html#there: no such place", "x: no such file"]


def test_the_book_is_not_heavy(built):
    files = [path for path in built.html.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 35 * MEGABYTE


def test_only_pages_with_formulas_load_the_script_that_draws_them(built):
    for name in PAGES:
        page = read(built.html / f"{name}.html")
        loads = any("tex-svg" in str(script.get("src")) for script in page.find_all("script"))
        assert loads == bool(page.select("article .math")), name
