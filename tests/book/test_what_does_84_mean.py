"""The page of the stored runs: what its text claims is checked against the runs that it reads."""

from pathlib import Path

import invented
import jupytext
import matplotlib
import myst_nb
import pytest

from genre_lib.book.references import REFERENCES
from genre_lib.book.statements import MARK

matplotlib.use("Agg")

PAGE = Path(__file__).parents[2] / "notebooks" / "what_does_84_mean.py"


def test_sentences_are_marked_where_results_turn(tmp_path, monkeypatch):
    """Executes the page on invented runs whose accuracy does not depend on the split."""
    for run in REFERENCES:
        invented.store(invented.run(run.name, right=0.7), tmp_path / "reference")
    monkeypatch.setenv("GENRE_REFERENCE", str(tmp_path / "reference"))
    monkeypatch.delenv("GENRE_EDITION", raising=False)
    monkeypatch.chdir(tmp_path)
    values: dict = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, **_: values.update({name: value}))
    namespace: dict = {}
    for cell in jupytext.read(PAGE).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, PAGE.name, "exec"), namespace)
    turned = {
        "unknown_is_harder",
        "paper_lies_between",
        "seeds_apart",
        "meeting_helps",
        "order_turns",
    }
    assert {name for name in turned if values[name] != MARK} == set()
    assert values["change"] == pytest.approx(100 * (values["track"] - values["image"]))
