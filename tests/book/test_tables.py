"""Tables of the pages: what is shown, what is sorted by, and what is saved."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genre_lib.book import figures
from genre_lib.book.tables import Table, csv_bytes, csv_link

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


def test_cells_are_formatted_and_missing_ones_empty():
    cells = Cells(Table("mixed", MIXED, {"share": "{:.1%}"}).to_html()).texts
    assert cells[:5] == ["some name", "share", "count", "maybe", "same"]
    assert cells[5:10] == ["b", "33.3%", "1,234,567", "", "True"]
    assert cells[10:] == [HOSTILE, "", "2", "5", "False"]


def test_numbers_without_a_format_have_four_decimals():
    assert Cells(Table("plain", MIXED[["share"]]).to_html()).texts[1] == "0.3333"


def test_numbers_are_sorted_by_all_their_digits():
    attributes = Cells(Table("mixed", MIXED, {"share": "{:.1%}"}).to_html()).attributes
    shares, counts = attributes[6::5][:2], attributes[7::5][:2]
    assert [float(cell["data-value"]) for cell in counts] == [1234567, 2]
    assert float(shares[0]["data-value"]) == 1 / 3
    assert "data-value" not in shares[1]
    assert all("data-value" not in cell for cell in attributes[5::5])


def test_names_do_not_become_markup():
    table = pd.DataFrame({HOSTILE: [HOSTILE]})
    cells = Cells(Table("a<b>&", table).to_html())
    assert cells.texts == [HOSTILE, HOSTILE]
    assert "b" not in cells.tags


def test_the_link_holds_the_bytes_of_the_file(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = figures.tabulate("mixed", MIXED).to_html()
    saved = (tmp_path / "tables" / "mixed.csv").read_bytes()
    assert linked(page) == ("mixed.csv", saved)
    assert linked(csv_link("mixed", MIXED)) == ("mixed.csv", saved)


def test_a_saved_table_has_all_digits_of_its_numbers(tmp_path: Path):
    values = np.random.default_rng(0).random(50)
    file = tmp_path / "values.csv"
    file.write_bytes(csv_bytes(pd.DataFrame({"value": values})))
    assert [float(text) for text in pd.read_csv(file, dtype=str).value] == values.tolist()
    assert b"\r" not in file.read_bytes()


def test_a_format_for_no_column_is_an_error():
    with pytest.raises(KeyError, match="no column other"):
        Table("mixed", MIXED, {"other": "{}"})


def test_a_table_without_rows_has_its_heads():
    assert Cells(Table("none", MIXED[:0]).to_html()).texts == [
        "some name", "share", "count", "maybe", "same",
    ]  # fmt: skip


def test_a_terminal_shows_the_table_as_text():
    assert "1234567" in repr(Table("mixed", MIXED))
    assert "<" not in repr(Table("mixed", MIXED[["count"]]))
