"""Cells that open tracks, and curves that tell values: both agree with the run."""

import json
import re
from dataclasses import replace
from pathlib import Path

import invented
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from test_tables import Cells, linked

from genre_lib.book import figures, interactive
from genre_lib import paper
from genre_lib.runs import Run
from genre_lib.evaluation import confusions

ASSETS = Path(__file__).parents[2] / "book" / "_assets"
HOSTILE = "<b>a & b</b></script><script>alert(1)</script>"
EMBEDDED = r'<script type="application/json">(.*?)</script>'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module", params=["image-0", "track-0"])
def run(request) -> Run:
    return invented.run(request.param)


def embedded(page: str) -> dict:
    (text,) = re.findall(EMBEDDED, page, re.DOTALL)
    return json.loads(text)


# The confusion matrix


def test_each_cell_has_its_count_and_its_genres(run: Run):
    counts = confusions(run.predictions, run.genres)
    page = interactive.confusion_matrix("cells", run).data
    buttons = re.findall(
        r'aria-label="(\w+) images? of (\w+) (\w+)[^"]*"[^>]*>(\d+)</button>', page
    )
    assert len(buttons) == counts.size
    assert [int(shown) for *_, shown in buttons] == counts.to_numpy().ravel().tolist()
    for place, (said, truth, how, shown) in enumerate(buttons):
        row, column = divmod(place, len(counts))
        assert truth == run.genres[row]
        assert said == (shown if shown != "0" else "no")
        assert how == ("recognised" if row == column else "taken")


def test_the_tracks_behind_a_cell_add_up_to_its_count(run: Run):
    counts = confusions(run.predictions, run.genres).to_numpy().ravel()
    cells = embedded(interactive.confusion_matrix("cells", run).data)["cells"]
    assert {int(place) for place in cells} == set(np.flatnonzero(counts).tolist())
    for place, tracks in cells.items():
        assert sum(int(track[1].split(" of ")[0]) for track in tracks) == counts[int(place)]
        assert len({track[0] for track in tracks}) == len(tracks)


def test_the_tracks_of_all_cells_add_up_to_all_test_images(run: Run):
    cells = embedded(interactive.confusion_matrix("cells", run).data)["cells"]
    rows = [track for tracks in cells.values() for track in tracks]
    numbers = [(row[0], *map(int, row[1].split(" of "))) for row in rows]
    shown = pd.DataFrame(numbers, columns=["track", "images", "of"])
    for track, own in shown.groupby("track"):
        tested = (run.predictions.track_id == track).sum()
        assert own["images"].sum() == tested
        assert set(own["of"]) == {tested}
    assert shown.track.nunique() == run.predictions.track_id.nunique()


def test_images_in_training_are_told_where_there_are_any(run: Run):
    page = interactive.confusion_matrix("cells", run).data
    rows = [track for tracks in embedded(page)["cells"].values() for track in tracks]
    if run.settings.protocol == "track":
        assert {len(row) for row in rows} == {3}
        assert "In training" not in page
        return
    trained = run.split[run.split.subset == "train"].track_id.value_counts()
    assert "In training" in page
    assert [row[3] for row in rows] == [trained.get(row[0], 0) for row in rows]


def test_probabilities_are_means_of_the_predicted_genre(run: Run):
    answers = run.predictions.copy()
    answers["p_rock"] = np.linspace(0, 1, len(answers))
    changed = replace(run, predictions=answers)
    cells = embedded(interactive.confusion_matrix("cells", changed).data)["cells"]
    rock = run.genres.index("rock")
    for place, tracks in cells.items():
        truth, answer = divmod(int(place), len(run.genres))
        own = answers[
            (answers.y_true == run.genres[truth]) & (answers.y_pred == run.genres[answer])
        ]
        means = own.groupby("track_id").p_rock.mean()
        for track, _, shown, *_ in tracks:
            assert shown == (f"{means[track]:.0%}" if answer == rock else "55%")


def test_all_tracks_of_all_cells_can_be_saved(run: Run):
    name, content = linked(interactive.confusion_matrix("cells", run).data)
    assert name == "cells.csv"
    assert content == Path("tables/cells.csv").read_bytes()
    table = pd.read_csv("tables/cells.csv")
    assert table["images"].sum() == len(run.predictions)


def test_names_of_tracks_and_genres_do_not_become_markup(run: Run):
    names = {"track_id": run.predictions.track_id.iloc[0], "genre": "blues"}
    answers = run.predictions.replace([*names.values()], HOSTILE)
    answers = answers.rename(columns={"p_blues": f"p_{HOSTILE}"})
    split = run.split.replace([*names.values()], HOSTILE)
    page = interactive.confusion_matrix(
        "cells", replace(run, predictions=answers, split=split)
    ).data
    assert "<b>" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert HOSTILE in Cells(page).texts
    data = embedded(page)
    assert HOSTILE in data["genres"]
    assert HOSTILE in {track[0] for tracks in data["cells"].values() for track in tracks}


def test_numbers_can_be_read_on_their_colour(run: Run):
    def brightness(color: str) -> float:
        parts = np.array(to_rgb(color))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    page = interactive.confusion_matrix("cells", run).data
    pairs = re.findall(r'style="background:(#\w+);color:(#\w+)"', page)
    assert len(pairs) == len(run.genres) ** 2
    for pair in pairs:
        low, high = sorted(brightness(color) for color in pair)
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_matrix_is_there_without_its_script(run: Run):
    page = re.sub(r"<script.*?</script>", "", interactive.confusion_matrix("cells", run).data,
                  flags=re.DOTALL)  # fmt: skip
    texts = Cells(page).texts
    diagonal = np.diag(confusions(run.predictions, run.genres))
    assert {str(count) for count in diagonal} <= set(texts)
    assert page.count('scope="row"') == len(run.genres)


# Curves


def drawn(curves: interactive.Curves) -> dict:
    return curves._repr_mimebundle_()["application/vnd.plotly.v1+json"]


def line(figure: dict, name: str, axis: str) -> dict:
    (found,) = (
        each for each in figure["data"] if (each.get("name"), each["yaxis"]) == (name, axis)
    )
    return found


def test_curves_are_those_of_the_history(run: Run):
    figure = drawn(interactive.learning_curves("history", run))
    for axis, what in (("y", "accuracy"), ("y2", "loss")):
        for key, name in interactive.CURVES.items():
            own = line(figure, name, axis)
            assert own["x"] == run.history.epoch.tolist()
            assert own["y"] == run.history[f"{key}_{what}"].tolist()


def test_the_star_is_the_model_that_was_kept(run: Run):
    figure = drawn(interactive.learning_curves("history", run))
    best = run.history.loc[run.history.validation_accuracy.idxmax()]
    for axis, what in (("y", "accuracy"), ("y2", "loss")):
        star = line(figure, "kept model", axis)
        assert (star["x"], star["y"]) == ([best.epoch], [best[f"validation_{what}"]])


def test_the_papers_values_are_drawn_and_written(run: Run):
    figure = drawn(interactive.learning_curves("history", run))
    printed = {each["y"][0]: each["text"][0] for each in figure["data"] if "text" in each}
    assert set(printed) == {paper.TRAIN_ACCURACY, paper.VALIDATION_ACCURACY, paper.TRAIN_LOSS,
                            paper.VALIDATION_LOSS}  # fmt: skip
    assert printed[paper.TRAIN_ACCURACY] == f"paper, training: {paper.TRAIN_ACCURACY:.2%}"
    assert printed[paper.TRAIN_LOSS] == f"paper, training: {paper.TRAIN_LOSS}"


def test_lines_differ_in_colour_and_in_dash_and_marker_as_in_the_figures(run: Run):
    figure = drawn(interactive.learning_curves("history", run))
    lines = [line(figure, name, "y") for name in interactive.CURVES.values()]
    assert [each["line"]["color"] for each in lines] == figures.COLORS[:3]
    for part, key in (("line", "dash"), ("marker", "symbol")):
        assert len({each[part][key] for each in lines}) == len(lines)


def test_the_values_are_in_a_table_that_is_saved(run: Run):
    page = interactive.learning_curves("history", run)._repr_mimebundle_()["text/html"]
    assert linked(page) == ("history.csv", Path("tables/history.csv").read_bytes())
    read = pd.read_csv("tables/history.csv", dtype=str).map(float)
    pd.testing.assert_frame_equal(read, run.history.astype(float), check_exact=True)
    assert f"{run.history.validation_accuracy.iloc[-1]:.1%}" in Cells(page).texts


def test_runs_are_drawn_one_above_the_other():
    runs = {name: invented.run(name) for name in ("image-0", "track-0")}
    figure = drawn(interactive.accuracy_curves("histories", runs))
    for axis, (name, run) in zip(("y", "y2"), runs.items(), strict=True):
        assert line(figure, "validation", axis)["y"] == run.history.validation_accuracy.tolist()
        low, high = figure["layout"][f"{axis[0]}axis{axis[1:]}"]["domain"]
        titles = [each["text"] for each in figure["layout"]["annotations"]
                  if low < each["y"] < high]  # fmt: skip
        assert titles == [name]
    saved = pd.read_csv("tables/histories.csv")
    assert saved.run.tolist() == ["image-0"] * 3 + ["track-0"] * 3


@pytest.mark.parametrize("names", [[], ["image-0"]])
def test_curves_of_few_runs_can_be_drawn(names: list[str]):
    runs = {name: invented.run(name) for name in names}
    curves = interactive.accuracy_curves("histories", runs)
    assert curves._repr_mimebundle_()["text/html"].count("<table") == 1
    assert Path("tables/histories.csv").exists()


def test_each_line_is_named_once(run: Run):
    figure = drawn(interactive.learning_curves("history", run))
    named = [each["name"] for each in figure["data"] if each.get("showlegend", True)]
    assert named == [*interactive.CURVES.values(), "kept model"]


def test_a_value_that_is_not_a_number_is_no_point():
    run = invented.run("image-0")
    history = run.history.assign(train_loss=[1.0, np.nan, np.inf])
    page = interactive.learning_curves("history", replace(run, history=history))
    assert line(drawn(page), "running", "y2")["y"] == [1.0, None, None]
    assert "NaN" not in page._repr_mimebundle_()["text/html"]


def test_names_of_runs_do_not_become_markup():
    runs = {HOSTILE: invented.run("image-0")}
    bundle = interactive.accuracy_curves("histories", runs)._repr_mimebundle_()
    page = bundle["text/html"]
    assert "<b>" not in page
    assert page.count("<script") == page.count("</script>") == 1
    assert "<b>" not in embedded(page)["layout"]["annotations"][0]["text"]


def test_curves_have_a_name_for_who_cannot_see_them(run: Run):
    bundle = interactive.learning_curves("history", run)._repr_mimebundle_()
    (label,) = re.findall(r'role="img" aria-label="([^"]+)"', bundle["text/html"])
    assert label == bundle["text/plain"]
    assert "ccuracy and loss" in label


def test_the_page_and_jupyter_get_the_same_curves(run: Run):
    bundle = interactive.learning_curves("history", run)._repr_mimebundle_()
    assert embedded(bundle["text/html"]) == bundle["application/vnd.plotly.v1+json"]
    assert not bundle["application/vnd.plotly.v1+json"]["config"]["displayModeBar"]


# The scripts


def test_the_plotting_script_is_the_one_of_the_python_package():
    from plotly.offline import get_plotlyjs_version

    script = (ASSETS / "plotly-basic.min.js").read_text(encoding="utf-8")
    (version,) = re.findall(r"plotly\.js \(basic - minified\) v([\d.]+)", script[:200])
    assert version.split(".")[0] == get_plotlyjs_version().split(".")[0]
    assert f"plotly.js-basic-dist-min {version}" in (ASSETS / "LICENSES.txt").read_text()


def test_the_plotting_script_is_no_module_of_requirejs():
    """Where a page has RequireJS, for widgets say, it would refuse an anonymous module."""
    script = (ASSETS / "plotly-basic.min.js").read_text(encoding="utf-8")
    assert not re.search(r"\bdefine\s*\(|define\.amd|typeof define\b", script)
    assert "window.Plotly = Plotly" in script


def test_every_page_loads_the_books_script_and_no_page_the_plotting_script():
    config = (ASSETS.parents[1] / "_config.yml").read_text(encoding="utf-8")
    assert 'html_js_files: ["book.js"]' in config
    assert "plotly" not in re.sub(r"#.*", "", config)
    assert '"plotly-basic.min.js"' in (ASSETS / "book.js").read_text(encoding="utf-8")
