"""The edition that is published in book/ is the one that notebooks/ make."""

import re
from functools import cache
from pathlib import Path

import jupytext
import nbformat

from genre_lib.book import editions as book
from genre_lib.book.editions import notes_of, sources

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"


PAGES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


@cache
def executed(page):
    return nbformat.read(BOOK / f"{page}.ipynb", as_version=4)


def cells_of(notebook):
    """Kind and text of each cell, without the one that papermill injects."""
    return [
        (cell.cell_type, cell.source.strip())
        for cell in notebook.cells
        if "injected-parameters" not in cell.metadata.get("tags", [])
    ]


def test_every_page_is_in_the_table_of_contents_and_shows_its_source():
    assert sorted(sources()) == PAGES
    for page in PAGES:
        source = jupytext.read(ROOT / "notebooks" / f"{page}.py")
        assert cells_of(executed(page)) == cells_of(source), page


def test_every_cell_was_executed_in_order_without_error():
    for page in PAGES:
        cells = [cell for cell in executed(page).cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), page
        outputs = [output for cell in cells for output in cell.outputs]
        assert not [output for output in outputs if output.output_type == "error"], page
        assert not [output for output in outputs if output.get("name") == "stderr"], page


def test_no_page_names_a_place_of_the_machine_that_made_it():
    for page in PAGES:
        text = (BOOK / f"{page}.ipynb").read_text(encoding="utf-8")
        assert not re.findall(r"/(?:home|Users|root|tmp|work|private|mnt)/[\w.-]+", text), page


def test_all_pages_that_have_parameters_have_the_same():
    reference = notes_of(BOOK / "sec5_evaluation.ipynb")["parameters"]
    for page in PAGES:
        takes = book.takes_parameters(ROOT / "notebooks" / f"{page}.py")
        given = notes_of(BOOK / f"{page}.ipynb")["parameters"]
        assert given == (reference if takes else {}), page


def test_the_published_edition_is_about_the_papers_data():
    assert notes_of(BOOK / "sec5_evaluation.ipynb")["parameters"]["corpus"] == "gtzan"


def test_every_product_of_a_page_is_there_and_no_other():
    made = {name for page in sources() for name in notes_of(BOOK / f"{page}.ipynb")["products"]}
    there = {f"{kind}/{path.name}" for kind in book.PRODUCTS for path in (BOOK / kind).glob("*.*")}
    assert made == there
    assert {f"figures/figure_{number}.svg" for number in range(1, 7)} <= made
    assert {"tables/table_1.csv", "tables/table_2.csv"} <= made
