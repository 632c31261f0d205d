"""A Sphinx extension by which pages are found and cited.

Each page gets a title, a description and a picture for whoever links to it, and schema.org data, all
from ``CITATION.cff`` and the page. The directive ``cite-this`` shows BibTeX. If the repository's
address is known (``GENRE_REPOSITORY``), pages link to their sources, Colab and Binder.

As a program, it writes ``codemeta.json`` and ``.zenodo.json`` beside ``CITATION.cff``, and copies of
what the top level and ``book/`` both have: a link would be a line of text where Git makes none.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

SETTINGS = {  # of the publishing workflow, by names in the environment
    "repository": "",  # address, such as https://github.com/OWNER/NAME
    "branch": "main",
    "site": "",  # address of the published pages, if it is not OWNER.github.io/NAME
    "commit": "",  # what is published, by its hash
    "pdf": "",  # file of the printed book
}
PICTURE = "figures/headline.png"
DESCRIPTION = 200  # characters
COPIED = ("_config.yml", "_toc.yml", "CITATION.cff")


def citation(folder: Path) -> dict[str, Any]:
    """What ``CITATION.cff`` in a folder states; empty without one."""
    path = folder / "CITATION.cff"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}


def name_of(author: Mapping[str, str]) -> str:
    """A person's name, family name first, or that of an entity."""
    return author.get("name") or f"{author['family-names']}, {author['given-names']}"


def bibtex(cited: Mapping[str, Any], address: str = "") -> str:
    """Entries for the companion and for the paper that it accompanies."""
    paper = cited["references"][0]

    def entry(kind: str, key: str, work: Mapping[str, Any], **more: str) -> str:
        authors = [name_of(each) for each in work["authors"]]
        names = [f"{{{name}}}" if "," not in name else name for name in authors]
        fields = {"author": " and ".join(names), "title": f"{{{work['title']}}}", **more}
        lines = [f"  {name:<7} = {{{value}}}" for name, value in fields.items() if value]
        return "\n".join([f"@{kind}{{{key},", ",\n".join(lines), "}"])

    year, version = str(cited["date-released"])[:4], str(cited["version"])
    ours = entry("software", "genre-book", cited, year=year, version=version, url=address)
    place = paper["authors"][0].get("affiliation", "")
    return f"{ours}\n\n{entry('misc', 'sheng-hybrid', paper, note=place)}\n"


class CiteThis(SphinxDirective):
    """``cite-this``: BibTeX of the companion and of the paper."""

    def run(self) -> list[nodes.Node]:
        """One block of code, which the theme gives a button to copy it."""
        cited = citation(Path(self.env.srcdir))
        if not cited:
            raise self.error("There is no CITATION.cff beside the pages.")
        self.env.note_dependency(str(Path(self.env.srcdir) / "CITATION.cff"))
        text = bibtex(cited, self.config.genre_repository)
        return [nodes.literal_block(text, text, language="bibtex")]


# Records of the whole, in the vocabularies of others


def authors(work: Mapping[str, Any]) -> list[dict[str, str]]:
    """Authors in the words of schema.org."""
    return [
        {"@type": "Organization", "name": each["name"]}
        if "name" in each
        else {
            "@type": "Person",
            "givenName": each["given-names"],
            "familyName": each["family-names"],
        }
        for each in work["authors"]
    ]


def paper_of(cited: Mapping[str, Any]) -> dict[str, Any]:
    """The paper in the words of schema.org."""
    paper = cited["references"][0]
    return {"@type": "ScholarlyArticle", "name": paper["title"], "author": authors(paper)}


def software(cited: Mapping[str, Any], address: str = "") -> dict[str, Any]:
    """The code in the words of schema.org."""
    return {
        "@type": "SoftwareSourceCode",
        "name": cited["title"],
        "author": authors(cited),
        "version": str(cited["version"]),
        "license": f"https://spdx.org/licenses/{cited['license']}",
        "datePublished": str(cited["date-released"]),
        "keywords": cited["keywords"],
        "programmingLanguage": "Python",
    } | ({"codeRepository": address} if address else {})


def codemeta(cited: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, Any]:
    """``codemeta.json``, from ``CITATION.cff`` and the project's table in ``pyproject.toml``."""
    return (
        {"@context": "https://w3id.org/codemeta/3.0"}
        | software(cited)
        | {
            "identifier": project["name"],
            "description": project["description"],
            "runtimePlatform": f"Python {project['requires-python']}",
            "softwareRequirements": project["dependencies"],
            "referencePublication": paper_of(cited) | {"@type": "schema:ScholarlyArticle"},
        }
    )


def zenodo(cited: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, Any]:
    """``.zenodo.json``, from the same."""
    return {
        "title": cited["title"],
        "description": f"{project['description']}. {cited['message']}",
        "upload_type": "software",
        "access_right": "open",
        "version": str(cited["version"]),
        "creators": [{"name": name_of(each)} for each in cited["authors"]],
        "license": cited["license"],
        "keywords": cited["keywords"],
        "language": "eng",
        "references": [
            f"{' and '.join(map(name_of, each['authors']))}. {each['title']}."
            for each in cited["references"]
        ],
    }


def records(root: Path) -> dict[str, str]:
    """The files that `main` writes, by name."""
    cited = citation(root)
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = {"codemeta.json": codemeta(cited, project), ".zenodo.json": zenodo(cited, project)}
    texts = {name: json.dumps(record, indent=2) + "\n" for name, record in made.items()}
    return texts | {f"book/{name}": (root / name).read_text(encoding="utf-8") for name in COPIED}


def main(root: Path) -> None:
    """Write ``codemeta.json``, ``.zenodo.json`` and the copies in ``book/``."""
    for name, text in records(root).items():
        (root / name).write_text(text, encoding="utf-8")


# Pages


def pages_address(repository: str) -> str:
    """Where GitHub publishes the pages of a repository."""
    owner, name = urlsplit(repository).path.strip("/").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def configure(app: Sphinx, config: Config) -> None:
    """Let the theme draw the buttons that need the repository's address, if it is known."""
    if (Path(app.srcdir) / PICTURE).exists():
        config.html_static_path.append(PICTURE)
    config.genre_repository = address = config.genre_repository.rstrip("/")
    if not address:
        return
    if not re.fullmatch(r"https://[^/]+/[\w.-]+/[\w.-]+", address):
        raise ExtensionError(f"GENRE_REPOSITORY={address} is no https://HOST/OWNER/NAME.")
    config.genre_site = f"{(config.genre_site or pages_address(address)).rstrip('/')}/"
    config.html_baseurl = config.genre_site
    config.html_theme_options |= {
        "repository_url": address,
        "repository_branch": config.genre_branch,
        "path_to_docs": "book",
        "use_repository_button": True,
        "use_edit_page_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }


def mend_buttons(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Edit a notebook where it is edited, as Python; offer the printed book, if there is one."""
    for button in context.get("header_buttons", ()):
        for each in button.get("buttons", ()):
            if each.get("label") == "source-edit-button":
                each["url"] = each["url"].replace(f"/book/{page}.ipynb", f"/notebooks/{page}.py")
        if button.get("label") == "download-buttons" and app.config.genre_pdf:
            button["buttons"].append(
                {
                    "type": "link",
                    "url": context["pathto"]("book.pdf", 1),
                    "text": "whole book, .pdf",
                    "icon": "fas fa-book",
                    "tooltip": "Download the whole book as PDF",
                    "label": "download-book-button",
                }
            )


def add_pdf(app: Sphinx, exception: Exception | None) -> None:
    """Put the printed book beside the pages."""
    if exception or app.builder.name != "html" or not app.config.genre_pdf:
        return
    printed = Path(app.config.genre_pdf)
    if not printed.is_file():
        raise ExtensionError(f"GENRE_PDF={printed} is no file; `make pdf` prints the book.")
    shutil.copyfile(printed, Path(app.outdir) / "book.pdf")


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Add to a page's head what it is, for search engines and for previews of links to it."""
    cited = citation(Path(app.srcdir))
    if tree is None or app.builder.name != "html" or not cited:
        return
    site, book = app.config.genre_site, app.config.html_title
    title = app.env.titles[page].astext()
    given = re.search(r'<meta content="([^"]*)" name="description"', context["metatags"])
    text = given[1] if given else escape(summary(tree))
    picture = f"{site}_static/{Path(PICTURE).name}"
    tags = {
        "og:type": "book" if page == app.config.root_doc else "article",
        "og:site_name": escape(book),
        "og:title": escape(title),
        "og:description": text,
        "og:image": picture,
        "og:image:alt": "Test accuracy of the network by what it has met in training",
        **({"og:url": f"{site}{page}.html"} if site else {}),
    }
    lines = [f'<meta property="{name}" content="{value}">' for name, value in tags.items()]
    lines.append('<meta name="twitter:card" content="summary_large_image">')
    if not given:
        lines.append(f'<meta name="description" content="{text}">')
    whole = {
        "@type": "Book",
        "@id": f"{site}#book",
        "name": book,
        "author": authors(cited),
        "license": f"https://spdx.org/licenses/{cited['license']}",
        "datePublished": str(cited["date-released"]),
        "inLanguage": "en",
        "bookFormat": "https://schema.org/EBook",
        "keywords": cited["keywords"],
        "image": picture,
        "citation": paper_of(cited),
        **({"url": site} if site else {}),
    }
    chapter = {"@type": "Chapter", "name": title, "isPartOf": {"@id": whole["@id"]}}
    chapter |= {"url": f"{site}{page}.html"} if site else {}
    graph = [whole, chapter, software(cited, app.config.genre_repository)]
    data = json.dumps({"@context": "https://schema.org", "@graph": graph}).replace("<", "\\u003c")
    lines.append(f'<script type="application/ld+json">{data}</script>')
    context["metatags"] += "\n".join(lines)


def summary(tree: nodes.document) -> str:
    """The first paragraph of a page, cut between words."""
    paragraphs = (each for each in tree.findall(nodes.paragraph))
    text = " ".join(next((each.astext() for each in paragraphs), "").split())
    return text if len(text) <= DESCRIPTION else f"{text[:DESCRIPTION].rsplit(' ', 1)[0]} ..."


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this, because ``_config.yml`` names the module among the extensions."""
    for name, default in SETTINGS.items():
        given = os.environ.get(f"GENRE_{name.upper()}") or default
        app.add_config_value(f"genre_{name}", given, "env", str)
    app.add_directive("cite-this", CiteThis)
    app.connect("config-inited", configure, priority=400)  # before the theme looks
    app.connect("html-page-context", mend_buttons, priority=600)  # when the theme has its buttons
    app.connect("html-page-context", describe)
    app.connect("build-finished", add_pdf)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    main(Path(__file__).resolve().parents[2])
