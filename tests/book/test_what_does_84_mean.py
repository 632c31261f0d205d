"""The page of the stored runs: it can be made with any of them, and its words are computed."""

import re
from pathlib import Path

import invented
import jupytext
import matplotlib
import myst_nb
import pytest
from test_notebooks import prose, typed_numbers

from genre_lib.book.references import REFERENCES

matplotlib.use("Agg")

PAGE = Path(__file__).parents[2] / "notebooks" / "what_does_84_mean.py"
SOME = ("image-0", "image-1", "track-0", "fault-filtered-0", "track-0-cnn", "track-0-handcrafted",
        "image-0-handcrafted")  # fmt: skip


@pytest.fixture(scope="module")
def made() -> dict[str, invented.Run]:
    right = {"image": 0.95, "track": 0.4}
    return {run.name: invented.run(run.name, right=right.get(run.settings.protocol, 0.7))
            for run in REFERENCES}  # fmt: skip


def glued(names: list[str], made: dict[str, invented.Run], tmp_path: Path, monkeypatch) -> dict:
    """Run the page's cells with some runs held; returns what it glues."""
    for name in names:
        invented.store(made[name], tmp_path / "reference")
    monkeypatch.setenv("GENRE_REFERENCE", str(tmp_path / "reference"))
    monkeypatch.chdir(tmp_path)
    values: dict = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, **_: values.update({name: value}))
    namespace: dict = {}
    for cell in jupytext.read(PAGE).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, PAGE.name, "exec"), namespace)
    return values


@pytest.mark.parametrize(
    "names", [["image-0"], ["segments-track-0"], ["track-0-no-lstm"], ["track-0-handcrafted"], SOME]
)
def test_the_page_can_be_made_with_any_runs(names, made, tmp_path, monkeypatch):
    values = glued(names, made, tmp_path, monkeypatch)
    asked = re.findall(r"\{glue:text\}`(\w+)(?::([^`]+))?`", prose(PAGE))
    for name, form in asked:
        assert format(values[name], form) is not None
    assert {name for name, _ in asked} <= values.keys()
    held = values["held_note"]
    assert f"{len(names)} of {len(REFERENCES)}" in held
    assert [run.name for run in REFERENCES if run.name in re.findall(r"[\w-]+", held)] == [
        run.name for run in REFERENCES if run.name not in names
    ]


def test_the_words_follow_the_runs(made, tmp_path, monkeypatch):
    values = glued([run.name for run in REFERENCES], made, tmp_path, monkeypatch)
    assert values["image"] > 0.9
    assert values["track"] < 0.5
    assert values["change"] == pytest.approx(100 * (values["track"] - values["image"]))
    assert values["verdict"] == "does not survive"
    assert values["paper_by_image"] == "below this interval"
    assert values["paper_by_track"] == "above this interval"
    assert "do not touch" in values["seeds_note"]
    assert values["held_note"].startswith("All")
    assert "label smoothing" in values["ingredients_note"]
    assert "points" in values["full_budget_note"]


def test_the_page_takes_no_parameters_and_says_so():
    assert all("parameters" not in cell.metadata.get("tags", []) for cell in cells())
    assert "Nothing is trained here" in prose(PAGE)


def cells() -> list:
    return jupytext.read(PAGE).cells


def test_no_number_is_typed_into_the_prose():
    title, *rest = prose(PAGE).splitlines()
    assert title == "# What does 84 % mean?"
    assert typed_numbers("\n".join(rest)) == []


def test_the_page_says_first_what_one_learns_and_last_what_was_found():
    first, *_, last = (cell for cell in cells() if cell.cell_type == "markdown")
    assert "**What you will learn.**" in first.source
    assert "## What was found" in last.source
