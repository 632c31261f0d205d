"""Figures are labelled, described and repeatable; tables agree with the paper and the scores."""

import hashlib
import re
from pathlib import Path

import invented
import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from genre_lib import paper
from genre_lib.book import comparisons, figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import GENRES, configure
from genre_lib.evaluation import accuracy_of, scores
from genre_lib.model import HybridNet, count_parameters
from genre_lib.runs import Run
from genre_lib.store import Store

SETTINGS = configure(profile="smoke")
RUNS = ("image-full-budget", "image-0", "image-1", "track-0", "track-1", "fault-filtered-0",
        "image-0-handcrafted", "track-0-handcrafted")  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    return {name: invented.run(name) for name in RUNS}


@pytest.fixture(scope="module")
def run(runs: dict[str, Run]) -> Run:
    return runs["image-0"]


def changes(runs: dict[str, Run]) -> pd.DataFrame:
    table = comparisons.protocol_changes(runs)
    return table.assign(label=table.method + ", " + table["view"])


def check(figure: Figure) -> None:
    """A text for who cannot see it; labels of each axis, shared with its row or column or not."""
    assert figure.get_figwidth() == figures.WIDTH
    assert '.svg" alt="' in figures.picture("any", figure)
    grid = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    assert grid
    for axes in grid:
        spec = axes.get_subplotspec()
        named = any(label.get_text() for label in axes.get_yticklabels())
        assert axes.get_xlabel() or not spec.is_last_row(), axes
        assert axes.get_ylabel() or named or not spec.is_first_col(), axes
    for axes in bars:
        assert axes.get_xlabel() or axes.get_ylabel()


def test_figures_of_a_run_are_labelled_and_described(run: Run):
    table = pd.DataFrame([{"label": "network", "series": name, **accuracy_of(run.predictions)}
                          for name in ("image", "track")])  # fmt: skip
    before = dict(matplotlib.rcParams)
    for draw in (figures.figure_3, figures.figure_4, figures.figure_5, figures.figure_6):
        check(draw(run))
    check(figures.comparison(table, chance=0.1))
    check(figures.headline(table))
    check(figures.schedules(SETTINGS.training, SETTINGS.augmentation))
    assert matplotlib.pyplot.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


def test_figures_of_a_store_are_labelled_and_described(store: Store):
    first, second, last = store.track_ids[0], store.track_ids[1], store.track_ids[-1]
    audio = np.sin(np.arange(44100) / 10).astype(np.float32)
    check(figures.figure_1(store, first))
    check(figures.figure_2(store, first, SETTINGS.augmentation))
    check(figures.augmentations(store, first, SETTINGS.augmentation))
    check(figures.cutmix_pair(store, (first, last)))
    check(figures.genre_gallery(store))
    check(figures.genre_spectra(store))
    check(figures.audio_to_decibels(audio, SETTINGS.spectrogram))
    for view in ("copies", "segments"):
        check(figures.track_images(store, second, configure(profile="smoke", view=view)))


def test_figures_of_one_or_several_runs_are_labelled_and_described(runs: dict[str, Run]):
    for some in (runs, {"image-0": runs["image-0"]}):
        check(figures.protocol_accuracies(comparisons.accuracies(some), chance=0.1))
        networks = {name: run for name, run in some.items() if run.settings.method == "network"}
        check(figures.map_of_readings(networks, comparisons.readings(networks)))
    doses = [(epochs, known, 0.8, 0.7, 0.9) for epochs in (12, 40) for known in (0, 8)]
    columns = ["epochs", "known", "accuracy", "low", "high"]
    check(figures.dose_response(pd.DataFrame(doses, columns=columns)))
    check(figures.mixtures(pd.DataFrame(doses, columns=["label", "share", *columns[2:]])))
    check(figures.forest(changes(runs), xlabel="Change (points)", band=0.02))


def test_mel_ticks_are_where_the_band_of_that_frequency_is(store: Store):
    from librosa import mel_frequencies

    axes = figures.figure_1(store, store.track_ids[0]).axes[0]
    manifest = store.manifest
    bands = mel_frequencies(manifest["n_mels"] + 2, fmin=manifest["fmin"], fmax=manifest["fmax"])
    for position, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True):
        low, high = int(position - 0.5), int(np.ceil(position - 0.5))
        assert bands[1 + low] <= float(label.get_text()) <= bands[1 + high] + 1e-6


def test_the_box_of_cutmix_covers_the_share_that_the_title_gives(store: Store):
    axes = figures.cutmix_pair(store, (store.track_ids[0], store.track_ids[-1])).axes[2]
    (box,) = axes.patches
    left, right, low, high = axes.images[0].get_extent()
    share = box.get_width() * box.get_height() / ((right - left) * (high - low))
    kept, pasted = re.findall(r"\d+%", axes.get_title())
    assert (kept, pasted) == (f"{1 - share:.0%}", f"{share:.0%}")


def test_a_split_with_unused_tracks_says_so(runs: dict[str, Run]):
    tables = {name: runs[f"{name}-0"].split for name in figures.SPLITS}
    figure = figures.split_diagram(tables, sorted(tables["image"].track_id.unique())[:5])
    check(figure)
    keys = [text.get_text() for text in figure.legends[0].get_texts()]
    assert keys == ["train", "V validation", "T test", "\N{MULTIPLICATION SIGN} unused"]
    assert "\N{MULTIPLICATION SIGN}" in {text.get_text() for text in figure.axes[2].texts}
    assert "split by track, none of 5" in figure.get_label()


def test_each_run_has_a_dot_and_no_two_of_a_line_the_same_place(runs: dict[str, Run]):
    figure = figures.protocol_accuracies(comparisons.accuracies(runs), chance=0.1)
    for axes in figure.axes:
        heights = [y for bars in axes.containers for y in bars.lines[0].get_ydata()]
        assert len(set(heights)) == len(heights) == len(runs)
        assert {round(height) for height in heights} == {0, 1, 2}


def test_an_interval_that_contains_zero_is_hollow_and_counted():
    spans = [(-0.1, 0.2), (0.01, 0.2), (-0.3, -0.2)]
    table = pd.DataFrame([
        {"label": f"{low}", "scored": "image", "difference": (low + high) / 2, "low": low,
         "high": high} for low, high in spans
    ])  # fmt: skip
    figure = figures.forest(table, xlabel="Points")
    (axes,) = figure.axes
    (white,) = (line for line in axes.lines if line.get_color() == "white")
    assert white.get_xdata() == pytest.approx([5.0])
    assert {"+5.0 (-10.0 to +20.0)", "-25.0 (-30.0 to -20.0)"} < {t.get_text() for t in axes.texts}
    assert "1 of 3 intervals contain zero" in figure.get_label()


def test_every_verdict_has_a_bar_with_its_number():
    counts = {"holds": 3, "holds in part": 0, "does not hold": 2, "cannot be known": 1}
    figure = figures.bars(counts, ylabel="Verdict", xlabel="Claims (number)")
    check(figure)
    (axes,) = figure.axes
    assert [round(bar.get_width()) for bar in axes.patches] == list(counts.values())
    assert [text.get_text() for text in axes.texts] == [str(count) for count in counts.values()]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(counts)
    assert "holds, 3; holds in part, 0; " in figure.get_label()


def test_the_texts_say_what_the_numbers_show(run: Run):
    text = figures.figure_6(run).get_label()
    right = (run.predictions.y_true == run.predictions.y_pred).sum()
    assert f"{right} of {len(run.predictions)} test images lie on the diagonal" in text
    pairs = run.predictions.query("y_true != y_pred")[["y_true", "y_pred"]].value_counts()
    assert f"most frequent mistakes: {pairs.iloc[0]} of " in text
    rows = [("the paper", 0.8, 0.7, 0.9), ("easy", 0.9, 0.85, 0.95), ("hard", 0.5, 0.4, 0.6),
            ("same", 0.75, 0.7, 0.85)]  # fmt: skip
    figure = figures.headline(pd.DataFrame(rows, columns=["label", "accuracy", "low", "high"]))
    check(figure)
    assert "hard, computed, 50.0% (40.0% to 60.0%)" in figure.get_label()
    assert figure.get_label().endswith("Clearly below it: hard; above it: easy.")


# Keeping and showing


def test_saving_again_gives_the_same_bytes(run: Run, tmp_path, monkeypatch):
    digests = []
    for attempt in ("first", "second"):
        (tmp_path / attempt).mkdir()
        monkeypatch.chdir(tmp_path / attempt)
        figures.save(figures.figure_4(run), "drawn")
        figures.tabulate("table", figures.table_2(run))
        written = sorted(path for path in Path().rglob("*") if path.is_file())
        assert [str(path) for path in written] == [
            "figures/drawn.png",
            "figures/drawn.svg",
            "tables/table.csv",
        ]
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in written])
    assert digests[0] == digests[1]


def test_names_are_drawn_as_written_with_one_note_where_a_font_lacks_them(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    with figures.style():
        figure = Figure()
        text = figure.text(0.5, 0.5, "$x_$ \U0001f3b5\U00013000\U00013001")  # hieroglyphs
        assert not text.get_parse_math()
        figures.save(figure, "names")
    assert capsys.readouterr().err.count("genre-book: ") == 1


def test_a_figure_is_shown_with_its_text_and_not_without(run: Run, tmp_path, monkeypatch):
    import myst_nb

    monkeypatch.chdir(tmp_path)
    glued = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value: glued.update({name: value.data}))
    for text in ("", "two.\nlines.", "no end", "Cut # short."):
        with pytest.raises(ValueError, match=r"'one' needs .* one or more sentences in one line"):
            figures.show("one", figures.describe(Figure(), text))
    assert list(tmp_path.iterdir()) == []
    figures.show("one", figures.describe(figures.figure_6(run), 'A "b" & <c>.'))
    assert glued["one"].startswith(
        '<img src="figures/one.svg" alt="A &quot;b&quot; &amp; &lt;c&gt;."'
    )
    assert Path("figures/one.svg").exists()


def test_glued_values_are_plain(monkeypatch):
    import myst_nb

    glued = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, display: glued.update({name: value}))
    glue_numbers(share=np.float64(0.5), count=np.int64(3), word="same")
    assert [type(glued[name]) for name in ("share", "count", "word")] == [float, int, str]


# Tables of the paper


def test_table_1_agrees_with_the_paper_and_says_where_a_network_differs():
    model = HybridNet(configure().model)
    table = figures.table_1(model)
    assert table.agrees.all()
    assert table.paper.tolist() == [str(row.output) for row in paper.TABLE_1]
    assert table.parameters.sum() == count_parameters(model)
    for other, row in (({"hidden_size": 32}, "LSTM"), ({"conv_dropout": "text"}, "Dropout")):
        table = figures.table_1(HybridNet(configure(overrides=other).model))
        assert table.layer[~table.agrees].str.startswith(row).any()


def test_table_2_sums_up_as_the_scores_do_beside_the_papers(run: Run):
    table = figures.table_2(run).set_index("class")
    expected = scores(run.predictions.y_true, run.predictions.y_pred)
    assert table.f1["accuracy"] == expected["accuracy"]
    for average in ("macro", "weighted"):
        for name in ("precision", "recall", "f1"):
            assert table[name][f"{average} avg"] == expected[f"{average}_{name}"]
    assert table.loc[list(GENRES)].support.sum() == len(run.predictions)
    for row in paper.TABLE_2:
        assert table.paper_f1[row.genre] == row.f1
        assert table.paper_support[row.genre] == row.support
    assert table.paper_f1["accuracy"] == paper.ACCURACY
