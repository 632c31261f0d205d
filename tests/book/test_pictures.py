"""No picture of the published pages without an alternative text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat

BOOK = Path(__file__).parents[2] / "book"
PAGES = sorted(path.name for path in BOOK.iterdir() if path.suffix in (".ipynb", ".md"))


class Pictures(HTMLParser):
    """Attributes of each <img> of a text."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attributes))


def texts_and_outputs(path: Path) -> tuple[list[str], list[dict]]:
    """Markdown of a page, and what its cells display, by MIME type."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")], []
    cells = nbformat.read(path, as_version=4).cells
    outputs = [out.data for cell in cells for out in cell.get("outputs", []) if "data" in out]
    return [cell.source for cell in cells if cell.cell_type == "markdown"], outputs


def nameless(texts: list[str], outputs: list[dict]) -> list[str]:
    """The pictures without an alternative text."""
    shown = [text for out in outputs for kind, text in out.items()
             if kind.endswith(("text/html", "text/markdown"))]  # fmt: skip
    faults = [str(picture) for text in [*texts, *shown] for picture in Pictures(text).found
              if not (picture.get("alt") or "").strip()]  # fmt: skip
    for text in texts:
        faults += re.findall(r"!\[\s*\]\([^)]*\)", text)
        directives = re.findall(r"^[`:]{3,}\{(?:figure|image)\}.*\n(?::.*\n)*", text, re.MULTILINE)
        faults += [each for each in directives if not re.search(r"^:alt: +\S", each, re.MULTILINE)]
    # A figure that is not shown by `figures.show` comes without one.
    return faults + [kind for out in outputs for kind in out if kind.split("/")[0] == "image"]


def test_every_picture_has_an_alternative_text():
    assert {name: faults for name in PAGES
            if (faults := nameless(*texts_and_outputs(BOOK / name)))} == {}  # fmt: skip


def test_a_picture_without_one_is_caught():
    for texts, outputs in (
        (["![](a.png)"], []),
        (["```{figure} a.png\n:name: a\n\nCaption.\n```\n"], []),
        ([":::{image} a.png\n:alt:\n:::\n"], []),
        (["a <img src='a.png'> b"], []),
        ([], [{"text/markdown": '<img src="a.svg" alt=" ">'}]),
        ([], [{"text/html": '<img src="a.svg">'}]),
        ([], [{"image/png": "AAAA", "text/plain": "<Figure>"}]),
    ):
        assert nameless(texts, outputs)
    texts = ["![two dots](a.png)", "```{figure} a.png\n:alt: Two dots.\n\nCaption.\n```\n"]
    assert nameless(texts, [{"text/markdown": '<img src="a.svg" alt="Two dots.">'}]) == []
