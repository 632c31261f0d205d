"""The built book as files: no warning, every link leads somewhere, nothing weighs too much."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from served import PAGES, REPOSITORY, ROOT

MEGABYTE = 1_000_000
OUTSIDE = {  # what leads to the repository, with the file there
    "edit": f"{REPOSITORY}/edit/main/(.+)",
    "colab": "https://colab.research.google.com/github/someone/some-book/blob/main/(.+)",
    "binder": r"https://mybinder.org/v2/gh/someone/some-book/main\?urlpath=lab/tree/(.+)",
    "repository": REPOSITORY,
}


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


def test_every_link_to_the_repository_leads_to_a_file_of_it(built):
    for name in PAGES:
        links = {str(tag["href"]) for tag in read(built.html / f"{name}.html").select("a[href]")}
        found = {}
        for link in (link for link in links if "some-book" in link):
            kind = next(kind for kind, form in OUTSIDE.items() if re.fullmatch(form, link))
            found[kind] = "".join(re.fullmatch(OUTSIDE[kind], link).groups())
        assert all((ROOT / file).exists() for file in found.values()), found
        page = f"book/{name}.ipynb"
        if (ROOT / page).exists():
            assert found["colab"] == found["binder"] == page
            assert found["edit"] == f"notebooks/{name}.py"
        else:
            assert found == {"repository": "", "edit": f"book/{name}.md"}
        assert "book.pdf" in links
    assert (ROOT / ".binder" / "requirements.txt").is_file()


def test_every_page_has_a_preview_and_the_files_that_are_named_outside_exist(built):
    site = "https://someone.github.io/some-book/"
    for name in PAGES:
        page = read(built.html / f"{name}.html")
        metas = {tag.get("property"): tag["content"] for tag in page.select("meta[content]")}
        for key in ("og:image", "og:url"):
            assert (built.html / metas[key].removeprefix(site)).is_file(), (name, key)
        assert page.select_one("link[rel=canonical]")["href"] == metas["og:url"]
        assert len(metas["og:description"]) > 20, name
    assert (built.html / "ro-crate-metadata.json").is_file()
    assert (built.html / "croissant.json").is_file()


def test_broken_links_are_seen(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<p id="here"><a href="#here">a</a><a href="page.html#there">b</a><a href="x">')
    assert broken(page) == ["page.html#there: no such place", "x: no such file"]


def test_the_book_is_not_heavy(built):
    files = [path for path in built.html.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40 * MEGABYTE


def test_only_pages_with_formulas_load_the_script_that_draws_them(built):
    for name in PAGES:
        page = read(built.html / f"{name}.html")
        loads = any("tex-svg" in str(script.get("src")) for script in page.find_all("script"))
        assert loads == bool(page.select("article .math")), name
