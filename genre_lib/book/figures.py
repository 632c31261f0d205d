"""One function per figure and table, named after the paper's numbering, and those around them.

Every figure is drawn in one style: colours that colour-blind readers can tell apart, and never
colour alone; narrow, so that its text can be read on a phone. And every figure carries its
alternative text, which says what is seen, with numbers from its data. Nothing is scored here;
scores come from `genre_lib.evaluation`.
"""

from __future__ import annotations

import html
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import myst_nb
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from IPython.display import Markdown
from matplotlib import rc_params_from_file
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import classification_report
from torch import Tensor, nn

from genre_lib import paper
from genre_lib.augment import (
    IMAGE_SIZE,
    augment,
    cutmix_box,
    cutmix_probability,
    pipeline,
    transforms,
)
from genre_lib.book.tables import Table, csv_bytes
from genre_lib.config import AugmentationSettings as Augmentation
from genre_lib.config import RunSettings, SpectrogramSettings, TrainingSettings, notice
from genre_lib.evaluation import confusions
from genre_lib.model import HybridNet, count_parameters
from genre_lib.runs import Run
from genre_lib.spectrogram import mel_decibels, mel_edges, to_decibels
from genre_lib.splits import SUBSETS, UNUSED, images_of, resize
from genre_lib.store import Store
from genre_lib.training import planned_rates

COLORS = sns.color_palette("colorblind").as_hex()
MARKERS = ("o", "s", "D", "^")
LINES = ("-", "--", "-.", ":")
PERCENT = "{x:.0%}"
WIDTH = 5.5  # inches
PIXELS = 125  # of a wide page for an inch, so that letters are as large as those around; it shrinks
TICKS = (500, 2000, 8000)  # Hz, on mel axes
CURVES = {"train": "training, running", "clean_train": "training, re-scored",
          "validation": "validation"}  # fmt: skip
"""Columns of a history, before ``_accuracy`` or ``_loss``, and what their lines are called."""
PRINTED = {
    "accuracy": {"training": paper.TRAIN_ACCURACY, "validation": paper.VALIDATION_ACCURACY},
    "loss": {"training": paper.TRAIN_LOSS, "validation": paper.VALIDATION_LOSS},
}
SPLITS = {"image": "split by image", "track": "split by track",
          "fault-filtered": "fault-filtered split"}  # fmt: skip
SCORED = {"image": "each test image", "vote": "one vote a track"}
NAMED = {"image-full-budget": 1.03, "image-0-100-epochs": 0.92, "track-0-100-epochs": 0.86,
         "track-full-budget": 0.7, "segments-track-full-budget": 0.65,
         "fault-filtered-full-budget": 0.5}  # fmt: skip
"""Trainings that have their name in the map of readings, each at its height."""
LETTERS = ("Noto Sans CJK JP", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "IPAGothic",
           "NanumGothic", "Noto Emoji", "Symbola")  # fmt: skip
"""Fonts of letters that DejaVu lacks, where there are some; matplotlib draws no emoji in colour."""
RC: Any = {
    **sns.axes_style("ticks"),
    **rc_params_from_file(Path(__file__).with_suffix(".mplstyle"), use_default_template=False),
    "font.family": ["DejaVu Sans", *filter(fontManager.get_font_names().__contains__, LETTERS)],
    "axes.prop_cycle": plt.cycler(color=COLORS),
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the book's style; also decorates the figure functions."""
    with plt.rc_context(RC):
        yield


# Keeping and showing


def save(thing: Figure | pd.DataFrame, name: str) -> None:
    """Write ``figures/<name>.svg`` and ``.png``, or ``tables/<name>.csv``.

    The folders are made in the working directory, which is an edition's folder. Saving the same
    thing again gives the same bytes.
    """
    folder = Path("tables" if isinstance(thing, pd.DataFrame) else "figures")
    folder.mkdir(exist_ok=True)
    if isinstance(thing, pd.DataFrame):
        (folder / f"{name}.csv").write_bytes(csv_bytes(thing))
        return
    with style(), warnings.catch_warnings(record=True) as remarks:
        warnings.filterwarnings("always", "Glyph .* missing from font")
        thing.savefig(folder / f"{name}.svg", metadata={"Date": None})
        thing.savefig(folder / f"{name}.png")
    others = [remark.message for remark in remarks if "Glyph" not in str(remark.message)]
    if len(others) < len(remarks):
        notice(f"{name}: no font here has all letters; install fonts-noto-cjk or fonts-symbola.")
    for other in others:
        warnings.warn(other, stacklevel=2)


def describe(figure: Figure, text: str) -> Figure:
    """Give a figure its alternative text: what is seen, and what it shows."""
    figure.set_label(text)
    return figure


def picture(name: str, figure: Figure, *, folder: str = "figures") -> str:
    """HTML of a saved figure, with its alternative text.

    A `ValueError` is raised if it has none, or one that a page could not hold.
    """
    alt = figure.get_label()
    if not isinstance(alt, str) or not alt.endswith(".") or " #" in alt or "\n" in alt:
        raise ValueError(
            f"Figure {name!r} needs an alternative text for readers who cannot see it: one or more "
            f"sentences in one line, by `figures.describe`. It has {alt!r}."
        )
    width = round(PIXELS * figure.get_figwidth())
    return f'<img src="{folder}/{name}.svg" alt="{html.escape(alt)}" width="{width}">'


def show(name: str, figure: Figure) -> None:
    """Save a figure, show it in the notebook, and glue it for the page's numbered figure.

    What is shown is the saved picture: a notebook needs the folder ``figures`` beside it.
    """
    shown = Markdown(picture(name, figure))
    save(figure, name)
    myst_nb.glue(name, shown)


def tabulate(name: str, table: pd.DataFrame, *, formats: Mapping[str, str] | None = None) -> Table:
    """Save a table, and return it as the page shows it: a `Table` with these formats."""
    save(table, name)
    return Table(name, table, formats or {})


# What figures share


def _canvas(rows: int, columns: int, height: float, **options: Any) -> Any:
    """A figure of the book's width and its axes, shape (rows, columns)."""
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, height), squeeze=False, **options)
    plt.close(figure)  # whoever asked for it shows it, and only once
    return figure, axes


def _legend(figure: Figure) -> None:
    """Below all diagrams, with each label once."""
    pairs = [axes.get_legend_handles_labels() for axes in figure.axes]
    handles = {label: handle for pair in pairs for handle, label in zip(*pair, strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)


def _curves(
    axes: Axes, table: pd.DataFrame, ylabel: str, xlabel: str = "Epoch", **options: Any
) -> None:
    """A line for each column of a table, over its index."""
    for index, (name, values) in enumerate(table.items()):
        every = 1 + len(table) // 20  # of a long curve's points has a marker, if there are any
        axes.plot(values, LINES[index], label=name, markevery=every, **options)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=xlabel == "Epoch"))


def _rows(axes: Axes, labels: Sequence[str], xlabel: str, ylabel: str = "") -> None:
    """A row for each label, the first at the top."""
    axes.set_yticks(range(len(labels)), [textwrap.fill(label, 20) for label in labels])
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(max(1, len(labels)) - 0.5, -0.5))


def _dots(axes: Axes, table: pd.DataFrame, xlabel: str, form: str, **marks: float) -> pd.DataFrame:
    """A row for each label, and in it a dot with the bar of its interval for each of its series.

    `table` has columns label, series (a marker and colour), value, low and high. It comes back
    with the place of each dot (``height``) and the numbers as ``text``. `marks` are named lines.
    """
    labels, group = list(dict.fromkeys(table.label)), table.groupby("label").label
    size = group.transform("size")
    places = (group.cumcount() - (size - 1) / 2) / (1 + size.max())
    texts = [f"{value:{form}} ({low:{form}} to {high:{form}})"
             for value, low, high in table[["value", "low", "high"]].to_numpy()]  # fmt: skip
    table = table.assign(height=table.label.map(labels.index) + places, text=texts)
    for index, (name, rows) in enumerate(table.groupby("series", sort=False)):
        spread = np.abs((rows.value - rows.low, rows.high - rows.value))
        axes.errorbar(rows.value, rows.height, xerr=spread, fmt=MARKERS[index], capsize=3,
                      color=COLORS[index], label=name)  # fmt: skip
    if form.endswith("%"):
        axes.xaxis.set_major_formatter(PERCENT)
    _rows(axes, labels, xlabel)
    for index, (name, place) in enumerate(marks.items(), start=1):
        axes.axvline(place, linestyle=LINES[index], color="black", linewidth=1, label=name)
    return table


def _beside(axes: Axes, heights: Iterable, texts: Iterable[str], **font: Any) -> None:
    """Numbers right of a diagram."""
    for height, text in zip(heights, texts, strict=True):
        axes.text(1.02, height, text, transform=axes.get_yaxis_transform(), va="center", **font)


def _each(table: pd.DataFrame, form: str = "{label}") -> str:
    """All rows of a table in a sentence, each in this form."""
    return "; ".join(form.format_map(row) for _, row in table.iterrows()) or "none"


# Spectrograms


def mel_ticks(manifest: Mapping[str, Any], ticks: Sequence[int]) -> tuple[np.ndarray, list[str]]:
    """Of frequencies in Hz, those whose band is in a picture: heights in bands, and labels."""
    centres = mel_edges(manifest)[1:-1]
    shown = [hertz for hertz in ticks if centres[0] <= hertz <= centres[-1]]
    return np.interp(shown, centres, np.arange(len(centres)) + 0.5), [str(tick) for tick in shown]


def _draw(
    axes: Axes, decibels: np.ndarray, manifest: Mapping[str, Any], title: str, *span: float
) -> AxesImage:
    """Draw a spectrogram over time, from start to stop in seconds, and mel band."""
    axes.set_title(title)
    axes.set_yticks(*mel_ticks(manifest, TICKS))
    extent = (*span, 0, manifest["n_mels"])
    return axes.imshow(decibels, origin="lower", aspect="auto", interpolation="nearest",
                       cmap="magma", vmin=-manifest["top_db"], vmax=0, extent=extent)  # fmt: skip


def _grid(count: int, columns: int, height: float, xlabel: str, **options: Any) -> Any:
    """Diagrams over frequency side by side, labelled at the lower and left edge of their grid."""
    figure, grid = _canvas(-(-count // columns), columns, height, sharey=True, **options)
    used = list(grid.flat[:count])
    for spare in grid.flat[count:]:
        spare.remove()
    for axes in used[-columns:]:
        axes.set_xlabel(xlabel)
        axes.tick_params(labelbottom=True)
    for axes in used[::columns]:
        axes.set_ylabel("Frequency (Hz)")
    return figure, used


@style()
def gallery(
    store: Store, images: Mapping[str, np.ndarray], *, columns: int = 1, slices: bool = False
) -> Figure:
    """Spectrograms by title side by side, with one scale of level for all of them.

    Each is of a whole track; or they are consecutive `slices` of one.
    """
    count, seconds = len(images), store.seconds
    edges = np.linspace(0, seconds, count + 1)
    height = 1.3 + 1.1 * -(-count // columns) if count > 1 else 2.5
    figure, used = _grid(count, min(columns, count), height, "Time (s)", sharex=not slices)
    levels = []
    for index, (axes, (title, gray)) in enumerate(zip(used, images.items(), strict=True)):
        decibels = to_decibels(gray, top_db=store.manifest["top_db"])
        span = edges[index : index + 2] if slices else (0, seconds)
        image = _draw(axes, decibels, store.manifest, title, *span)
        levels.append(f"{title}, {decibels.mean():.0f} dB")
    below = {"location": "bottom", "aspect": 40, "pad": 0.02} if count > 1 else {"pad": 0.01}
    figure.colorbar(image, ax=used, label="Level (dB)", **below)
    return describe(
        figure,
        f"Mel spectrograms of {'slices of ' if slices else ''}{seconds:.0f} seconds: time from "
        "left to right, frequency from bottom to top, bright is loud. With their mean levels: "
        f"{'; '.join(levels)}.",
    )


def _track(store: Store, track_id: str) -> tuple[str, np.ndarray]:
    """Name and genre of a track, and its gray levels."""
    position = store.position(track_id)
    return f"{track_id} ({store.genres[store.labels[position]]})", store.images[position]


def figure_1(store: Store, track_id: str) -> Figure:
    """Figure 1: the mel spectrogram of a whole track."""
    return gallery(store, dict([_track(store, track_id)]))


def always(settings: Augmentation) -> Augmentation:
    """The same augmentations, each applied with certainty."""
    names = ("brightness_contrast", "flip", "noise", "crop")
    return settings.model_copy(update={f"{name}_probability": 1.0 for name in names})


def figure_2(store: Store, track_id: str, settings: Augmentation) -> Figure:
    """Figure 2: the same track as a network input, with every augmentation applied."""
    title, gray = _track(store, track_id)
    image = augment(resize(gray)[None], pipeline(always(settings)), seed=0)[0]
    return gallery(store, {f"{title}, augmented": image})


def augmentations(store: Store, track_id: str, settings: Augmentation) -> Figure:
    """Each augmentation of Section IV-A alone, after the original."""
    images = {"original": resize(_track(store, track_id)[1])}
    for name, transform in transforms(always(settings)).items():
        transform.set_random_seed(0)
        images[name] = transform(image=images["original"])["image"]
    return gallery(store, images, columns=3)


def cutmix_pair(store: Store, track_ids: tuple[str, str]) -> Figure:
    """Two tracks, and the first with a box of the second pasted in (Section IV-C)."""
    images = {title: resize(gray) for title, gray in (_track(store, name) for name in track_ids)}
    first, second = images.values()
    rows, columns = cutmix_box(0.55, (0.4, 0.6))
    mixed = first.copy()
    mixed[rows, columns] = second[rows, columns]
    share = mixed[rows, columns].size / mixed.size
    genres = [store.genres[store.labels[store.position(track_id)]] for track_id in track_ids]
    images[f"{1 - share:.0%} {genres[0]}, {share:.0%} {genres[1]}"] = mixed
    figure = gallery(store, images, columns=3)
    _, seconds, _, bands = figure.axes[2].images[0].get_extent()
    left, right = np.array((columns.start, columns.stop)) / IMAGE_SIZE * seconds
    low, high = np.array((rows.start, rows.stop)) / IMAGE_SIZE * bands
    box = Rectangle((left, low), right - left, high - low, fill=False, ec="white", ls="--")
    figure.axes[2].add_patch(box)
    return describe(figure, f"{figure.get_label()} In the third, a dashed box shows the second.")


def genre_gallery(store: Store) -> Figure:
    """The first track of each genre."""
    tracks = [_track(store, track_id)[1] for track_id in store.firsts]
    return gallery(store, dict(zip(store.genres, tracks, strict=True)), columns=2)


def track_images(store: Store, track_id: str, settings: RunSettings) -> Figure:
    """All images that a view makes of one track."""
    images, slices = (
        images_of(store, settings, store.position(track_id)),
        settings.view == "segments",
    )
    names = [f"segment {number + 1}" if slices else f"copy {number}" if number else "original"
             for number in range(len(images))]  # fmt: skip
    return gallery(store, dict(zip(names, images, strict=True)), columns=4, slices=slices)


@style()
def audio_to_decibels(audio: np.ndarray, settings: SpectrogramSettings) -> Figure:
    """One piece of audio, shape (samples,): as a wave, as mel power, and in dB."""
    decibels, manifest = mel_decibels(audio, settings), settings.model_dump()
    seconds = len(audio) / settings.sample_rate
    figure, ((wave,), (power,), (level,)) = _canvas(3, 1, 5.2, sharex=True)
    wave.plot(np.arange(len(audio)) / settings.sample_rate, audio, linewidth=0.3, rasterized=True)
    wave.set(title="1. the wave", ylabel="Amplitude")
    shares = _draw(power, 10 ** (decibels / 10), manifest, "2. power in mel bands", 0, seconds)
    shares.set_clim(0, 1)
    figure.colorbar(shares, ax=power, label="Share of maximum")
    image = _draw(level, decibels, manifest, "3. the same in decibels", 0, seconds)
    figure.colorbar(image, ax=level, label="Level (dB)")
    power.set_ylabel("Frequency (Hz)")
    level.set(xlabel="Time (s)", ylabel="Frequency (Hz)")
    return describe(
        figure,
        f"Three diagrams over the same {seconds:.0f} seconds: a wave; power in mel bands, nearly "
        f"all black, for {(decibels < -20).mean():.0%} of the points have less than a hundredth of "
        "the greatest power; and the same in decibels, full of structure.",
    )


@style()
def genre_spectra(store: Store) -> Figure:
    """Mean level of each mel band per genre, beside that of all tracks."""
    levels = pd.DataFrame([store.decibels(i).mean(1) for i in range(len(store.track_ids))])
    genres, overall = levels.groupby(np.array(store.genres)[store.labels]), levels.mean()
    distances = (genres.mean() - overall).abs().mean(axis=1)
    bands = np.arange(levels.shape[1]) + 0.5
    figure, used = _grid(len(store.genres), 5, 3.8, "Level (dB)", sharex=True)
    for axes, (genre, tracks) in zip(used, genres, strict=True):
        mean, spread = tracks.mean(), tracks.std(ddof=0)
        axes.fill_betweenx(bands, mean - spread, mean + spread, alpha=0.3, linewidth=0)
        axes.plot(mean, bands, label="this genre (mean, standard deviation)")
        axes.plot(overall, bands, LINES[1], color="black", linewidth=1, label="all tracks")
        axes.set_title(genre)
        axes.xaxis.set_major_locator(MaxNLocator(2))
        axes.set_yticks(*mel_ticks(store.manifest, TICKS))
    _legend(figure)
    return describe(
        figure,
        "For each genre, mean level over frequency with the spread of its tracks, and a dashed "
        "curve for all tracks. Levels fall towards high frequencies. On average furthest from all "
        f"is {distances.idxmax()} ({distances.max():.1f} dB), closest {distances.idxmin()} "
        f"({distances.min():.1f} dB).",
    )


# Splits


@style()
def split_diagram(tables: Mapping[str, pd.DataFrame], track_ids: Sequence[str]) -> Figure:
    """The subset of each image of some tracks, in each split: the table of its `Dataset`."""
    height = 0.5 + len(tables) * (0.4 + 0.21 * len(track_ids))
    figure, grid = _canvas(len(tables), 1, height, sharex=True)
    letters = np.array(["", "V", "T", "\N{MULTIPLICATION SIGN}"])
    shades = ["#e6e6e6", COLORS[9], COLORS[1], "white"]
    codes = {subset: code for code, subset in enumerate((*SUBSETS, UNUSED))}
    spread = []
    for axes, (protocol, table) in zip(grid.flat, tables.items(), strict=True):
        cells = table.assign(code=table.subset.map(codes), image=table.image + 1)
        cells = cells.pivot(index="track_id", columns="image", values="code").loc[list(track_ids)]
        sns.heatmap(cells, annot=letters[cells], fmt="", cmap=ListedColormap(shades),
                    vmin=0, vmax=3, cbar=False, linewidths=1.5,
                    annot_kws={"weight": "bold", "size": 9, "color": "black"}, ax=axes)  # fmt: skip
        axes.set(title=SPLITS[protocol], xlabel="", ylabel="Track")
        axes.tick_params(length=0, rotation=0)
        several = int((cells.nunique(axis=1) > 1).sum())
        spread.append(f"{SPLITS[protocol]}, {several or 'none'} of {len(track_ids)}")
    grid[-1, 0].set_xlabel("Image of the track (number)")
    used = set(pd.concat(tables.values()).subset)
    keys = [Patch(fc=shades[code], ec="#b0b0b0", label=f"{letters[code]} {subset}".strip())
            for subset, code in codes.items() if subset in used]  # fmt: skip
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return describe(
        figure,
        "A grid for each split. Each row is a track, each square one of its images, lettered by "
        f"its subset. Tracks with images in several subsets: {'; '.join(spread)}.",
    )


# Training


@style()
def schedules(settings: TrainingSettings, augmentation: Augmentation) -> Figure:
    """The learning-rate schedules that the paper may mean, and CutMix's probability."""
    share, epochs = np.arange(1000) / 1000, np.arange(settings.epochs)
    names = {"onecycle": "OneCycleLR", "linear-warmup-cosine": "linear warm-up, cosine"}
    rates = {label: planned_rates(settings.model_copy(update={"schedule": name}), total_steps=1000)
             for name, label in names.items()}  # fmt: skip
    peaks = [f"{label}, after {share[values.argmax()]:.0%}" for label, values in rates.items()]
    rates["Equation 2 as printed"] = settings.learning_rate * (1 + np.cos(np.pi * share)) / 2
    chances = [cutmix_probability(int(epoch), len(epochs), augmentation) for epoch in epochs]
    figure, ((rate, mixing),) = _canvas(1, 2, 2.8)
    _curves(rate, pd.DataFrame(rates, index=share), "Learning rate", "Share of all steps")
    _legend(figure)
    chance = pd.DataFrame({"probability": chances}, index=epochs + 1)
    _curves(mixing, chance, "Probability of CutMix", marker=MARKERS[0])
    mixing.set_ylim(-0.02, 1.02)
    return describe(
        figure,
        "Left, three curves of the learning rate over the steps: two rise to their peak "
        f"({'; '.join(peaks)} of all steps) and fall to nearly zero; the third, Equation 2 as "
        "printed, falls from the start. Right, the probability of CutMix falls in a straight line "
        f"from {chances[0]:.2f} to {chances[-1]:.2f} in {len(epochs)} epochs.",
    )


@style()
def figure_3(run: Run) -> Figure:
    """Figure 3: the learning rate at every step and at the end of every epoch."""
    training, history = run.settings.training, run.history
    steps = -(-run.metrics["images"]["train"] // training.batch_size)
    rates = planned_rates(training, total_steps=steps * training.epochs)
    figure, ((axes,),) = _canvas(1, 1, 2.6)
    plan = pd.DataFrame({"plan": rates}, index=(np.arange(len(rates)) + 1) / steps)
    _curves(axes, plan, "Learning rate", color=COLORS[7])
    axes.plot(history.epoch, history.learning_rate, MARKERS[0], label="at an epoch's end")
    axes.legend()
    highest = history.iloc[history.learning_rate.argmax()]
    return describe(
        figure,
        "The learning rate over the epochs: a curve for the plan, and a dot at the end of each of "
        f"{len(history)} epochs. The highest, {highest.learning_rate:.4f}, is in epoch "
        f"{highest.epoch:.0f}; the last is {history.learning_rate.iloc[-1]:.1e}.",
    )


@style()
def _history(run: Run, *keys: str) -> Figure:
    """Columns of a run's history (keys of `CURVES`), accuracy beside loss, with the paper's values.

    On curves of validation, a star marks the model that was kept.
    """
    figure, (pair,) = _canvas(1, 2, 2.8)
    ends, history = [], run.history.set_index("epoch")
    for axes, (what, printed) in zip(pair, PRINTED.items(), strict=True):
        table = history[[f"{key}_{what}" for key in keys]]
        table.columns = pd.Index([CURVES[key] for key in keys])
        _curves(axes, table, what.capitalize(), marker=MARKERS[0])
        value = printed["validation" if "validation" in keys else "training"]
        axes.axhline(value, linestyle=LINES[3], color="black", linewidth=1, label="the paper")
        if "validation" in keys:
            kept = run.history.iloc[int(run.history.validation_accuracy.argmax())]
            axes.plot(kept.epoch, kept[f"validation_{what}"], "*", color=COLORS[3], markersize=11,
                      label=f"kept model, epoch {kept.epoch:.0f}")  # fmt: skip
        if what == "accuracy":
            axes.set_ylim(0, 1)
            axes.yaxis.set_major_formatter(PERCENT)
        last = {**table.iloc[-1], "the paper": value}
        ends += [f"{what} ({name}), {end:.4g}" for name, end in last.items()]
    _legend(figure)
    return describe(
        figure,
        f"Accuracy on the left and loss on the right over {len(history)} epochs. At the end: "
        f"{'; '.join(ends)}. A dotted line marks the paper's value.",
    )


def figure_4(run: Run) -> Figure:
    """Figure 4: training accuracy and loss, as the loop sees them and re-scored cleanly."""
    return _history(run, "train", "clean_train")


def figure_5(run: Run) -> Figure:
    """Figure 5: validation accuracy and loss; a star marks the model that was kept."""
    return _history(run, "validation")


# Results


@style()
def bars(counts: Mapping[str, int], *, ylabel: str, xlabel: str) -> Figure:
    """A bar with its number for each name: claims by verdict, parameters by layer."""
    figure, ((axes,),) = _canvas(1, 1, 0.8 + 0.35 * len(counts))
    shown = [f"{count:,}" for count in counts.values()]
    axes.bar_label(axes.barh(range(len(counts)), list(counts.values())), labels=shown, padding=3)
    _rows(axes, list(counts), xlabel, ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.18)
    lengths = "; ".join(f"{name}, {count}" for name, count in zip(counts, shown, strict=True))
    return describe(figure, f"{xlabel} as a bar for each {ylabel.lower()}: {lengths}.")


@style()
def figure_6(run: Run) -> Figure:
    """Figure 6: the confusion matrix, in test images."""
    figure, ((axes,),) = _canvas(1, 1, 4.6)
    counts = confusions(run.predictions, run.genres)
    sns.heatmap(counts, annot=True, fmt="d", cmap="cividis", square=True, linewidths=0.5, ax=axes,
                cbar_kws={"label": "Test images"})  # fmt: skip
    axes.set(xlabel="Predicted genre", ylabel="True genre")
    mistakes = run.predictions.query("y_true != y_pred").value_counts(["y_true", "y_pred"])
    shown = _each(mistakes[:3].reset_index(), "{count} of {y_true} for {y_pred}")
    return describe(
        figure,
        f"Confusion matrix of {len(counts)} genres: rows are true, columns are predicted. "
        f"{np.trace(counts)} of {counts.to_numpy().sum()} test images lie on the diagonal, so they "
        f"are right. The most frequent mistakes: {shown}.",
    )


def table_1(model: HybridNet) -> pd.DataFrame:
    """Table I: each layer's output shape, measured in the live model, beside the printed one."""
    rows = []

    def record(layer: nn.Module, _: object, output: Tensor | tuple[Tensor, ...]) -> None:
        match layer:
            case nn.Sequential():
                name = f"Conv[2D, 3×3] @ {layer[0].out_channels} - BN - ReLU - MP[2×2]"
            case nn.LSTM():
                name = f"LSTM @ {2 * layer.hidden_size} (Bidirectional)"
            case nn.Linear():
                name = f"Linear @ {layer.out_features}"
            case nn.Dropout():
                name = f"Dropout[{layer.p}]"
            case _:
                name = type(layer).__name__  # MultiheadAttention, LayerNorm
        shape = output.shape if isinstance(output, Tensor) else output[0].shape
        rows.append((name, tuple(shape), count_parameters(layer)))

    model = deepcopy(model).eval()
    for layer in model.children():
        layer.register_forward_hook(record)
    with torch.no_grad():
        model(torch.zeros(paper.BATCH_SIZE, 1, IMAGE_SIZE, IMAGE_SIZE))
    table = pd.DataFrame(rows, columns=["layer", "output", "parameters"])
    printed = pd.DataFrame(paper.TABLE_1)
    table.insert(2, "paper", printed.output)
    table.insert(3, "agrees", (table.layer == printed.layer) & (table.output == printed.output))
    return table.astype({"output": str, "paper": str})


def table_2(run: Run) -> pd.DataFrame:
    """Table II: precision, recall, F1 and support per genre and in all, beside the printed ones."""
    answers = run.predictions
    rows = classification_report(answers.y_true, answers.y_pred, output_dict=True, zero_division=0)
    rows["accuracy"] = {"f1-score": rows["accuracy"], "support": len(answers)}
    table = pd.DataFrame(rows).T.rename(columns={"f1-score": "f1"}).astype({"support": int})
    printed = pd.DataFrame((*paper.TABLE_2, *paper.TABLE_2_AGGREGATES)).set_index("genre")
    printed = printed.astype({"support": "Int64"}).add_prefix("paper_")
    return table.join(printed).rename_axis("class").reset_index()


@style()
def comparison(
    table: pd.DataFrame, *, xlabel: str = "Test accuracy (95 % interval)", **marks: float
) -> Figure:
    """Accuracies with their 95 % intervals, and a line at each of `marks`, such as guessing.

    `table` has columns label (a row), series (a colour and marker), accuracy, low and high.
    """
    figure, ((axes,),) = _canvas(1, 1, 1.0 + 0.4 * table.label.nunique())
    rows = _dots(axes, table.rename(columns={"accuracy": "value"}), xlabel, ".1%", **marks)
    _legend(figure)
    lines = "; ".join(f"{name}, {place:.1%}" for name, place in marks.items())
    shown = _each(rows, "{label}, {series}, {text}")
    return describe(figure, f"{xlabel} as dots with bars: {shown}. Vertical lines: {lines}.")


@style()
def headline(table: pd.DataFrame) -> Figure:
    """The paper's accuracy, and what becomes of it under ever stricter tests.

    `table` has a row for each dot, the paper's first: columns label, accuracy, low, high.
    """
    printed = table.accuracy[0]
    series = ["printed", *["computed"] * (len(table) - 1)]
    figure = comparison(table.assign(series=series), **{"the paper": printed})
    (axes,) = figure.axes
    _beside(axes, table.index, [f"{share:.1%}" for share in table.accuracy], size=11, weight="bold")
    axes.tick_params(axis="y", labelsize=11)
    below, above = _each(table[table.high < printed]), _each(table[table.low > printed])
    return describe(figure, f"{figure.get_label()} Clearly below it: {below}; above it: {above}.")


@style()
def protocol_accuracies(table: pd.DataFrame, *, chance: float) -> Figure:
    """Accuracy of each run (`book.comparisons.accuracies`) by view and split, and the paper's."""
    table = table.rename(columns={"accuracy": "value", "method": "series"})
    table = table.assign(label=table["view"] + ", " + table.protocol.map(SPLITS),
                         split=pd.Categorical(table.protocol, list(SPLITS)))  # fmt: skip
    order = {"view": True, "split": True, "series": False, "seed": True}  # whether ascending
    table = table.sort_values(list(order), ascending=list(order.values()))
    figure, (pair,) = _canvas(1, 2, 1.6 + 0.65 * table.label.nunique(), sharex=True, sharey=True)
    xlabel = "Test accuracy\n(95 % interval)"
    start, guessing = (0.4, "_outside") if table.low.min() > 0.4 else (0, "guessing")
    marks = {f"paper, {paper.ACCURACY:.2%}": paper.ACCURACY, guessing: chance}
    for axes, (scored, title) in zip(pair, SCORED.items(), strict=True):
        rows = _dots(axes, table[table.scored == scored], xlabel, ".1%", **marks)
        axes.set(title=title, xlim=(start, 1.02), xticks=(0.5, 0.75, 1))
    _legend(figure)
    spans = rows.groupby(["label", "series"], sort=False).value.agg(["min", "max"]).reset_index()
    shown = _each(spans, "{label}, {series}, {min:.1%} to {max:.1%}")
    return describe(figure, "Test accuracies as dots with bars, one for each run, over single "
                            f"images and over votes. Of votes are right: {shown}. A dashed line "
                            f"marks the paper's {paper.ACCURACY:.2%}.")  # fmt: skip


@style()
def forest(table: pd.DataFrame, *, xlabel: str, band: float | None = None) -> Figure:
    """Differences of accuracy in points, with 95 % intervals; hollow if it contains zero.

    `table` has columns label (a row of the figure), scored (``image`` or ``vote``), difference,
    low and high; `band` is what chance does, to both sides of zero.
    """
    points = table.assign(**100 * table[["difference", "low", "high"]])
    points = points.assign(value=points.difference, series=points.scored.map(SCORED))
    figure, ((axes,),) = _canvas(1, 1, 1.1 + 0.42 * max(points.label.nunique(), 0.8 * len(points)))
    points = _dots(axes, points, xlabel, "+z.1f")  # and no minus before zero
    _beside(axes, points.height, points.text, size=10)
    zero = points[(points.low <= 0) & (points.high >= 0)]
    axes.plot(zero.value, zero.height, ".", color="white", zorder=3)
    if len(zero):
        axes.plot([], [], MARKERS[0], color="gray", mfc="white", label="interval contains zero")
    axes.axvline(0, color="black", linewidth=1)
    if band is not None:
        axes.axvspan(-100 * band, 100 * band, color="0.9", zorder=0, label="chance in training")
    if points.series.nunique() == 1:
        axes.containers[0].set_label("_alone")
    _legend(figure)
    return describe(figure, f"{xlabel} as dots with bars: "
                            f"{_each(points, '{label}, {series}, {text}')}. {len(zero)} of "
                            f"{len(points)} intervals contain zero: hollow marks.")  # fmt: skip


@style()
def dose_response(table: pd.DataFrame) -> Figure:
    """Accuracy by how many images of each test track were in training, a line for each budget.

    `table` is what `book.comparisons.doses` gives.
    """
    figure, ((axes,),) = _canvas(1, 1, 3.1)
    for index, (epochs, rows) in enumerate(table.groupby("epochs")):
        spread = np.abs((rows.accuracy - rows.low, rows.high - rows.accuracy))
        axes.errorbar(rows.known, rows.accuracy, yerr=spread, fmt=MARKERS[index] + LINES[index],
                      capsize=3, label=f"{epochs} epochs")  # fmt: skip
    axes.set(xlabel="Images of the same track in training (number)", xticks=table.known.unique(),
             ylabel="Test accuracy\n(95 % interval)")  # fmt: skip
    axes.yaxis.set_major_locator(MaxNLocator(steps=(1, 5, 10)))
    axes.yaxis.set_major_formatter(PERCENT)
    if table.epochs.nunique() > 1:
        _legend(figure)
    shown = _each(table, "after {epochs} epochs with {known}, {accuracy:.1%}")
    return describe(figure, f"Test accuracy by images of the same track in training: {shown}.")


@style()
def mixtures(table: pd.DataFrame) -> Figure:
    """Accuracy by the share of known test tracks: measured at the ends, mixed between them.

    `table` has columns label (a line of the figure), share, accuracy, low and high.
    """
    figure, ((axes,),) = _canvas(1, 1, 4.2)
    for index, (label, rows) in enumerate(table.groupby("label", sort=False)):
        color, ends = COLORS[index], rows.iloc[[0, -1]]
        spread = np.abs((ends.accuracy - ends.low, ends.high - ends.accuracy))
        axes.plot(rows.share, rows.accuracy, LINES[index % 4], color=color, gid=label)
        axes.errorbar(ends.share + 0.012 * (index - 1), ends.accuracy, yerr=spread, capsize=3,
                      fmt=MARKERS[index % 4], color=color, label=label)  # fmt: skip
    axes.axhline(paper.ACCURACY, color="black", lw=0.8, linestyle=LINES[3], label="the paper")
    axes.set(xlabel="Test tracks that are known from training (share)",
             ylabel="Test accuracy (95 % interval)")  # fmt: skip
    axes.xaxis.set_major_formatter(PERCENT)
    axes.yaxis.set_major_formatter(PERCENT)
    _legend(figure)
    ends = table.groupby("label", sort=False).accuracy.agg(["first", "last"]).reset_index()
    shown = _each(ends, "{label}, {first:.1%} to {last:.1%}")
    return describe(figure, f"Test accuracy from no known test track to all known: {shown}. The "
                            f"paper's {paper.ACCURACY:.2%} is a dotted line.")  # fmt: skip


@style()
def map_of_readings(runs: Mapping[str, Run], nearest: pd.DataFrame) -> Figure:
    """Trainings as paths in the plane of training and validation accuracy, and the paper's point.

    `nearest` is what `book.comparisons.readings` gives. One diagram has the short trainings of the
    recipe, the other all longer ones, the most telling with their names.
    """
    short = nearest.epochs.min()
    panels = {f"{short} epochs": nearest[nearest.recipe & (nearest.epochs == short)],
              "longer trainings": nearest[nearest.epochs > short]}  # fmt: skip
    panels = {title: rows for title, rows in panels.items() if len(rows)}
    figure, grid = _canvas(len(panels), 1, 3.9 * len(panels) + 0.4)
    point = paper.TRAIN_ACCURACY, paper.VALIDATION_ACCURACY
    for (title, rows), (axes,) in zip(panels.items(), grid, strict=True):
        for row in rows.itertuples():
            history, series = runs[row.run].history, list(SPLITS).index(row.protocol)
            path = history[["train_accuracy", "validation_accuracy"]].to_numpy()
            axes.plot(*path.T, LINES[series], color=COLORS[series], lw=1, alpha=0.8, gid=row.run)
            axes.plot(*path[-1], MARKERS[series], mec="black", markersize=7, color=COLORS[series],
                      label=SPLITS[row.protocol], zorder=4)  # fmt: skip
            if row.run in NAMED:
                axes.annotate(row.run, path[-1], (1.015, NAMED[row.run]), ha="right", va="center",
                              size=10, arrowprops={"arrowstyle": "-", "lw": 0.7, "color": "black",
                              "relpos": ((path[-1, 0] > 0.85) / 2, 0.5)})  # fmt: skip
        axes.plot(*point, "P", color="black", markersize=11, linestyle="none", label="the paper")
        axes.axvline(point[0], color="black", linewidth=0.8, linestyle=LINES[3])
        axes.axline((0, 0), slope=1, color="gray", linewidth=0.8)
        axes.set(xlim=(0.45, 1.02), ylim=(0.45, 1.05), xlabel="Training accuracy, running",
                 ylabel="Validation accuracy", title=title)  # fmt: skip
        axes.xaxis.set_major_formatter(PERCENT)
        axes.yaxis.set_major_formatter(PERCENT)
    grid[0, 0].annotate("training = validation", (0.8, 0.79), rotation=45, color="0.4", size=10,
                        rotation_mode="anchor", va="top", transform_rotates_text=True)  # fmt: skip
    _legend(figure)
    shown = _each(pd.concat(panels.values()), "{run}, {validation_accuracy:.1%}")
    return describe(figure, "Trainings as lines in the plane of running training accuracy and "
                            f"validation accuracy. The paper's point lies at {point[0]:.2%} and "
                            f"{point[1]:.2%}. Where training accuracy is nearest to the paper's, "
                            f"validation accuracy is: {shown}.")  # fmt: skip
