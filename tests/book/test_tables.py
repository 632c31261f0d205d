"""Tables of the pages: what is shown, what is sorted by, and what is saved."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd

from genre_lib.book import figures
from genre_lib.book.tables import Table

HOSTILE = '<b onmouseover="x">a & b</b></td>'
MIXED = pd.DataFrame(
    {
        "some_name": ["b", HOSTILE],
        "share": [1 / 3, np.nan],
        "count": [1234567, 2],
        "maybe": pd.array([None, 5], dtype="Int64"),
        "same": [True, False],
    }
)


class Cells(HTMLParser):
    """Heads and cells of a page's table, with the attributes of each cell."""

    def __init__(self, page: str):
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[dict] = []
        self.tags: list[str] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag in ("th", "td"):
            self.open = True
            self.texts.append("")
            self.attributes.append(dict(attributes))

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("th", "td")

    def handle_data(self, data):
        if self.open:
            self.texts[-1] += data


def linked(page: str) -> tuple[str, bytes]:
    """Name and content of the file that a page's link saves."""
    ((name, content),) = re.findall(
        r'download="([^"]+)" href="data:text/csv;charset=utf-8;base64,([^"]*)"', page
    )
    return name, b64decode(content)


def test_cells_are_formatted_and_sorted_by_all_their_digits():
    cells = Cells(Table("mixed", MIXED, {"share": "{:.1%}"}).to_html())
    assert cells.texts[:5] == ["some name", "share", "count", "maybe", "same"]
    assert cells.texts[5:10] == ["b", "33.3%", "1,234,567", "", "True"]
    assert cells.texts[10:] == [HOSTILE, "", "2", "5", "False"]
    values = [cell.get("data-value") for cell in cells.attributes[5:]]
    assert values[:5] == [None, str(1 / 3), "1234567", None, None]
    assert values[5:] == [None, None, "2", "5", None]
    assert Cells(Table("plain", MIXED[["share"]]).to_html()).texts[1] == "0.3333"
    assert Cells(Table("none", MIXED[:0]).to_html()).texts == cells.texts[:5]


def test_names_do_not_become_markup():
    cells = Cells(Table("a<b>&", pd.DataFrame({HOSTILE: [HOSTILE]})).to_html())
    assert cells.texts == [HOSTILE, HOSTILE]
    assert "b" not in cells.tags


def test_the_link_has_the_bytes_of_the_file_which_has_all_digits(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).random(50)
    page = figures.tabulate("some", pd.DataFrame({"value": values})).to_html()
    file = tmp_path / "tables" / "some.csv"
    assert linked(page) == ("some.csv", file.read_bytes())
    assert [float(text) for text in pd.read_csv(file, dtype=str).value] == values.tolist()
    assert b"\r" not in file.read_bytes()


def test_a_terminal_shows_the_table_as_text():
    assert "1234567" in repr(Table("mixed", MIXED))
    assert "<" not in repr(Table("mixed", MIXED[["count"]]))
