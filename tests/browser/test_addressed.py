"""The book as the publishing workflow builds it: it knows the repository's address."""

import re

import pytest
import yaml
from served import PAGES, ROOT, build
from test_built import broken, read

pytestmark = pytest.mark.slow
KNOWN = {  # of an invented repository
    "github.server_url": "https://github.com",
    "github.repository": "someone/some-book",
    "github.ref_name": "main",
    "github.sha": "0123abc",
    "vars.GENRE_SITE": "",
}
REPOSITORY, SITE = "https://github.com/someone/some-book", "https://someone.github.io/some-book/"
LINKS = {  # the forms of links to the repository, with the file there
    "edit": f"{REPOSITORY}/edit/main/(.+)",
    "colab": "https://colab.research.google.com/github/someone/some-book/blob/main/(.+)",
    "binder": r"https://mybinder.org/v2/gh/someone/some-book/main\?urlpath=lab/tree/(.+)",
    "repository": f"{REPOSITORY}()",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The built book; its PDF is an empty one."""
    folder = tmp_path_factory.mktemp("published")
    workflow = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8"))
    given = workflow["jobs"]["build"]["env"]
    filled = {
        name: re.sub(r"\${{ (.+?) }}", lambda found: KNOWN[found[1]], value)
        for name, value in given.items()
    }
    (folder / "book.pdf").write_bytes(b"%PDF-1.4")
    made = build(folder / "book", **filled | {"GENRE_PDF": str(folder / "book.pdf")})
    assert made.exit_code == 0, made.log[-3000:]
    return made.html


def links(page):
    """The files of the repository that a page leads to, by the kind of link."""
    found = {}
    for tag in page.select("a[href*='some-book']"):
        forms = {kind: re.fullmatch(form, str(tag["href"])) for kind, form in LINKS.items()}
        (kind,) = (kind for kind, form in forms.items() if form)
        found[kind] = forms[kind][1]
    return found


def test_every_link_to_the_repository_leads_to_a_file_of_it(published):
    for name in PAGES:
        found = links(read(published / f"{name}.html"))
        assert all((ROOT / file).exists() for file in found.values()), name
        notebook = f"book/{name}.ipynb"
        if (ROOT / notebook).exists():
            source = f"notebooks/{name}.py"
            sources = {"edit": source, "colab": notebook, "binder": notebook, "repository": ""}
            assert found == sources
        else:
            assert found == {"edit": f"book/{name}.md", "repository": ""}
    assert (ROOT / ".binder" / "requirements.txt").is_file()


def test_every_link_inside_leads_somewhere_and_every_page_to_the_pdf(published):
    for name in PAGES:
        assert broken(published / f"{name}.html") == [], name
        assert read(published / f"{name}.html").select("a[href='book.pdf']"), name


def test_what_every_page_names_outside_is_published(published):
    for name in PAGES:
        page = read(published / f"{name}.html")
        metas = {tag.get("property"): tag["content"] for tag in page.select("meta[content]")}
        for key in ("og:image", "og:url"):
            assert (published / metas[key].removeprefix(SITE)).is_file(), (name, key)
        assert page.select_one("link[rel=canonical]")["href"] == metas["og:url"]
        assert len(metas["og:description"]) > 20, name


def test_records_of_runs_are_published(published):
    for name in ("ro-crate-metadata.json", "croissant.json", "tables/claims.csv"):
        assert (published / name).is_file()
