"""What the prose claims is checked, and the prose is written, not assembled."""

import ast
from pathlib import Path

import jupytext
import myst_nb
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

from genre_lib.book.editions import build_edition
from genre_lib.book.statements import MARK, StatementError, statements
from genre_lib.config import UserError, configure

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"

TEXT = """\
# Six is less than seven{glue:text}`less`. Six is more than seven{glue:text}`more`. Nobody knows how
# much it is{glue:text}`unknown`."""
CHECKS = """\
from genre_lib.book.statements import statements

statements(less=6 < 7, more=6 > 7, unknown=float("nan") > 7)"""


def test_a_false_statement_stops_the_reference_build_and_is_marked_elsewhere(
    project, noise, add_cell
):
    contents = project / "_toc.yml"
    contents.write_text(contents.read_text().replace("      - file: second\n", ""))
    add_cell("first", CHECKS)
    add_cell("first", TEXT, kind=" [markdown]")
    settings = configure(corpus=str(noise))
    with pytest.raises(UserError, match=r"StatementError: .*: more, unknown\. "):
        build_edition("reference", settings)
    assert sorted(path.name for path in (project / "book").glob("*.*")) == ["intro.md"]

    page = build_edition("mine", settings)
    text = BeautifulSoup((page.parent / "first.html").read_text(), "html.parser").get_text()
    shown = " ".join(text.split())
    assert f"Six is less than seven. Six is more than seven{MARK}. Nobody" in shown
    assert f"Nobody knows how much it is{MARK}." in shown


def test_only_a_true_boolean_holds(monkeypatch):
    glued: dict = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, **_: glued.update({name: value}))
    true = {"plain": True, "numpy": np.bool_(True)}
    false = {"nan": float("nan"), "none": None, "one": 1, "word": "yes", "no": np.bool_(False)}
    statements(strict=False, **true, **false)
    assert glued == dict.fromkeys(true, "") | dict.fromkeys(false, MARK)
    statements(strict=True, **true)
    for name, value in false.items():
        with pytest.raises(StatementError, match=name):
            statements(strict=True, **true, **{name: value})


def glued_words(path: Path) -> dict[str, str]:
    """Words that a stored page glues into its text, by name."""
    words = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            for kind, value in output.get("data", {}).items():
                if name and kind.endswith("text/plain") and value.startswith(("'", '"')):
                    words[name] = ast.literal_eval(value)
    return words


LONG = {"sec4a_preprocessing": {"track_origin"}}  # where editions differ


def test_glued_words_are_words_and_no_sentences():
    pages = sorted(BOOK.glob("*.ipynb"))
    assert pages
    for path in pages:
        long = {name for name, words in glued_words(path).items() if len(words) > 60}
        assert long <= LONG.get(path.stem, set()), path.stem


def long_literals(cells: list) -> list[str]:
    """String literals of more than 40 characters in cells of code."""
    found = []
    for cell in cells:
        tree = ast.parse(cell.source if cell.cell_type == "code" else "")
        formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        pieces = {id(piece) for each in formatted for piece in ast.walk(each) if piece is not each}
        for node in ast.walk(tree):
            if id(node) in pieces:
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [part.value for part in parts if isinstance(part, ast.Constant)]
            text = "".join(text for text in texts if isinstance(text, str))
            if len(text) > 40:
                found.append(text)
    return found


ALLOWED = 15  # docstrings and labels mostly; 74 when sentences were assembled


def test_no_cell_assembles_sentences():
    found = {
        path.stem: long_literals(jupytext.read(path).cells)
        for path in sorted((ROOT / "notebooks").glob("*.py"))
    }
    assert sum(map(len, found.values())) <= ALLOWED, found


def test_long_literals_are_seen():
    code = jupytext.reads("a = f'{1} " + 41 * "x" + "'\nb = 'short', 40 * 'x'", fmt="py:percent")
    assert [len(text) for text in long_literals(code.cells)] == [42]
