"""Cells that open tracks, and curves that show values: both agree with the run."""

import json
import re
from dataclasses import replace
from pathlib import Path

import invented
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.colors import to_rgb
from test_tables import Cells, linked

from genre_lib import paper
from genre_lib.book import figures, interactive
from genre_lib.evaluation import confusions
from genre_lib.runs import Run

ASSETS = Path(__file__).parents[2] / "book" / "_assets"
HOSTILE = "<b>a & b</b></script><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def run() -> Run:
    return invented.run("image-0")


def embedded(page: str):
    pattern = r'<script type="application/json">(.*?)</script>'
    (text,) = re.findall(pattern, page, re.DOTALL)
    return json.loads(text)


# The confusion matrix


def test_the_matrix_shows_the_counts_and_brings_the_tracks_behind_them(run: Run):
    answers = run.predictions.assign(p_rock=np.linspace(0, 1, len(run.predictions)))
    page = interactive.confusion_matrix("cells", replace(run, predictions=answers)).data
    counts = confusions(answers, run.genres)
    cells = re.findall(r'<td style="[^"]*">(\d+)</td>', page)
    assert [int(cell) for cell in cells] == counts.to_numpy().ravel().tolist()
    assert page.count('scope="row"') == page.count('scope="col"') == len(run.genres)
    tracks = pd.DataFrame(embedded(page))
    sums = tracks.groupby(["y_true", "y_pred"]).images.sum()
    assert all(counts.loc[cell] == number for cell, number in sums.items())
    assert sums.sum() == len(answers)
    expected = answers[answers.y_pred == "rock"].groupby(["track_id", "y_true"]).p_rock.mean()
    shown = tracks[tracks.y_pred == "rock"].set_index(["track_id", "y_true"]).probability
    assert (shown == (100 * expected).round().loc[shown.index]).all()


def test_all_tracks_of_all_cells_can_be_saved(run: Run):
    name, content = linked(interactive.confusion_matrix("cells", run).data)
    assert name == "cells.csv"
    assert content == Path("tables/cells.csv").read_bytes()
    assert pd.read_csv("tables/cells.csv")["images"].sum() == len(run.predictions)


def test_names_of_tracks_genres_and_runs_do_not_become_markup(run: Run):
    names = [run.predictions.track_id.iloc[0], "blues"]
    answers = run.predictions.replace(names, HOSTILE)
    answers = answers.rename(columns={"p_blues": f"p_{HOSTILE}"})
    hostile = replace(run, predictions=answers, split=run.split.replace(names, HOSTILE))
    page = interactive.confusion_matrix("cells", hostile).data
    assert HOSTILE in Cells(page).texts
    assert HOSTILE in {track["track_id"] for track in embedded(page)}
    assert "<b>" not in page
    assert page.count("<script") == page.count("</script>") == 1


def test_numbers_can_be_read_on_their_colour(run: Run):
    def luminance(color: str) -> float:
        parts = np.array(to_rgb(color))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    for share in np.linspace(0, 1, 300):
        low, high = sorted(map(luminance, interactive._colours(share)))
        assert (high + 0.05) / (low + 0.05) >= 4.5


# Curves


def drawn(run: Run) -> dict:
    return embedded(interactive.learning_curves("history", run).data)


def line(figure: dict, name: str, axis: str) -> dict:
    (found,) = (
        each for each in figure["data"] if (each.get("name"), each["yaxis"]) == (name, axis)
    )
    return found


def test_curves_are_those_of_the_history_with_the_papers_values_and_the_kept_model(run: Run):
    figure = drawn(run)
    best = run.history.loc[run.history.validation_accuracy.idxmax()]
    for axis, what in (("y", "accuracy"), ("y2", "loss")):
        for key, name in figures.CURVES.items():
            curve = line(figure, name, axis)
            assert curve["x"] == run.history.epoch.tolist()
            assert curve["y"] == run.history[f"{key}_{what}"].tolist()
        star = line(figure, "kept model", axis)
        assert (star["x"], star["y"]) == ([best.epoch], [best[f"validation_{what}"]])
    printed = {each["text"][0]: each["y"][0] for each in figure["data"] if "text" in each}
    assert printed == {
        f"paper, training: {paper.TRAIN_ACCURACY:.2%}": paper.TRAIN_ACCURACY,
        f"paper, validation: {paper.VALIDATION_ACCURACY:.2%}": paper.VALIDATION_ACCURACY,
        f"paper, training: {paper.TRAIN_LOSS}": paper.TRAIN_LOSS,
        f"paper, validation: {paper.VALIDATION_LOSS}": paper.VALIDATION_LOSS,
    }


def test_lines_are_named_once_and_differ_in_colour_dash_and_marker(run: Run):
    figure = drawn(run)
    named = [each["name"] for each in figure["data"] if each.get("showlegend", True)]
    assert named == [*figures.CURVES.values(), "kept model"]
    lines = [line(figure, name, "y") for name in figures.CURVES.values()]
    assert [each["line"]["color"] for each in lines] == figures.COLORS[:3]
    for part, key in (("line", "dash"), ("marker", "symbol")):
        assert len({each[part][key] for each in lines}) == len(lines)


def test_the_values_are_in_a_table_that_is_saved(run: Run):
    page = interactive.learning_curves("history", run).data
    assert linked(page) == ("history.csv", Path("tables/history.csv").read_bytes())
    read = pd.read_csv("tables/history.csv", dtype=str).map(float)
    pd.testing.assert_frame_equal(read, run.history.astype(float), check_exact=True)
    assert f"{run.history.validation_accuracy.iloc[-1]:.1%}" in Cells(page).texts
    assert (
        'role="img" aria-label="Accuracy and loss in training and validation over 3 epochs."'
        in page
    )


def test_a_value_that_is_not_a_number_is_no_point(run: Run):
    history = run.history.assign(train_loss=[1.0, np.nan, np.inf])
    figure = drawn(replace(run, history=history))
    assert line(figure, "training, running", "y2")["y"] == [1.0, None, None]
    assert "NaN" not in json.dumps(figure)


# Figures that can be read


def test_points_of_a_line_lie_where_the_picture_has_them_and_those_outside_are_left_out():
    rows = [{"label": HOSTILE, "share": share, "accuracy": share, "low": share, "high": share}
            for share in (0, 0.5, 1)]  # fmt: skip
    figure = figures.mixtures(pd.DataFrame(rows))
    axes = figure.axes[0]
    axes.set(xlim=(0, 1), ylim=(-1, 0.5))
    page = interactive.readable("fig-a", figure, {HOSTILE: ["a", "b", "c"]}, line="L", step="S")
    ((name, points),) = embedded(page.data).items()
    x0, y0, x1, y1 = axes.get_position().extents
    assert (name, [text for _, _, text in points]) == (HOSTILE, ["a", "b"])
    expected = [[x0, y0 + (y1 - y0) * 2 / 3], [(x0 + x1) / 2, y1]]
    assert np.allclose([place for *place, _ in points], expected, atol=1e-3)
    assert "<b>" not in page.data


# The scripts


def test_the_plotting_script_is_the_one_of_the_python_package_and_no_module_of_requirejs():
    """Where a page has RequireJS, for widgets say, it would refuse an anonymous module."""
    from plotly.offline import get_plotlyjs_version

    script = (ASSETS / "plotly-basic.min.js").read_text(encoding="utf-8")
    (version,) = re.findall(r"plotly\.js \(basic - minified\) v([\d.]+)", script[:200])
    assert version.split(".")[0] == get_plotlyjs_version().split(".")[0]
    assert f"plotly.js-basic-dist-min {version}" in (ASSETS / "LICENSES.txt").read_text()
    assert not re.search(r"\bdefine\s*\(|define\.amd|typeof define\b", script)
    assert "window.Plotly = Plotly" in script


# Scripts that pages ask for when they need them: `own_song.js` and the plotting cells name them.
LOADED_ON_DEMAND = {"plotly-basic.min.js", "tex-svg.js"} | {
    f"{name}.js" for name in ("decode", "network", "pieces", "spectrogram", "predict", "shake")
}


def test_every_page_loads_the_books_scripts_and_styles_and_none_the_plotting_script():
    text = (ASSETS.parents[1] / "_config.yml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)["sphinx"]["config"]
    for kind in ("js", "css"):
        ours = {path.name for path in ASSETS.glob(f"*.{kind}")}
        assert set(config[f"html_{kind}_files"]) == ours - LOADED_ON_DEMAND
