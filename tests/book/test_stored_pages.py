"""Pages of claims and printed numbers: made without a corpus, a run, or a network."""

import re
from pathlib import Path

import jupytext
import matplotlib
import myst_nb
import pandas as pd
import pytest
from test_notebooks import prose

from genre_lib import paper
from genre_lib.book.statements import MARK
from genre_lib.claims import CLAIMS

matplotlib.use("Agg")

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture
def glued(request, tmp_path: Path, monkeypatch) -> dict:
    """What a page glues when the checkout holds no run at all."""
    monkeypatch.setenv("GENRE_REFERENCE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    values: dict = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, **_: values.update({name: value}))
    path = NOTEBOOKS / f"{request.param}.py"
    namespace: dict = {}
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, path.name, "exec"), namespace)
    for name, form in re.findall(r"\{glue:text\}`(\w+)(?::([^`]+))?`", prose(path)):
        format(values[name], form)
    return values


@pytest.mark.parametrize("glued", ["claims"], indirect=True)
def test_the_ledger_is_whole_without_any_run(glued):
    table = pd.read_csv("tables/claims.csv", keep_default_na=False)
    assert set(table.key) == set(CLAIMS)
    names = ("arithmetic", "numbers", "conclusions")
    assert sum(glued[name] for name in names) == glued["claims"] == len(CLAIMS)
    assert glued["number_open"] == glued["numbers"]
    assert glued["conclusion_open"] == glued["conclusions"]
    assert set(table.runs) == {""}
    assert glued["runs"] == 0
    assert glued["not_general"] == MARK  # marked, where no run shows it


@pytest.mark.parametrize("glued", ["paper_numbers"], indirect=True)
def test_printed_numbers_give_what_follows_from_them(glued):
    assert glued["agreeing"] == glued["cells"]
    assert glued["correct_total"] == 1013
    assert glued["whole_right"] == 1485
    assert glued["fewer_share"] < paper.VALIDATION_ACCURACY < glued["more_share"]


def test_links_into_the_ledger_have_their_rows():
    for path in NOTEBOOKS.glob("*.py"):
        assert set(re.findall(r"claims\.html#claim-(\w+)", prose(path))) <= set(CLAIMS)
