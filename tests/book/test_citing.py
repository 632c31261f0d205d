"""How the book and the code are cited and found: CITATION.cff, and what is made from it."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import citing
import pytest
import yaml
from docutils import nodes
from pybtex.database import parse_string
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
CITED = citing.citation(ROOT)
TERMS = json.loads((Path(__file__).parent / "codemeta-3.0.jsonld").read_text())["@context"]
ADDRESS = "https://github.com/someone/some-book"
ZENODO = {  # required by Zenodo's form for software, and allowed besides
    *("title", "description", "upload_type", "access_right", "creators", "license"),
    *("version", "keywords", "language", "references"),
}


def settings(**given):
    """What Sphinx knows of the extension's settings and of the theme's."""
    values = {
        f"genre_{name}": given.get(name, default) for name, default in citing.SETTINGS.items()
    }
    theme = {"html_theme_options": {}, "html_static_path": [], "html_baseurl": ""}
    return SimpleNamespace(**values, **theme, html_title="A book", root_doc="intro")


def configured(**given):
    config = settings(**given)
    citing.configure(SimpleNamespace(srcdir=ROOT / "book"), config)
    return config


def head(page="page", **given):
    """What is added to the head of a page that has a title and two paragraphs."""
    app = SimpleNamespace(
        srcdir=ROOT,
        config=configured(**given),
        builder=SimpleNamespace(name="html"),
        env=SimpleNamespace(titles={page: nodes.title(text='Is "a" < b?')}),
    )
    first = nodes.paragraph(text="A question, " + 30 * "long and " + "long.")
    tree = nodes.document("", "", "", first, nodes.paragraph(text="More."))
    context = {"metatags": ""}
    citing.describe(app, page, "page.html", context, tree)
    return context["metatags"]


# CITATION.cff and records of the whole


def test_the_citation_file_follows_its_schema():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    checked = subprocess.run(
        [*command, "vendor.citation-file-format", ROOT / "CITATION.cff"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_records_are_those_that_the_command_makes():
    for name, text in citing.records(ROOT).items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, f"{name}: run `make metadata`"


def test_a_checkout_needs_no_links():
    listed = subprocess.run(
        ["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no checkout")
    assert not [line for line in listed.stdout.splitlines() if line.startswith("120000")]


def test_codemeta_speaks_its_vocabulary():
    record = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    assert record.pop("@context") == "https://w3id.org/codemeta/3.0"
    for part in (record, *record["author"], record["referencePublication"]):
        assert part["@type"].split(":")[0] in TERMS
        assert set(part) - {"@type"} <= set(TERMS)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert record["softwareRequirements"] == project["dependencies"]


def test_zenodo_gets_all_that_its_form_requires():
    record = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert set(record) == ZENODO
    assert all(record.values())
    assert (record["upload_type"], record["access_right"]) == ("software", "open")


# BibTeX


def test_bibtex_is_read_back_as_what_the_citation_file_states():
    found = parse_string(citing.bibtex(CITED, ADDRESS), "bibtex").entries
    ours, paper = found["genre-book"], found["sheng-hybrid"]
    assert ours.type == "software"
    assert ours.fields["title"].strip("{}") == CITED["title"]
    assert (ours.fields["version"], ours.fields["url"]) == (CITED["version"], ADDRESS)
    assert ours.fields["year"] == str(CITED["date-released"])[:4]
    assert str(ours.persons["author"][0]).strip("{}") == CITED["authors"][0]["name"]
    assert paper.fields["title"].strip("{}") == CITED["references"][0]["title"]
    assert str(paper.persons["author"][0]) == "Sheng, Yilun"
    assert "url" not in parse_string(citing.bibtex(CITED), "bibtex").entries["genre-book"].fields


# Addresses


def test_without_an_address_the_theme_gets_none():
    config = configured()
    assert config.html_theme_options == {}
    assert (config.html_baseurl, config.genre_site) == ("", "")


def test_the_pages_address_follows_from_that_of_the_repository():
    assert configured(repository=f"{ADDRESS}/").genre_site == "https://someone.github.io/some-book/"
    own = "https://github.com/Someone/someone.github.io"
    assert configured(repository=own).genre_site == "https://someone.github.io/"
    given = configured(repository=ADDRESS, site="https://book.example")
    assert given.genre_site == given.html_baseurl == "https://book.example/"


@pytest.mark.parametrize("address", ["some-book", "https://github.com/some-book"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ExtensionError, match="https://HOST/OWNER/NAME"):
        configured(repository=address)


def test_a_pdf_that_is_not_there_stops_the_build(tmp_path):
    app = SimpleNamespace(
        config=settings(pdf=str(tmp_path / "book.pdf")),
        builder=SimpleNamespace(name="html"),
        outdir=tmp_path,
    )
    with pytest.raises(ExtensionError, match="make pdf"):
        citing.add_pdf(app, None)


# The head of a page


def test_a_page_says_what_it_is_and_has_a_picture():
    text = head()
    tags = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', text))
    assert tags["og:title"] == "Is &quot;a&quot; &lt; b?"
    assert tags["og:description"] == tags["description"]
    assert 100 < len(tags["description"]) < 210
    assert tags["twitter:card"] == "summary_large_image"
    assert tags["og:image"] == "_static/headline.png"
    assert "og:url" not in tags
    assert "http" not in " ".join(tags.values())
    tags = dict(
        re.findall(r'<meta property="([^"]+)" content="([^"]*)">', head(repository=ADDRESS))
    )
    assert tags["og:image"] == "https://someone.github.io/some-book/_static/headline.png"
    assert tags["og:url"] == "https://someone.github.io/some-book/page.html"


def test_a_page_is_a_chapter_of_a_book_with_code_about_a_paper():
    for given in ({}, {"repository": ADDRESS}):
        (text,) = re.findall(r'<script type="application/ld\+json">(.*)</script>', head(**given))
        assert "<" not in text
        book, chapter, code = json.loads(text)["@graph"]
        assert [each["@type"] for each in (book, chapter, code)] == [
            "Book",
            "Chapter",
            "SoftwareSourceCode",
        ]
        assert chapter["name"] == 'Is "a" < b?'
        assert chapter["isPartOf"] == {"@id": book["@id"]}
        assert book["citation"]["name"] == CITED["references"][0]["title"]
        assert code.get("codeRepository") == given.get("repository")


def test_the_publishing_workflow_gives_every_setting():
    workflow = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text())
    given = workflow["jobs"]["build"]["env"]
    assert set(given) == {f"GENRE_{name.upper()}" for name in citing.SETTINGS}
    assert given["GENRE_REPOSITORY"] == "${{ github.server_url }}/${{ github.repository }}"
