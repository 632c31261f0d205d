"""Pages of the stored runs: what their text claims is checked against the runs that they read."""

import re
from pathlib import Path

import invented
import jupytext
import matplotlib
import myst_nb
import pytest

from genre_lib.book.references import REFERENCES
from genre_lib.book.statements import MARK

matplotlib.use("Agg")

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture
def glued(request, tmp_path, monkeypatch) -> dict:
    """What a page glues for invented runs whose accuracy does not depend on the split."""
    monkeypatch.setattr("genre_lib.evaluation.DRAWS", 500)
    for run in REFERENCES:
        if request.param == "what_does_84_mean" and re.search("-(no|again|cnn|constant)", run.name):
            continue  # the page reads no run without an ingredient
        invented.store(invented.run(run.name, right=0.7), tmp_path / "reference")
    monkeypatch.setenv("GENRE_REFERENCE", str(tmp_path / "reference"))
    monkeypatch.delenv("GENRE_EDITION", raising=False)
    monkeypatch.chdir(tmp_path)
    values: dict = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, **_: values.update({name: value}))
    namespace: dict = {}
    path = NOTEBOOKS / f"{request.param}.py"
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, path.name, "exec"), namespace)
    return values


@pytest.mark.slow
@pytest.mark.parametrize("glued", ["ten_questions"], indirect=True)
def test_the_checklist_marks_effects_that_the_runs_do_not_show(glued):
    turned = {"splits_matter_most", "meeting_helps", "artists_matter", "above_the_ceiling"}
    assert {name for name in turned if glued[name] != MARK} == set()
    assert glued["labels_remain"] == ""
    assert glued["open_here"] == 6
    assert glued["printed"] == pytest.approx(0.8442)
    assert glued["images_width"] < glued["tracks_width"]


@pytest.mark.parametrize("glued", ["what_does_84_mean"], indirect=True)
def test_sentences_are_marked_where_results_turn(glued):
    turned = {
        "unknown_is_harder",
        "paper_lies_between",
        "seeds_apart",
        "meeting_helps",
        "order_turns",
    }
    assert {name for name in turned if glued[name] != MARK} == set()
    assert glued["change"] == pytest.approx(100 * (glued["track"] - glued["image"]))
