"""One function per figure and table, named after the paper's numbering, and those around them.

Every figure is drawn in one style: colours that colour-blind readers can tell apart, and never
colour alone; narrow, so that its text can be read on a phone. And every figure carries its
alternative text, which says what is seen and what it shows, with numbers from its data. Nothing is
scored here; scores come from `genre_lib.evaluation`.
"""

from __future__ import annotations

import dataclasses
import html
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

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
from genre_lib.config import RunSettings, SpectrogramSettings, TrainingSettings
from genre_lib.evaluation import confusions, genre_scores, scores
from genre_lib.runs import Run
from genre_lib.spectrogram import mel_centres, mel_decibels, to_decibels
from genre_lib.splits import SUBSETS, UNUSED, images_of, resize
from genre_lib.store import Store

if TYPE_CHECKING:
    from genre_lib.model import HybridNet

COLORS = sns.color_palette("colorblind").as_hex()
MARKERS = ("o", "s", "D", "^")
LINES = ("-", "--", "-.", ":")
WIDTH = 5.5  # inches
PIXELS = 125  # of a wide page for an inch, so that letters are as large as those around; it shrinks
TICKS = (500, 2000, 8000)  # Hz, on mel axes
INTERVAL = ["accuracy", "low", "high"]
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
RC: Any = {
    **sns.axes_style("ticks"),
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so the same everywhere
    "font.size": 9,
    "legend.frameon": False,
    "lines.markersize": 4,
    "savefig.dpi": 150,
    "svg.hashsalt": "genre_lib",
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
    with style():
        thing.savefig(folder / f"{name}.svg", metadata={"Date": None})
        thing.savefig(folder / f"{name}.png")


def describe(figure: Figure, text: str) -> Figure:
    """Give a figure its alternative text: what is seen, and what it shows."""
    figure.set_label(text)
    return figure


def picture(name: str, figure: Figure, *, folder: str = "figures") -> str:
    """HTML of a saved figure, with its alternative text.

    Raises
    ------
    ValueError
        If the figure has no alternative text, or one that a page could not hold.
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
    import myst_nb
    from IPython.display import Markdown

    shown = Markdown(picture(name, figure))
    save(figure, name)
    myst_nb.glue(name, shown)


def tabulate(name: str, table: pd.DataFrame, *, formats: Mapping[str, str] | None = None) -> Table:
    """Save a table, and return it as the page shows it: sortable, with a link to its CSV file.

    Parameters
    ----------
    formats
        Format of a column's cells, such as ``{"accuracy": "{:.1%}"}``; other numbers have four
        decimals.
    """
    save(table, name)
    return Table(name, table, formats or {})


# What figures share


def _canvas(rows: int, columns: int, height: float, **options: Any) -> Any:
    """A figure of the book's width and its axes, shape (rows, columns)."""
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, height), squeeze=False, **options)
    plt.close(figure)  # whoever asked for it shows it, and only once
    return figure, axes


def _percent(*scales: Axis) -> None:
    for scale in scales:
        scale.set_major_formatter(PercentFormatter(1, decimals=0))


def _epochs(axes: Axes) -> None:
    """Count whole epochs on the horizontal axis."""
    axes.set_xlabel("Epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _rows(axes: Axes, labels: Sequence[str], ylabel: str, xlabel: str) -> None:
    """A row for each label, the first at the top."""
    axes.set_yticks(range(len(labels)), [textwrap.fill(label, 20) for label in labels])
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(max(1, len(labels)) - 0.5, -0.5))


def _dots(axes: Axes, heights: Any, rows: pd.DataFrame, series: int, **options: Any) -> None:
    """Values with bars for their intervals, in the marker and colour of a series.

    The columns of `rows` are value, lower end and upper end.
    """
    values, low, high = rows.to_numpy().T
    look = {"fmt": MARKERS[series], "color": COLORS[series], "capsize": 3, **options}
    axes.errorbar(values, heights, xerr=np.abs((values - low, high - values)), **look)


def _line_of_the_paper(axes: Axes, label: str) -> None:
    axes.axvline(paper.ACCURACY, linestyle=LINES[1], color="black", linewidth=1, label=label)


def _each(table: pd.DataFrame, form: str = "{label}") -> str:
    """All rows of a table in a sentence, each in this form."""
    return "; ".join(form.format_map(row) for _, row in table.iterrows()) or "none"


def _listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


# Spectrograms


class Panel(NamedTuple):
    """One spectrogram of a gallery: gray levels, shape (rows, columns), from start to stop (s)."""

    title: str
    gray: np.ndarray
    start: float
    stop: float


def mel_ticks(
    manifest: Mapping[str, Any], ticks: Sequence[int] = TICKS
) -> tuple[list[int], np.ndarray]:
    """Those of the frequencies in Hz whose band is in a picture, and their heights in bands."""
    centres = mel_centres(manifest)
    shown = [hertz for hertz in ticks if centres[0] <= hertz <= centres[-1]]
    return shown, np.interp(shown, centres, np.arange(len(centres)) + 0.5)


def _mel_axis(axes: Axes, manifest: Mapping[str, Any]) -> None:
    """Label a vertical axis that counts mel bands in Hz."""
    shown, positions = mel_ticks(manifest)
    axes.set_yticks(positions, [str(hertz) for hertz in shown])


def _draw(axes: Axes, decibels: np.ndarray, manifest: Mapping[str, Any], panel: Panel) -> AxesImage:
    """Draw a spectrogram over time and mel band."""
    axes.set_title(panel.title)
    _mel_axis(axes, manifest)
    return axes.imshow(
        decibels,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        vmin=-manifest["top_db"],
        vmax=0,
        extent=(panel.start, panel.stop, 0, manifest["n_mels"]),
    )


def _grid(
    count: int, columns: int, heights: tuple[float, float], *, xlabel: str, sharex: bool = True
) -> tuple[Figure, list[Axes]]:
    """Diagrams over frequency side by side, labelled at the lower and left edge of their grid."""
    rows, columns = -(-count // columns), min(columns, count)
    height = heights[0] + heights[1] * rows
    figure, grid = _canvas(rows, columns, height, sharex=sharex, sharey=True)
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
def gallery(store: Store, panels: Sequence[Panel], *, columns: int, alt: str) -> Figure:
    """Spectrograms side by side, with one scale of level for all of them.

    The alternative text is completed by the mean level of each.
    """
    shared = len({(panel.start, panel.stop) for panel in panels}) == 1
    heights = (1.3, 1.1) if len(panels) > 1 else (0.0, 2.5)
    figure, used = _grid(len(panels), columns, heights, xlabel="Time (s)", sharex=shared)
    levels = []
    for axes, panel in zip(used, panels, strict=True):
        decibels = to_decibels(panel.gray, top_db=store.manifest["top_db"])
        image = _draw(axes, decibels, store.manifest, panel)
        levels.append(f"{panel.title}, {decibels.mean():.0f} dB")
        if not shared:
            axes.set_xticks([panel.start, panel.stop], [f"{panel.start:.3g}", f"{panel.stop:.3g}"])
    below = {"location": "bottom", "aspect": 40, "pad": 0.02} if len(panels) > 1 else {"pad": 0.01}
    figure.colorbar(image, ax=used, label="Level (dB)", **below)
    return describe(figure, f"{alt} Mean level: {'; '.join(levels)}.")


def track_panel(store: Store, track_id: str) -> Panel:
    """The spectrogram of a track, titled with its name and genre."""
    position = store.position(track_id)
    gray = store.images[position]
    title = f"{track_id} ({store.genres[store.labels[position]]})"
    return Panel(title, gray, 0.0, gray.shape[1] * store.frame_period)


def figure_1(store: Store, track_id: str) -> Figure:
    """Figure 1: the mel spectrogram of a whole track."""
    panel = track_panel(store, track_id)
    alt = (
        f"Mel spectrogram of a whole track: {panel.stop:.0f} seconds from left to right, frequency "
        "from bottom to top, bright is loud."
    )
    return gallery(store, [panel], columns=1, alt=alt)


def always(settings: Augmentation) -> Augmentation:
    """The same augmentations, each applied with certainty."""
    names = ("brightness_contrast", "flip", "noise", "crop")
    return settings.model_copy(update={f"{name}_probability": 1.0 for name in names})


def figure_2(store: Store, track_id: str, settings: Augmentation) -> Figure:
    """Figure 2: the same track as a network input, with every augmentation applied."""
    whole = track_panel(store, track_id)
    image = augment(resize(whole.gray)[None], pipeline(always(settings)), seed=0)[0]
    alt = (
        f"Mel spectrogram of {whole.title} with every augmentation at once, as {len(image)} x "
        f"{len(image)} points: coarser than the original, cropped, mirrored and noisy."
    )
    panel = whole._replace(title=f"{whole.title}, augmented", gray=image)
    return gallery(store, [panel], columns=1, alt=alt)


def augmentations(store: Store, track_id: str, settings: Augmentation) -> Figure:
    """Each augmentation of Section IV-A alone, after the original."""
    whole = track_panel(store, track_id)
    images = {"original": resize(whole.gray)}
    for name, transform in transforms(always(settings)).items():
        transform.set_random_seed(0)
        images[name] = transform(image=images["original"])["image"]
    panels = [whole._replace(title=name, gray=image) for name, image in images.items()]
    alt = (
        f"{len(panels)} spectrograms of {track_id}: the original, and altered ones, brighter or "
        "darker, in which its structure can still be seen."
    )
    return gallery(store, panels, columns=3, alt=alt)


def cutmix_pair(store: Store, track_ids: tuple[str, str]) -> Figure:
    """Two tracks, and the first with a box of the second pasted in (Section IV-C)."""
    wholes = [track_panel(store, track_id) for track_id in track_ids]
    first, second = (whole._replace(gray=resize(whole.gray)) for whole in wholes)
    rows, columns = cutmix_box(0.55, (0.4, 0.6))
    mixed = first.gray.copy()
    mixed[rows, columns] = second.gray[rows, columns]
    share = mixed[rows, columns].size / mixed.size
    genres = [store.genres[store.labels[store.position(track_id)]] for track_id in track_ids]
    title = f"{1 - share:.0%} {genres[0]}, {share:.0%} {genres[1]}"
    left, right = np.array((columns.start, columns.stop)) / IMAGE_SIZE * first.stop
    low, high = np.array((rows.start, rows.stop)) / IMAGE_SIZE * store.manifest["n_mels"]
    alt = (
        f"Three spectrograms: {first.title}, {second.title}, and the first with a dashed box from "
        f"second {left:.0f} to {right:.0f}, in which the second shows. The box covers {share:.0%} "
        f"of the picture, so the label is {title}."
    )
    panels = [first, second, first._replace(title=title, gray=mixed)]
    figure = gallery(store, panels, columns=3, alt=alt)
    box = Rectangle((left, low), right - left, high - low, fill=False, ec="white", ls="--")
    figure.axes[2].add_patch(box)
    return figure


def genre_gallery(store: Store) -> Figure:
    """The first track of each genre."""
    panels = [track_panel(store, name)._replace(title=genre)
              for name, genre in zip(store.firsts, store.genres, strict=True)]  # fmt: skip
    alt = (
        f"Mel spectrograms of {len(panels)} tracks, one for each genre. Long tones are horizontal "
        "lines, beats are vertical ones."
    )
    return gallery(store, panels, columns=2, alt=alt)


def track_images(store: Store, track_id: str, settings: RunSettings) -> Figure:
    """All images that a view makes of one track."""
    images, seconds = images_of(store, settings, track_id), track_panel(store, track_id).stop
    count = len(images)
    if settings.view == "copies":
        shown = f"The first is the original, the others are altered copies of all {seconds:.0f}"
        names = ["original", *(f"copy {number}" for number in range(1, count))]
        edges = [(0.0, seconds)] * count
    else:
        shown = f"Each is another slice of {seconds / count:.1f}"
        names = [f"segment {number}" for number in range(1, count + 1)]
        edges = [(seconds * i / count, seconds * (i + 1) / count) for i in range(count)]
    panels = [Panel(name, image, *ends)
              for name, image, ends in zip(names, images, edges, strict=True)]  # fmt: skip
    alt = f"{count} small spectrograms of {track_id}. {shown} seconds."
    return gallery(store, panels, columns=min(4, count), alt=alt)


@style()
def audio_to_decibels(audio: np.ndarray, settings: SpectrogramSettings) -> Figure:
    """One piece of audio, shape (samples,): as a wave, as mel power, and in dB."""
    decibels, manifest = mel_decibels(audio, settings), settings.model_dump()
    seconds = len(audio) / settings.sample_rate
    figure, grid = _canvas(3, 1, 5.2, sharex=True)
    wave, power, level = grid[:, 0]
    wave.plot(np.arange(len(audio)) / settings.sample_rate, audio, linewidth=0.3, rasterized=True)
    wave.set(title="1. the wave", ylabel="Amplitude")
    panel = Panel("2. power in mel bands", decibels, 0.0, seconds)
    shares = _draw(power, 10 ** (decibels / 10), manifest, panel)
    shares.set_clim(0, 1)
    figure.colorbar(shares, ax=power, label="Share of maximum")
    image = _draw(level, decibels, manifest, panel._replace(title="3. the same in decibels"))
    figure.colorbar(image, ax=level, label="Level (dB)")
    power.set_ylabel("Frequency (Hz)")
    level.set(xlabel="Time (s)", ylabel="Frequency (Hz)")
    faint, black = (decibels < -20).mean(), (decibels <= decibels.max() - settings.top_db).mean()
    return describe(
        figure,
        f"Three diagrams over the same {seconds:.0f} seconds. The wave is a solid band with an "
        f"amplitude of at most {np.abs(audio).max():.1f}. Power in mel bands is nearly all black: "
        f"{faint:.0%} of the points have less than a hundredth of the greatest power. In "
        f"decibels the same picture is full of structure, and {black:.0%} of the points are black.",
    )


@style()
def genre_spectra(store: Store) -> Figure:
    """Mean level of each mel band per genre, beside that of all tracks."""
    levels = np.stack([store.decibels(i).mean(1) for i in range(len(store.track_ids))])
    bands, overall = np.arange(levels.shape[1]) + 0.5, levels.mean(0)
    figure, used = _grid(len(store.genres), 5, (0.8, 1.5), xlabel="Level (dB)")
    distances = pd.Series(0.0, index=store.genres)
    for label, (axes, genre) in enumerate(zip(used, store.genres, strict=True)):
        tracks = levels[store.labels == label]
        mean, spread = tracks.mean(0), tracks.std(0)
        axes.fill_betweenx(bands, mean - spread, mean + spread, alpha=0.3, linewidth=0)
        axes.plot(mean, bands, label="this genre (mean and standard deviation over tracks)")
        axes.plot(overall, bands, LINES[1], color="black", linewidth=1, label="all tracks")
        axes.set_title(genre)
        axes.xaxis.set_major_locator(MaxNLocator(2))
        _mel_axis(axes, store.manifest)
        distances[genre] = np.abs(mean - overall).mean()
    figure.legend(*used[0].get_legend_handles_labels(), loc="outside lower center", ncols=1)
    return describe(
        figure,
        f"For each of {len(store.genres)} genres, a curve of the mean level over frequency in a "
        "band for the spread of its tracks, and a dashed curve for all tracks together. Levels "
        f"fall towards high frequencies. Furthest from the mean of all is {distances.idxmax()} "
        f"({distances.max():.1f} dB on average), closest {distances.idxmin()} "
        f"({distances.min():.1f} dB).",
    )


# Splits


@style()
def split_diagram(tables: Mapping[str, pd.DataFrame], track_ids: Sequence[str]) -> Figure:
    """The subset of each image of some tracks, in each split: the table of its `Dataset`."""
    height = 0.5 + len(tables) * (0.4 + 0.21 * len(track_ids))
    figure, grid = _canvas(len(tables), 1, height, sharex=True)
    letters, shades = ("", "V", "T", "\N{MULTIPLICATION SIGN}"), ("#e6e6e6", *COLORS[:2], "white")
    codes = {subset: code for code, subset in enumerate((*SUBSETS, UNUSED))}
    spread = []
    for axes, (protocol, table) in zip(grid.flat, tables.items(), strict=True):
        cells = table.assign(code=table.subset.map(codes), image=table.image + 1)
        cells = cells.pivot(index="track_id", columns="image", values="code").loc[list(track_ids)]
        sns.heatmap(cells, annot=np.array(letters)[cells], fmt="", cmap=ListedColormap(shades),
                    vmin=0, vmax=3, cbar=False, linewidths=1.5,
                    annot_kws={"weight": "bold", "size": 9}, ax=axes)  # fmt: skip
        axes.set(title=SPLITS[protocol], xlabel="", ylabel="Track")
        axes.tick_params(length=0, rotation=0)
        for letter in axes.texts:
            letter.set_color("white" if letter.get_text() == "V" else "black")
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
        f"its subset. Tracks with images in several subsets: {_listed(spread)}.",
    )


# Training


@style()
def schedules(settings: TrainingSettings, augmentation: Augmentation) -> Figure:
    """The learning-rate schedules that the paper may mean, and CutMix's probability."""
    from genre_lib.training import planned_rates

    figure, ((rate, mixing),) = _canvas(1, 2, 2.8)
    share, peaks = np.arange(1000) / 1000, []
    names = {"onecycle": "OneCycleLR", "linear-warmup-cosine": "linear warm-up, cosine"}
    for index, (name, label) in enumerate(names.items()):
        chosen = settings.model_copy(update={"schedule": name})
        rates = planned_rates(chosen, total_steps=len(share))
        rate.plot(share, rates, LINES[index], label=label)
        peaks.append(f"{label} after {share[rates.argmax()]:.0%}")
    printed = settings.learning_rate * (1 + np.cos(np.pi * share)) / 2
    rate.plot(share, printed, LINES[3], color="black", label="Equation 2 as printed")
    rate.set(xlabel="Share of all steps", ylabel="Learning rate")
    figure.legend(loc="outside lower center", ncols=2)
    count = settings.epochs
    values = [cutmix_probability(epoch, count, augmentation) for epoch in range(count)]
    mixing.plot(np.arange(count) + 1, values, marker=MARKERS[0], markevery=0.1)
    mixing.set(ylabel="Probability of CutMix", ylim=(-0.02, 1.02))
    _epochs(mixing)
    return describe(
        figure,
        f"Left, three curves of the learning rate over the steps: two rise to "
        f"{settings.learning_rate:g} ({_listed(peaks)} of all steps) and fall to nearly zero; the "
        "dotted one, Equation 2 as printed, falls from the start. Right, the probability of CutMix "
        f"falls in a straight line from {values[0]:.2f} to {values[-1]:.2f} in {count} epochs.",
    )


@style()
def figure_3(run: Run) -> Figure:
    """Figure 3: the learning rate at every step and at the end of every epoch."""
    from genre_lib.training import planned_rates

    training, history = run.settings.training, run.history
    steps = -(-run.metrics["images"]["train"] // training.batch_size)
    rates = planned_rates(training, total_steps=steps * training.epochs)
    figure, ((axes,),) = _canvas(1, 1, 2.6)
    axes.plot((np.arange(len(rates)) + 1) / steps, rates, LINES[1], color=COLORS[7], label="plan")
    axes.plot(history.epoch, history.learning_rate, MARKERS[0], label="at an epoch's end")
    axes.set_ylabel("Learning rate")
    _epochs(axes)
    axes.legend()
    highest = history.iloc[history.learning_rate.argmax()]
    return describe(
        figure,
        f"The learning rate over the epochs: a dashed curve for the plan, and a dot at the end of "
        f"each of {len(history)} epochs. The highest dot, {highest.learning_rate:.4f}, is in epoch "
        f"{highest.epoch:.0f}; the last is {history.learning_rate.iloc[-1]:.1e}.",
    )


def _course(axes: Axes, run: Run, what: str, keys: Sequence[str]) -> list[str]:
    """Draw columns ``<key>_accuracy`` or ``<key>_loss`` of a run's history and the paper's values.

    Returns how the columns end, in words.
    """
    ends, form = [], ".2%" if what == "accuracy" else ".2f"
    for key in keys:
        values, series = run.history[f"{key}_{what}"], list(CURVES).index(key)
        axes.plot(run.history.epoch, values, LINES[series], color=COLORS[series],
                  marker=MARKERS[series], markevery=0.1, label=CURVES[key])  # fmt: skip
        ends.append(f"{what} ({CURVES[key]}), {values.iloc[-1]:{form}}")
    printed = {name: value for name, value in PRINTED[what].items()
               if any(CURVES[key].startswith(name) for key in keys)}  # fmt: skip
    for name, value in printed.items():
        shift, side = (3, "bottom") if value == max(printed.values()) else (-3, "top")
        axes.axhline(value, linestyle=LINES[3], color="black", linewidth=1)
        axes.annotate(f"paper, {name}", (0.02, value), (0, shift), textcoords="offset points",
                      xycoords=("axes fraction", "data"), size=8, va=side,
                      bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5},
                      )  # fmt: skip
        ends.append(f"{what} (paper, {name}), {value:{form}}")
    if what == "accuracy":
        axes.set_ylim(0, 1)
        _percent(axes.yaxis)
    _epochs(axes)
    return ends


def _accuracy_and_loss(run: Run, keys: Sequence[str], more: str = "") -> Figure:
    """Courses of accuracy and loss side by side; `more` ends the alternative text."""
    figure, (pair,) = _canvas(1, 2, 2.8)
    ends = []
    for axes, what in zip(pair, PRINTED, strict=True):
        ends += _course(axes, run, what, keys)
        axes.set_ylabel(what.capitalize())
    figure.legend(*pair[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return describe(
        figure,
        f"Accuracy on the left and loss on the right over {len(run.history)} epochs. In the last "
        f"epoch: {'; '.join(ends)}. Dotted lines mark the paper's values.{more}",
    )


@style()
def figure_4(run: Run) -> Figure:
    """Figure 4: training accuracy and loss, as the loop sees them and re-scored cleanly."""
    return _accuracy_and_loss(run, ("train", "clean_train"))


@style()
def figure_5(run: Run) -> Figure:
    """Figure 5: validation accuracy and loss; a star marks the model that was kept."""
    kept = run.history.iloc[run.history.validation_accuracy.argmax()]
    star = f" A star marks the model that was kept, that of epoch {kept.epoch:.0f}."
    figure = _accuracy_and_loss(run, ("validation",), star)
    for axes, what in zip(figure.axes, PRINTED, strict=True):
        axes.plot(kept.epoch, kept[f"validation_{what}"], "*", color=COLORS[3], markersize=11)
    return figure


@style()
def accuracy_curves(runs: Mapping[str, Run]) -> Figure:
    """Training accuracy, as the loop sees it and re-scored, and validation accuracy, run by run."""
    figure, (row,) = _canvas(1, len(runs), 3.0, sharey=True)
    ends = []
    for axes, (title, run) in zip(row, runs.items(), strict=True):
        ends += [f"{title}, {end}" for end in _course(axes, run, "accuracy", tuple(CURVES))]
        axes.set_title(title)
    row[0].set_ylabel("Accuracy")
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return describe(
        figure,
        f"Accuracy over the epochs, a diagram for each of {len(runs)} runs with three rising "
        f"curves. In the last epoch: {'; '.join(ends)}. Dotted lines mark the paper's values.",
    )


@style()
def bars(counts: Mapping[str, int], *, ylabel: str, xlabel: str) -> Figure:
    """A bar with its number for each name: claims by verdict, parameters by layer."""
    figure, ((axes,),) = _canvas(1, 1, 0.8 + 0.35 * len(counts))
    shown = [f"{count:,}" for count in counts.values()]
    axes.bar_label(axes.barh(range(len(counts)), list(counts.values())), labels=shown, padding=3)
    _rows(axes, list(counts), ylabel, xlabel)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.margins(x=0.18)
    lengths = "; ".join(f"{name}, {count}" for name, count in zip(counts, shown, strict=True))
    longest = max(counts, key=lambda name: counts[name])
    return describe(
        figure,
        f"{xlabel} as a bar for each {ylabel.lower()}: {lengths}. The longest bar is that of "
        f"{longest}, with {counts[longest] / sum(counts.values()):.0%} of all.",
    )


# Results


@style()
def figure_6(run: Run) -> Figure:
    """Figure 6: the confusion matrix, in test images."""
    figure, ((axes,),) = _canvas(1, 1, 4.6)
    counts = confusions(run.predictions, run.genres)
    sns.heatmap(counts, annot=True, fmt="d", cmap="cividis", square=True, linewidths=0.5, ax=axes,
                cbar_kws={"label": "Test images"})  # fmt: skip
    axes.set(xlabel="Predicted genre", ylabel="True genre")
    mistakes = run.predictions.query("y_true != y_pred").value_counts(["y_true", "y_pred"])
    shown = [f"{row.images} of {row.y_true} for {row.y_pred}"
             for row in mistakes[:3].reset_index(name="images").itertuples()]  # fmt: skip
    return describe(
        figure,
        f"Confusion matrix of {len(counts)} genres: rows are true, columns are predicted. "
        f"{np.trace(counts)} of {counts.to_numpy().sum()} test images lie on the diagonal, so they "
        f"are right. The most frequent mistakes: {'; '.join(shown) or 'none'}.",
    )


def table_1(model: HybridNet) -> pd.DataFrame:
    """Table I: each layer's output shape, measured in the live model, beside the printed one."""
    from genre_lib.model import table_1_rows

    rows = zip(table_1_rows(model, batch_size=paper.BATCH_SIZE), paper.TABLE_1, strict=True)
    return pd.DataFrame(
        {
            "layer": ours.layer,
            "output": str(ours.output),
            "paper": str(printed.output),
            "agrees": (ours.layer, ours.output) == (printed.layer, printed.output),
            "parameters": ours.parameters,
        }
        for ours, printed in rows
    )


def table_2(run: Run) -> pd.DataFrame:
    """Table II: precision, recall, F1 and support per genre and in all, beside the printed ones."""
    ours = genre_scores(run.predictions, run.genres).rename(columns={"genre": "class"})
    total = {"support": int(ours.support.sum())}
    whole = scores(run.predictions.y_true, run.predictions.y_pred)
    names = ("precision", "recall", "f1")
    summary = [{"class": "accuracy", "f1": whole["accuracy"], **total}]
    for average in ("macro", "weighted"):
        values = {name: whole[f"{average}_{name}"] for name in names}
        summary.append({"class": f"{average} avg", **values, **total})
    rows = [dataclasses.astuple(row) for row in (*paper.TABLE_2, *paper.TABLE_2_AGGREGATES)]
    columns = ["class", *(f"paper_{name}" for name in (*names, "support"))]
    printed = pd.DataFrame(rows, columns=columns)
    table = pd.concat([ours, pd.DataFrame(summary)], ignore_index=True)
    return table.merge(printed, on="class", how="left").astype({"paper_support": "Int64"})


def _accuracies(axes: Axes, table: pd.DataFrame, labels: Sequence[str], *, chance: float) -> None:
    """A line for each label, in which each row of `table` has a dot in the look of its series."""
    lines = table.groupby("label").series
    places = lines.cumcount() - (lines.transform("size") - 1) / 2
    heights = table.label.map(labels.index) + places / (1 + lines.transform("size").max())
    for index, (name, rows) in enumerate(table.groupby("series", sort=False)):
        _dots(axes, heights[rows.index], rows[INTERVAL], index, capsize=2, label=name)
    axes.axvline(chance, linestyle=LINES[3], color="black", label="guessing")
    _rows(axes, labels, "", "Test accuracy\n(95 % interval)")
    axes.set_xlim(0, 1.02)
    _percent(axes.xaxis)


@style()
def comparison(table: pd.DataFrame, *, chance: float) -> Figure:
    """Accuracies with their 95 % intervals, and a line at the accuracy of a guess.

    `table` has columns label (a line of the figure), series (a colour and marker), accuracy, low
    and high.
    """
    figure, ((axes,),) = _canvas(1, 1, 1.2 + 0.22 * len(table))
    _accuracies(axes, table, list(dict.fromkeys(table.label)), chance=chance)
    figure.legend(loc="outside lower center", ncols=3)
    shown = _each(table, "{label}, {series}, {accuracy:.1%} ({low:.1%} to {high:.1%})")
    return describe(
        figure,
        f"Test accuracies as dots with bars for their 95 % intervals: {shown}. A dotted line marks "
        f"guessing, {chance:.0%}.",
    )


@style()
def headline(table: pd.DataFrame) -> Figure:
    """The paper's accuracy, and what becomes of it under ever stricter tests.

    `table` has a row for each dot, the paper's first: columns label, accuracy, low, high.
    """
    figure, ((axes,),) = _canvas(1, 1, 0.6 + 0.38 * len(table))
    for rows, series, color in ((table[:1], 2, "black"), (table[1:], 0, COLORS[0])):
        _dots(axes, rows.index, rows[INTERVAL], series, color=color, markersize=7, capsize=4)
    for row, accuracy in enumerate(table.accuracy):
        axes.text(1.02, row, f"{accuracy:.1%}", transform=axes.get_yaxis_transform(), va="center",
                  size=11, weight="bold")  # fmt: skip
    printed = table.accuracy[0]
    axes.axvline(printed, linestyle=LINES[1], color="black", linewidth=1)
    _rows(axes, table.label.tolist(), "", "Test accuracy (with 95 % interval)")
    axes.tick_params(axis="y", labelsize=11)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    _percent(axes.xaxis)
    shown = _each(table, "{label}, {accuracy:.1%} ({low:.1%} to {high:.1%})")
    below, above = _each(table[table.high < printed]), _each(table[table.low > printed])
    return describe(
        figure,
        f"Test accuracies as dots with bars for their 95 % intervals: {shown}. Against the dashed "
        f"line at the paper's accuracy, clearly below: {below}; clearly above: {above}.",
    )


@style()
def protocol_accuracies(table: pd.DataFrame, *, chance: float) -> Figure:
    """Accuracy of each run (`book.comparisons.accuracies`) by view and split, and the paper's."""
    table = table.assign(label=table.view + ", " + table.protocol.map(SPLITS), series=table.method)
    table = table.sort_values(["method", "seed"], ascending=[False, True])
    places = [f"{view}, {split}" for view in ("copies", "segments") for split in SPLITS.values()]
    labels = [label for label in places if label in set(table.label)]
    figure, (pair,) = _canvas(1, 2, 1.6 + 0.65 * len(labels), sharex=True, sharey=True)
    for axes, (scored, title) in zip(pair, SCORED.items(), strict=True):
        _accuracies(axes, table[table.scored == scored], labels, chance=chance)
        _line_of_the_paper(axes, f"paper, {paper.ACCURACY:.2%}")
        axes.set_title(title)
    figure.legend(*pair[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    spans = table[table.scored == "image"].groupby(["label", "method"]).accuracy.agg(["min", "max"])
    shown = _each(spans.loc[labels].reset_index(), "{label}, {method}, {min:.1%} to {max:.1%}")
    return describe(
        figure,
        "Two diagrams, one for single images and one for votes, with a line for each view and "
        f"split and a dot with its interval for each run. Of single images are right: {shown}. A "
        f"dashed line marks the paper's {paper.ACCURACY:.2%}, a dotted one guessing, {chance:.0%}.",
    )


@style()
def forest(table: pd.DataFrame, *, xlabel: str) -> Figure:
    """Differences of accuracy in points, with 95 % intervals; hollow if it contains zero.

    `table` has columns label (a line of the figure), scored (``image`` or ``vote``), difference,
    low and high.
    """
    labels = list(dict.fromkeys(table.label))
    kinds = [scored for scored in SCORED if scored in set(table.scored)]
    span = ["difference", "low", "high"]
    points = table.assign(**100 * table[span])
    points["has_zero"] = (points.low <= 0) & (points.high >= 0)
    points["text"] = [f"{row.difference:+.1f} ({row.low:+.1f} to {row.high:+.1f})"
                      for row in points.itertuples()]  # fmt: skip
    figure, ((axes,),) = _canvas(1, 1, 1.1 + 0.42 * max(1, len(labels)))
    for index, scored in enumerate(kinds):
        for has_zero, rows in points[points.scored == scored].groupby("has_zero"):
            heights = rows.label.map(labels.index) + 0.34 * index - 0.17 * (len(kinds) - 1)
            _dots(axes, heights, rows[span], index, mfc="white" if has_zero else None)
            for height, text in zip(heights, rows.text, strict=True):
                axes.text(1.02, height, text, transform=axes.get_yaxis_transform(), va="center",
                          size=8)  # fmt: skip
        axes.plot([], [], MARKERS[index], color=COLORS[index], label=SCORED[scored])
    axes.plot([], [], MARKERS[0], color="gray", mfc="white", label="interval contains zero")
    axes.axvline(0, color="black", linewidth=1)
    _rows(axes, labels, "Comparison", xlabel)
    figure.legend(loc="outside lower center", ncols=3)
    shown = _each(points[points.scored == "image"], "{label}, {text}")
    over = " and ".join(f"once over {scored}s" for scored in kinds)
    return describe(
        figure,
        f"{xlabel}: a dot and a bar for the 95 % interval, {over}, "
        f"and a line at zero. Over images: {shown}. {points.has_zero.sum()} of {len(points)} "
        "intervals contain zero; their marks are hollow.",
    )


def _recalls(table: pd.DataFrame, columns: Mapping[str, Sequence[str]]) -> tuple[Figure, Axes]:
    """Recall of each genre twice: for each label the columns of value, low and high."""
    figure, ((axes,),) = _canvas(1, 1, 1.0 + 0.34 * len(table))
    for index, (label, names) in enumerate(columns.items()):
        _dots(axes, table.index + 0.28 * index - 0.14, table[list(names)], index, capsize=2,
              elinewidth=1, label=label)  # fmt: skip
    _rows(axes, table.genre.tolist(), "Genre", "Recall (95 % interval)")
    axes.set_xlim(-0.02, 1.02)
    _percent(axes.xaxis)
    return figure, axes


@style()
def recall_by_protocol(table: pd.DataFrame) -> Figure:
    """Recall of each genre in two splits (`book.comparisons.recall_changes`), and the paper's."""
    columns = {SPLITS[name]: (name, f"{name}_low", f"{name}_high") for name in ("image", "track")}
    figure, axes = _recalls(table, columns)
    for row, (start, stop) in enumerate(zip(table.image, table.track, strict=True)):
        axes.annotate("", (stop, row + 0.14), (start, row - 0.14),
                      arrowprops={"arrowstyle": "->", "color": COLORS[7]})  # fmt: skip
    printed = {row.genre: row.recall for row in paper.TABLE_2}
    axes.plot(table.genre.map(printed), table.index, MARKERS[2], color=COLORS[2], mfc="white",
              label="paper")  # fmt: skip
    figure.legend(loc="outside lower center", ncols=3)
    change = (table.track - table.image).astype(float)
    losses = _each(table.loc[change.nsmallest(2).index], "{genre} from {image:.0%} to {track:.0%}")
    return describe(
        figure,
        f"Recall of {len(table)} genres with intervals: an arrow leads from a dot (split by image) "
        "to a square (split by track), hollow diamonds are the paper's. Recall is lower when split "
        f"by track for {(change < 0).sum()} of them, most of all for {losses}.",
    )


@style()
def printed_recalls(table: pd.DataFrame) -> Figure:
    """Recall of each genre in Table II, with its 95 % interval by images and by tracks.

    `table` has columns genre, recall, images_low, images_high, tracks_low and tracks_high.
    """
    columns = {f"if {unit} are independent": ("recall", f"{unit}_low", f"{unit}_high")
               for unit in ("images", "tracks")}  # fmt: skip
    figure, axes = _recalls(table, columns)
    _line_of_the_paper(axes, "accuracy of all")
    figure.legend(loc="outside lower center", ncols=2)
    recalls = table.set_index("genre").recall
    images, tracks = (100 * (table[high] - table[low]).mean() for _, low, high in columns.values())
    return describe(
        figure,
        f"Printed recall of {len(table)} genres, from {recalls.min():.1%} ({recalls.idxmin()}) to "
        f"{recalls.max():.1%} ({recalls.idxmax()}), each with two bars. If images are independent, "
        f"a bar is {images:.0f} points long on average, if only tracks are, {tracks:.0f} points. A "
        f"dashed line marks the accuracy of all, {paper.ACCURACY:.2%}.",
    )


@style()
def accuracy_of_known(table: pd.DataFrame) -> Figure:
    """Accuracy by how many images of a test image's track were in training.

    `table` is what `book.comparisons.accuracy_by_known` gives.
    """
    figure, ((axes,),) = _canvas(1, 1, 2.9)
    spread = np.abs((table.accuracy - table.low, table.high - table.accuracy))
    axes.errorbar(table.known, table.accuracy, yerr=spread, fmt=MARKERS[0], capsize=3)
    for row in table.itertuples():
        axes.annotate(f"{row.images:,}", (row.known, row.low), (0, -4), ha="center", va="top",
                      textcoords="offset points", size=8)  # fmt: skip
    axes.set(xlabel="Images of the same track in training (number)", ylim=(0, 1),
             ylabel="Test accuracy\n(95 % interval)")  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _percent(axes.yaxis)
    shares = _each(table, "with {known:.0f}, {accuracy:.1%}")
    return describe(
        figure,
        "Test accuracy with intervals over the number of images of the same track in training: "
        f"{shares}.",
    )


@style()
def map_of_readings(runs: Mapping[str, Run], nearest: pd.DataFrame) -> Figure:
    """Trainings as paths in the plane of training and validation accuracy, and the paper's point.

    `nearest` is what `book.comparisons.readings` gives. One diagram has the short trainings of the
    recipe, the other all longer ones, each with its name.
    """
    short = nearest.epochs.min()
    panels = {f"{short} epochs": nearest[nearest.recipe & (nearest.epochs == short)],
              "longer trainings": nearest[nearest.epochs > short]}  # fmt: skip
    panels = {title: rows for title, rows in panels.items() if len(rows)}
    figure, grid = _canvas(len(panels), 1, 3.9 * len(panels) + 0.4)
    point = paper.TRAIN_ACCURACY, paper.VALIDATION_ACCURACY
    handles: dict[str, Any] = {}
    for (title, rows), (axes,) in zip(panels.items(), grid, strict=True):
        for run in (runs[name] for name in rows.run):
            series = list(SPLITS).index(run.settings.protocol)
            look = {"color": COLORS[series], "linestyle": LINES[series]}
            path = run.history[["train_accuracy", "validation_accuracy"]].to_numpy().T
            axes.plot(*path, linewidth=1, alpha=0.8, **look)
            axes.plot(*path[:, -1], MARKERS[series], mec="black", markersize=7, color=look["color"],
                      label=SPLITS[run.settings.protocol])  # fmt: skip
        if rows.epochs.max() > short:
            for name in rows.run:
                end = runs[name].history.iloc[-1]
                axes.annotate(name, end[["train_accuracy", "validation_accuracy"]], size=7,
                              xytext=(-6, 4), textcoords="offset points", ha="right")  # fmt: skip
        axes.plot(*point, "P", color="black", markersize=11, linestyle="none", label="the paper")
        axes.axvline(point[0], color="black", linewidth=0.8, linestyle=LINES[3])
        axes.axline((0, 0), slope=1, color="gray", linewidth=0.8)
        axes.annotate("training = validation", (0.52, 0.51), rotation=45, color="gray", size=8,
                      rotation_mode="anchor", va="top", transform_rotates_text=True)  # fmt: skip
        axes.set(xlim=(0.45, 1.02), ylim=(0.45, 1.02), xlabel="Training accuracy, running",
                 ylabel="Validation accuracy", title=title)  # fmt: skip
        _percent(axes.xaxis, axes.yaxis)
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)
    shown = _each(pd.concat(panels.values()), "{run}, {validation_accuracy:.1%}")
    return describe(
        figure,
        "Trainings as lines from lower left to upper right in the plane of running training "
        f"accuracy and validation accuracy. The paper's point lies at {point[0]:.2%} and "
        f"{point[1]:.2%}. Where training accuracy is nearest to the paper's, validation accuracy "
        f"is: {shown}.",
    )


# The paper put to the test


@style()
def stopped_on_plan(plan: pd.DataFrame, marks: Mapping[str, int]) -> Figure:
    """The learning rate that was planned, and where the training was when it ended.

    `plan` has a row an epoch, by number, and a column for each reading of the schedule, as shares
    of the peak; `marks` are epochs by what happened in them.
    """
    figure, ((axes,),) = _canvas(1, 1, 3.0)
    for index, (name, values) in enumerate(plan.items()):
        axes.plot(plan.index, values, LINES[index], label=name)
    for index, (name, epoch) in enumerate(marks.items()):
        axes.axvline(epoch, color="black", linestyle=LINES[index + 2], linewidth=1,
                     label=f"{name}: {epoch}")  # fmt: skip
    axes.set_ylabel("Learning rate\n(share of its peak)")
    _percent(axes.yaxis)
    _epochs(axes)
    figure.legend(loc="outside lower center", ncols=2)
    tops = [f"{name}, in epoch {values.idxmax()}" for name, values in plan.items()]
    rest = [f"{name}, epoch {epoch}, {_listed(f'{share:.0%}' for share in plan.loc[epoch])}"
            for name, epoch in marks.items()]  # fmt: skip
    return describe(
        figure,
        f"Planned learning rate over {len(plan)} epochs, as a share of its peak: "
        f"{'; '.join(tops)}. Vertical lines mark where the training was, and how much the curves "
        f"have left there: {'; '.join(rest)}.",
    )
