"""Figures are labelled and repeatable; tables agree with the paper and with the scores."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

matplotlib.use("Agg")

import invented

from genre_lib import paper
from genre_lib.book import comparisons, figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import GENRES, RunSettings, configure
from genre_lib.evaluation import accuracy_of, scores
from genre_lib.model import HybridNet, count_parameters
from genre_lib.runs import Run
from genre_lib.splits import audit, make_dataset
from genre_lib.store import Store
from genre_lib.training import planned_rates

SETTINGS = configure(profile="smoke")


@pytest.fixture(scope="module")
def run() -> Run:
    """A run that nobody trained: twelve test images a genre, answered at random."""
    rng = np.random.default_rng(0)
    y_true = np.repeat(GENRES, 12)
    predictions = pd.DataFrame(
        {
            "track_id": [f"{genre}.{i // 3:05d}" for i, genre in enumerate(y_true)],
            "image": np.arange(len(y_true)) % 3,
            "y_true": y_true,
            "y_pred": np.where(rng.random(len(y_true)) < 0.6, y_true, rng.choice(GENRES, 120)),
        }
    )
    for genre in GENRES:
        predictions[f"p_{genre}"] = 0.1
    names = ("train", "clean_train", "validation")
    history = pd.DataFrame(
        {f"{name}_{what}": rng.random(5) for name in names for what in ("accuracy", "loss")}
    ).assign(epoch=range(1, 6), learning_rate=rng.random(5))
    return Run(
        path=Path("run"),
        settings=SETTINGS,
        history=history,
        split=pd.DataFrame(),
        predictions=predictions,
        metrics={"images": {"train": 240, "validation": 48, "test": 120}},
        environment={
            "seconds": 200.0,
            "cores": 2,
            "device": "cpu",
            "device_name": "CPU",
            "platform": "Linux x86_64",
            "torch": "2",
        },
    )


def accuracies(run: Run) -> pd.DataFrame:
    row = {"label": "network", "series": "image", **accuracy_of(run.predictions)}
    return pd.DataFrame([row, row | {"series": "track"}])


RUN_FIGURES = {
    "figure_3": figures.figure_3,
    "figure_4": figures.figure_4,
    "figure_5": figures.figure_5,
    "figure_6": figures.figure_6,
    "f1": figures.f1_by_genre,
    "comparison": lambda run: figures.comparison(accuracies(run), chance=0.1),
    "schedules": lambda _: figures.schedules(SETTINGS.training, SETTINGS.augmentation),
    "parameters": lambda _: figures.parameters_by_layer(figures.table_1(HybridNet(SETTINGS.model))),
}


def split_diagram(store: Store) -> Figure:
    settings = configure(profile="smoke", overrides={"images_per_track": 3})
    tables = {
        name: make_dataset(store, settings.model_copy(update={"protocol": name})).table
        for name in ("image", "track")
    }
    return figures.split_diagram(tables, store.track_ids[:3])


def views(view: str) -> Callable[[Store], Figure]:
    settings = configure(profile="smoke", view=view)
    return lambda store: figures.track_images(store, store.track_ids[1], settings)


STORE_FIGURES = {
    "figure_1": lambda store: figures.figure_1(store, store.track_ids[0]),
    "figure_2": lambda store: figures.figure_2(store, store.track_ids[0], SETTINGS.augmentation),
    "augmentations": lambda store: figures.augmentations(
        store, store.track_ids[0], SETTINGS.augmentation
    ),
    "cutmix_pair": lambda store: figures.cutmix_pair(
        store, (store.track_ids[0], store.track_ids[-1])
    ),
    "genre_gallery": figures.genre_gallery,
    "genre_spectra": figures.genre_spectra,
    "split_diagram": split_diagram,
    "copies": views("copies"),
    "segments": views("segments"),
    "audio_to_decibels": lambda _: figures.audio_to_decibels(
        np.sin(np.arange(44100) / 10).astype(np.float32), SETTINGS.spectrogram
    ),
}


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    names = ("image-full-budget", "image-0", "image-1", "track-0", "track-1", "fault-filtered-0",
             "image-0-handcrafted", "track-0-handcrafted")  # fmt: skip
    return {name: invented.run(name) for name in names}


def audits(runs: dict[str, Run]) -> pd.DataFrame:
    tables = [audit(run.split).assign(split=name) for name, run in runs.items()]
    columns = ["split", "first", "second", "shared_tracks", "share", "identical_tracks"]
    return pd.concat(tables) if tables else pd.DataFrame(columns=columns)


def changes(runs: dict[str, Run]) -> pd.DataFrame:
    table = comparisons.protocol_changes(runs)
    return table.assign(label=table.method + ", " + table["view"])


def recalls(runs: dict[str, Run]) -> pd.DataFrame:
    pair = [runs[name].predictions for name in ("image-0", "track-0")]
    return comparisons.recall_changes(*pair, GENRES)


RUNS_FIGURES = {
    "audit": lambda runs: figures.audit_diagram(audits(runs)),
    "protocols": lambda runs: figures.protocol_accuracies(comparisons.accuracies(runs), chance=0.1),
    "forest": lambda runs: figures.forest(changes(runs), xlabel="Change (points)"),
    "known": lambda runs: figures.accuracy_of_known(comparisons.accuracy_by_known(runs.values())),
    "curves": lambda runs: figures.accuracy_curves(
        {name: run for name, run in runs.items() if run.settings.method == "network"}
    ),
}


def check_labels(figure: Figure) -> None:
    """Each axis has a label, or shares that of its row or column; colour bars have one, too."""
    assert isinstance(figure, Figure)
    assert figure.get_figwidth() == figures.WIDTH
    assert '.svg" alt="' in figures.picture("any", figure)
    grid = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    assert grid
    for axes in grid:
        spec = axes.get_subplotspec()
        assert axes.get_xlabel() or not spec.is_last_row(), axes
        assert axes.get_ylabel() or not spec.is_first_col(), axes
    for axes in bars:
        assert axes.get_xlabel() or axes.get_ylabel()


@pytest.mark.parametrize("name", RUN_FIGURES)
def test_figures_of_a_run_are_labelled(name: str, run: Run):
    check_labels(RUN_FIGURES[name](run))


@pytest.mark.parametrize("name", STORE_FIGURES)
def test_figures_of_a_store_are_labelled(name: str, store: Store):
    check_labels(STORE_FIGURES[name](store))


@pytest.mark.parametrize("name", RUNS_FIGURES)
@pytest.mark.parametrize("held", [None, "image-0"])
def test_figures_of_several_runs_are_labelled(name: str, held: str | None, runs: dict[str, Run]):
    some = {"image-0": runs["image-0"]} if held else runs
    check_labels(RUNS_FIGURES[name](some))


def test_recalls_are_drawn_beside_the_papers(runs: dict[str, Run]):
    figure = figures.recall_by_protocol(recalls(runs))
    check_labels(figure)
    printed = next(line for line in figure.axes[0].lines if line.get_label() == "paper")
    assert list(printed.get_xdata()) == [row.recall for row in paper.TABLE_2]


def test_an_audit_is_drawn_with_its_counts(runs: dict[str, Run]):
    table = audits({name: runs[name] for name in ("image-0", "track-0")})
    figure = figures.audit_diagram(table)
    assert [axes.get_title().replace("\n", " ") for axes in figure.axes] == [
        "train and validation",
        "train and test",
        "validation and test",
    ]
    row = table.iloc[1]
    texts = [text.get_text().replace("\n", " ") for text in figure.axes[1].texts]
    assert texts == [f"{row.shared_tracks} tracks, twins: {row.identical_tracks}", "nothing"]
    assert [bar.get_width() for bar in figure.axes[1].patches] == [row.share, 0]


def test_a_split_with_unused_tracks_says_so(runs: dict[str, Run]):
    tables = {name: runs[f"{name}-0"].split for name in ("image", "track", "fault-filtered")}
    figure = figures.split_diagram(tables, sorted(tables["image"].track_id.unique())[:5])
    check_labels(figure)
    keys = [text.get_text() for text in figure.legends[0].get_texts()]
    assert keys == ["train", "V validation", "T test", "\N{MULTIPLICATION SIGN} unused"]
    marks = {text.get_text() for text in figure.axes[2].texts}
    assert "\N{MULTIPLICATION SIGN}" in marks


def test_each_run_has_a_dot_and_no_two_of_a_line_the_same_place(runs: dict[str, Run]):
    figure = figures.protocol_accuracies(comparisons.accuracies(runs), chance=0.1)
    for axes in figure.axes:
        heights = [y for bars in axes.containers for y in bars.lines[0].get_ydata()]
        assert len(set(heights)) == len(heights) == len(runs)
        labels = {round(height) for height in heights}
        assert labels == {0, 1, 2}


@pytest.mark.parametrize(
    ("low", "high", "hollow"), [(-0.1, 0.2, True), (0.01, 0.2, False), (-0.3, -0.2, False)]
)
def test_an_interval_that_contains_zero_is_hollow(low: float, high: float, hollow: bool):
    row = {"label": "a", "scored": "image", "difference": (low + high) / 2, "low": low}
    axes = figures.forest(pd.DataFrame([row | {"high": high}]), xlabel="Points").axes[0]
    marker = axes.containers[0].lines[0]
    assert (marker.get_markerfacecolor() == "white") is hollow
    assert f"{100 * low:+.1f} to {100 * high:+.1f}" in axes.texts[0].get_text()


def test_figures_leave_no_trace_in_pyplot(run: Run):
    before = dict(matplotlib.rcParams)
    figures.figure_6(run)
    assert matplotlib.pyplot.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("draw", [figures.figure_6, figures.figure_4])
def test_saving_again_gives_the_same_bytes(draw, run: Run, tmp_path, monkeypatch):
    digests = []
    for attempt in ("first", "second"):
        (tmp_path / attempt).mkdir()
        monkeypatch.chdir(tmp_path / attempt)
        figures.save(draw(run), "drawn")
        figures.save(figures.table_2(run), "table")
        written = sorted(path for path in Path().rglob("*") if path.is_file())
        assert [str(path) for path in written] == [
            "figures/drawn.png",
            "figures/drawn.svg",
            "tables/table.csv",
        ]
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in written])
    assert digests[0] == digests[1]


def test_a_shown_table_is_saved_and_repeatable(run: Run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = figures.table_2(run)
    first, second = (figures.tabulate("table_2", table).to_html() for _ in range(2))
    assert first == second
    pd.testing.assert_frame_equal(
        pd.read_csv("tables/table_2.csv"), table, check_dtype=False, atol=1e-12
    )


def test_mel_ticks_are_where_the_band_of_that_frequency_is(store: Store):
    from librosa import mel_frequencies

    axes = figures.figure_1(store, store.track_ids[0]).axes[0]
    manifest = store.manifest
    bands = mel_frequencies(manifest["n_mels"] + 2, fmin=manifest["fmin"], fmax=manifest["fmax"])
    for position, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True):
        low, high = int(position - 0.5), int(np.ceil(position - 0.5))
        assert bands[1 + low] <= float(label.get_text()) <= bands[1 + high] + 1e-6


def test_learning_rates_are_those_of_the_formula():
    training = configure().training
    rates = planned_rates(training, total_steps=500)
    assert rates.shape == (500,)
    assert rates.max() == pytest.approx(training.learning_rate, rel=1e-3)
    assert rates.argmax() == pytest.approx(0.3 * 500, abs=1)


def test_table_1_agrees_with_the_paper():
    model = HybridNet(configure().model)
    table = figures.table_1(model)
    assert table.agrees.all()
    assert table.paper.tolist() == [str(row.output) for row in paper.TABLE_1]
    assert table.parameters.sum() == count_parameters(model)


@pytest.mark.parametrize(
    ("changes", "row"), [({"hidden_size": 32}, "LSTM"), ({"conv_dropout": "text"}, "Dropout")]
)
def test_table_1_tells_where_the_network_differs(changes: dict, row: str):
    table = figures.table_1(HybridNet(configure(overrides=changes).model))
    assert table.layer[~table.agrees].str.startswith(row).any()


def test_table_2_sums_up_as_the_scores_do(run: Run):
    table = figures.table_2(run).set_index("class")
    expected = scores(run.predictions.y_true, run.predictions.y_pred)
    assert table.f1["accuracy"] == expected["accuracy"]
    for average in ("macro", "weighted"):
        for name in ("precision", "recall", "f1"):
            assert table[name][f"{average} avg"] == expected[f"{average}_{name}"]
    genres = table.loc[list(GENRES)]
    assert genres.f1.mean() == pytest.approx(expected["macro_f1"])
    assert genres.support.sum() == table.support["accuracy"] == len(run.predictions)


def test_table_2_prints_the_paper_beside_ours(run: Run):
    table = figures.table_2(run).set_index("class")
    for row in paper.TABLE_2:
        printed = table.loc[row.genre]
        assert printed.paper_f1 == row.f1
        assert printed.paper_support == row.support
    assert table.paper_f1["accuracy"] == paper.ACCURACY


@pytest.mark.parametrize(
    ("corpus", "words"),
    [
        ("synthetic", ("not recordings", "not comparable")),
        ("gtzan", ("GTZAN",)),
        ("/some/where/mine", ("'mine'", "not comparable")),
    ],
)
def test_the_note_tells_what_the_data_are(corpus: str, words: tuple[str, ...]):
    note = figures.corpus_note(RunSettings(corpus=corpus))
    for word in words:
        assert word in note
    assert "/some" not in note


def test_the_note_tells_how_a_run_was_made(run: Run):
    note = figures.run_note(run, SETTINGS)
    for word in ("smoke", "copies", "seed 0", "5 of at most 2 epochs", "3.3 minutes", "2 CPU"):
        assert word in note


def test_glued_values_are_plain(monkeypatch):
    import myst_nb

    glued = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, display: glued.update({name: value}))
    glue_numbers(share=np.float64(0.5), count=np.int64(3), word="same")
    assert {name: type(value) for name, value in glued.items()} == {
        "share": float,
        "count": int,
        "word": str,
    }


# The paper put to the test


def test_every_verdict_has_a_bar_with_its_number_and_a_pattern_of_its_own():
    counts = {"holds": 3, "holds in part": 0, "does not hold": 2, "cannot be known": 1}
    figure = figures.verdicts(counts)
    (axes,) = figure.axes
    assert [round(bar.get_width()) for bar in axes.patches] == list(counts.values())
    assert len({bar.get_hatch() for bar in axes.patches}) == len(counts)
    texts = [text.get_text() for text in axes.texts]
    assert {*counts, *map(str, counts.values())} <= set(texts)


def test_printed_recalls_have_both_intervals():
    table = pd.DataFrame({"genre": ["a", "b"], "recall": [0.9, 0.5]})
    for unit, half in (("images", 0.05), ("tracks", 0.2)):
        table[f"{unit}_low"], table[f"{unit}_high"] = table.recall - half, table.recall + half
    (axes,) = figures.printed_recalls(table).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    labels = axes.get_legend_handles_labels()[1]
    assert {"if images are independent", "if tracks are independent"} < set(labels)


def test_marks_on_the_plan_are_in_their_epochs():
    plan = pd.DataFrame({"one": [0.5, 1.0, 0.1]}, index=[1, 2, 3])
    figure = figures.stopped_on_plan(plan, {"best": 2, "end": 3})
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    assert lines["one"].get_ydata().tolist() == [0.5, 1.0, 0.1]
    assert {"best: 2", "end: 3"} <= set(lines)


# Alternative texts


def test_a_figure_that_is_not_described_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="'nameless' needs an alternative text"):
        figures.show("nameless", matplotlib.pyplot.figure())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "two.\nlines.", "no end", "Cut # short."])
def test_a_text_that_a_page_cannot_hold_is_refused(text: str):
    with pytest.raises(ValueError, match="one or more sentences in one line"):
        figures.picture("any", figures.describe(Figure(), text))


def test_a_shown_figure_brings_its_text_with_it(run: Run, tmp_path, monkeypatch):
    import myst_nb

    monkeypatch.chdir(tmp_path)
    glued = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value: glued.update({name: value.data}))
    figures.show("one", figures.describe(figures.figure_6(run), 'A "b" & <c>.'))
    assert glued["one"].startswith(
        '<img src="figures/one.svg" alt="A &quot;b&quot; &amp; &lt;c&gt;."'
    )
    assert Path("figures/one.svg").exists()


def test_the_text_says_what_the_confusions_are(run: Run):
    text = figures.figure_6(run).get_label()
    right = (run.predictions.y_true == run.predictions.y_pred).sum()
    assert f"{right} of {len(run.predictions)} test images lie on the diagonal" in text
    pairs = run.predictions.query("y_true != y_pred")[["y_true", "y_pred"]].value_counts()
    assert f"largest mistakes: {pairs.iloc[0]} of " in text


def test_the_text_of_the_headline_says_which_tests_lie_below_the_paper():
    rows = [("the paper", 0.8, 0.7, 0.9), ("easy", 0.9, 0.85, 0.95), ("hard", 0.5, 0.4, 0.6),
            ("same", 0.75, 0.7, 0.85)]  # fmt: skip
    figure = figures.headline(pd.DataFrame(rows, columns=["label", "accuracy", "low", "high"]))
    text = figure.get_label()
    assert "hard, 50.0% (40.0% to 60.0%)" in text
    assert text.endswith("clearly below: hard; clearly above: easy.")


def test_the_text_of_a_forest_counts_open_intervals(runs: dict[str, Run]):
    table = changes(runs)
    open_ = sum(row.low <= 0 <= row.high for row in table.itertuples())
    text = figures.forest(table, xlabel="Change (points)").get_label()
    assert f"{open_} of {len(table)} intervals contain zero" in text
