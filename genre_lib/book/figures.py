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
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator, MultipleLocator, PercentFormatter, StrMethodFormatter

from genre_lib import paper
from genre_lib.augment import IMAGE_SIZE, augment, cutmix, cutmix_probability, pipeline, transforms
from genre_lib.book.tables import Table, csv_bytes
from genre_lib.config import AugmentationSettings as Augmentation
from genre_lib.config import RunSettings, SpectrogramSettings, TrainingSettings
from genre_lib.evaluation import confusions, genre_scores, scores
from genre_lib.runs import Run
from genre_lib.spectrogram import mel_centres, to_decibels
from genre_lib.splits import SUBSETS, UNUSED, copies, resize, segments
from genre_lib.store import Store

if TYPE_CHECKING:
    from genre_lib.model import HybridNet

COLORS = sns.color_palette("colorblind").as_hex()
MARKERS = ("o", "s", "D", "^")
LINES = ("-", "--", "-.", ":")
WIDTH = 5.5  # inches
PIXELS = 125  # of a wide page for an inch, so that letters are as large as those around; it shrinks
TICKS = (500, 1000, 2000, 4000, 8000)  # Hz, on mel axes
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


def corpus_note(settings: RunSettings) -> str:
    """What the data of a page are, and what its results may be compared with."""
    if settings.corpus == "synthetic":
        return (
            "All results on this page come from the synthetic demonstration corpus: music "
            "composed by a program, not recordings. They show how the method behaves. They are "
            "not comparable with results on GTZAN, and so not with the paper's numbers."
        )
    if settings.corpus == "gtzan":
        return (
            "All results on this page come from a local copy of GTZAN, the data that the paper's "
            "description fits."
        )
    return (
        f"All results on this page come from the corpus {Path(settings.corpus).name!r}. Unless it "
        "is a copy of GTZAN, they are not comparable with the paper's numbers."
    )


def paper_data(settings: RunSettings) -> str:
    """How the paper's data relate to ours, in two words."""
    return "on GTZAN" if settings.corpus == "gtzan" else "other data"


def settings_note(settings: RunSettings) -> str:
    """The parameters of a page in one sentence."""
    return (
        f"Profile {settings.profile}, view {settings.view}, protocol {settings.protocol}, "
        f"seed {settings.seed}."
    )


def run_note(run: Run, settings: RunSettings) -> str:
    """The parameters, the budget and the hardware of a run in one or two sentences."""
    made, seconds = run.environment, run.environment["seconds"]
    where = f"{made['cores']} CPU cores" if made["device"] == "cpu" else made["device_name"]
    took = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.1f} minutes"
    return (
        f"{settings_note(settings)} Trained on {run.metrics['images']['train']} images for "
        f"{len(run.history)} of at most {run.settings.training.epochs} epochs, in {took} on "
        f"{where} ({made['platform']}, PyTorch {made['torch']})."
    )


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


def _canvas(rows: int, columns: int, height: float, **options: Any) -> Any:
    """A figure of the book's width and its axes, shape (rows, columns)."""
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, height), squeeze=False, **options)
    plt.close(figure)  # whoever asked for it shows it, and only once
    return figure, axes


def mel_ticks(
    manifest: Mapping[str, Any], ticks: Sequence[int] = TICKS
) -> tuple[list[int], np.ndarray]:
    """Those of the frequencies in Hz whose band is in a picture, and their heights in bands."""
    centres = mel_centres(manifest)
    shown = [hertz for hertz in ticks if centres[0] <= hertz <= centres[-1]]
    return shown, np.interp(shown, centres, np.arange(len(centres)) + 0.5)


def _mel_axis(axes: Axes, manifest: Mapping[str, Any], *, ticks: Sequence[int] = TICKS) -> None:
    """Label a vertical axis that counts mel bands in Hz."""
    shown, positions = mel_ticks(manifest, ticks)
    axes.set_yticks(positions, [str(hertz) for hertz in shown])


def _draw(axes: Axes, decibels: np.ndarray, manifest: Mapping[str, Any], panel: Panel) -> AxesImage:
    """Draw a spectrogram over time and mel band."""
    image = axes.imshow(
        decibels,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        vmin=-manifest["top_db"],
        vmax=0,
        extent=(panel.start, panel.stop, 0, manifest["n_mels"]),
    )
    axes.set_title(panel.title)
    axes.grid(False)
    return image


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


def _levels(store: Store, panels: Sequence[Panel]) -> list[float]:
    """Mean level of each spectrogram in dB."""
    top_db = store.manifest["top_db"]
    return [float(to_decibels(panel.gray, top_db=top_db).mean()) for panel in panels]


@style()
def gallery(store: Store, panels: Sequence[Panel], *, columns: int) -> Figure:
    """Spectrograms side by side, with one scale of level for all of them."""
    shared = len({(panel.start, panel.stop) for panel in panels}) == 1
    heights = (1.3, 1.1) if len(panels) > 1 else (0.0, 2.5)
    figure, used = _grid(len(panels), columns, heights, xlabel="Time (s)", sharex=shared)
    for axes, panel in zip(used, panels, strict=True):
        decibels = to_decibels(panel.gray, top_db=store.manifest["top_db"])
        image = _draw(axes, decibels, store.manifest, panel)
        _mel_axis(axes, store.manifest, ticks=TICKS if len(panels) <= columns else TICKS[::2])
        if not shared:
            axes.set_xticks([panel.start, panel.stop], [f"{panel.start:.3g}", f"{panel.stop:.3g}"])
    if len(panels) > 1:
        figure.colorbar(image, ax=used, label="Level (dB)", location="bottom", aspect=40, pad=0.02)
    else:
        figure.colorbar(image, ax=used, label="Level (dB)", pad=0.01)
    means = [f"{panel.title}, {level:.0f} dB" for panel, level in
             zip(panels, _levels(store, panels), strict=True)]  # fmt: skip
    return describe(
        figure,
        "Mel spectrograms: time from left to right, frequency from bottom to top, bright is loud. "
        f"Mean levels: {_listed(means)}.",
    )


def track_panel(store: Store, track_id: str, title: str = "") -> Panel:
    """The spectrogram of a track, titled with its name and genre."""
    position = store.position(track_id)
    gray = store.images[position]
    named = title or f"{track_id} ({store.genres[store.labels[position]]})"
    return Panel(named, gray, 0.0, gray.shape[1] * store.frame_period)


def figure_1(store: Store, track_id: str) -> Figure:
    """Figure 1: the mel spectrogram of a whole track."""
    panel = track_panel(store, track_id)
    low, *_, high = np.array_split(to_decibels(panel.gray, top_db=store.manifest["top_db"]), 4)
    return describe(
        gallery(store, [panel], columns=1),
        f"Mel spectrogram of {panel.title}: {panel.stop:.0f} seconds from left to right, frequency "
        f"from bottom to top, bright is loud. The lowest quarter of the mel bands has "
        f"{low.mean():.0f} dB on average, the highest {high.mean():.0f} dB.",
    )


def always(settings: Augmentation) -> Augmentation:
    """The same augmentations, each applied with certainty."""
    names = ("brightness_contrast", "flip", "noise", "crop")
    return settings.model_copy(update={f"{name}_probability": 1.0 for name in names})


def figure_2(store: Store, track_id: str, settings: Augmentation, *, seed: int = 0) -> Figure:
    """Figure 2: the same track as a network input, with every augmentation applied."""
    whole = track_panel(store, track_id)
    image = augment(resize(whole.gray)[None], pipeline(always(settings)), seed=seed)[0]
    panel = whole._replace(title=f"{whole.title}, augmented", gray=image)
    before, after = _levels(store, [whole, panel])
    return describe(
        gallery(store, [panel], columns=1),
        f"Mel spectrogram of {whole.title} with every augmentation at once, as {len(image)} x "
        f"{len(image)} points: coarser than the original, cropped, mirrored and noisy. Its mean "
        f"level is {after:.0f} dB where the original has {before:.0f} dB.",
    )


def augmentations(store: Store, track_id: str, settings: Augmentation, *, seed: int = 0) -> Figure:
    """Each augmentation of Section IV-A alone, and all of them together."""
    whole = track_panel(store, track_id, "original")
    original = resize(whole.gray)
    panels = [whole._replace(gray=original)]
    for name, transform in transforms(always(settings)).items():
        transform.set_random_seed(seed)
        panels.append(whole._replace(title=name, gray=transform(image=original)["image"]))
    together = augment(original[None], pipeline(always(settings)), seed=seed)[0]
    panels.append(whole._replace(title="all four", gray=together))
    first, *others = _levels(store, panels)
    means = [f"{panel.title}, {level:.0f} dB" for panel, level in
             zip(panels[1:], others, strict=True)]  # fmt: skip
    return describe(
        gallery(store, panels, columns=3),
        f"{len(panels)} spectrograms of {track_id}. The original has a mean level of {first:.0f} "
        f"dB. Altered, it is brighter or darker, but its structure can still be seen: "
        f"{_listed(means)}.",
    )


def cutmix_pair(store: Store, track_ids: tuple[str, str], *, seed: int = 0) -> Figure:
    """Two tracks, and the first with a box of the second pasted in (Section IV-C)."""
    wholes = [track_panel(store, track_id) for track_id in track_ids]
    images = np.stack([resize(whole.gray) for whole in wholes])
    rng = np.random.default_rng(seed)
    while True:  # until the two swap, and the box is neither a dot nor everything
        mixed, partner, kept = cutmix(images, alpha=1.0, rng=rng)
        if partner[0] == 1 and 0.4 < kept < 0.7:
            break
    genres = [store.genres[store.labels[store.position(track_id)]] for track_id in track_ids]
    panels = [whole._replace(gray=image) for whole, image in zip(wholes, images, strict=True)]
    title = f"{kept:.0%} {genres[0]}, {1 - kept:.0%} {genres[1]}"
    panels.append(wholes[0]._replace(title=title, gray=mixed[0]))
    figure = gallery(store, panels, columns=3)
    changed = np.argwhere(mixed[0] != images[0])
    (low, left), (high, right) = changed.min(0), changed.max(0) + 1
    across, up = wholes[0].stop / IMAGE_SIZE, store.manifest["n_mels"] / IMAGE_SIZE
    corner, width, height = (left * across, low * up), (right - left) * across, (high - low) * up
    box = Rectangle(corner, width, height, fill=False, edgecolor="white", linestyle="--")
    figure.axes[2].add_patch(box)
    return describe(
        figure,
        f"Three spectrograms: {panels[0].title}, {panels[1].title}, and the first with a dashed "
        f"box from second {corner[0]:.0f} to {corner[0] + width:.0f}, in which the second shows. "
        f"The box covers {1 - kept:.0%} of the picture, so the label is {title}.",
    )


def genre_gallery(store: Store) -> Figure:
    """The first track of each genre."""
    panels = [track_panel(store, *named) for named in zip(store.firsts, store.genres, strict=True)]
    levels = dict(zip(store.genres, _levels(store, panels), strict=True))
    loudest, quietest = max(levels, key=levels.__getitem__), min(levels, key=levels.__getitem__)
    return describe(
        gallery(store, panels, columns=2),
        f"Mel spectrograms of {len(panels)} tracks, one for each genre: {_listed(levels)}. Held "
        "tones are horizontal lines, beats are vertical ones. The brightest on average is "
        f"{loudest} ({levels[loudest]:.0f} dB), the darkest {quietest} "
        f"({levels[quietest]:.0f} dB).",
    )


def track_images(store: Store, track_id: str, settings: RunSettings) -> Figure:
    """All images that a view makes of one track."""
    position = store.position(track_id)
    one = dataclasses.replace(
        store,
        track_ids=(track_id,),
        labels=store.labels[position : position + 1],
        images=store.images[position : position + 1],
    )
    count, seconds = settings.images_per_track, track_panel(store, track_id).stop
    if settings.view == "copies":
        names = ["original", *(f"copy {number}" for number in range(1, count))]
        panels = [Panel(name, image, 0.0, seconds) for name, image in
                  zip(names, copies(one, settings), strict=True)]  # fmt: skip
    else:
        edges = np.linspace(0, seconds, count + 1).tolist()
        panels = [Panel(f"segment {number + 1}", image, edges[number], edges[number + 1])
                  for number, image in enumerate(segments(one, settings))]  # fmt: skip
    levels = _levels(store, panels)
    shown = (
        f"The first is the original, the others are altered copies of all {seconds:.0f} seconds"
        if settings.view == "copies"
        else f"Each is another slice of {seconds / count:.1f} seconds"
    )
    return describe(
        gallery(store, panels, columns=min(4, count)),
        f"{count} small spectrograms of {track_id}. {shown}. Their mean levels lie between "
        f"{min(levels):.0f} and {max(levels):.0f} dB, that of the first is {levels[0]:.0f} dB.",
    )


@style()
def audio_to_decibels(audio: np.ndarray, settings: SpectrogramSettings) -> Figure:
    """One piece of audio, shape (samples,): as a wave, as mel power, and in dB."""
    from genre_lib.spectrogram import mel_decibels

    decibels = mel_decibels(audio, settings)
    seconds = len(audio) / settings.sample_rate
    figure, grid = _canvas(3, 1, 5.2, sharex=True)
    wave, power, level = grid[:, 0]
    wave.plot(np.arange(len(audio)) / settings.sample_rate, audio, linewidth=0.3, rasterized=True)
    wave.set(title="1. the wave", ylabel="Amplitude")
    extent = (0.0, seconds, 0, settings.n_mels)
    options: dict[str, Any] = {"origin": "lower", "aspect": "auto", "extent": extent}
    shares = power.imshow(10 ** (decibels / 10), cmap="magma", vmin=0, vmax=1, **options)
    power.set_title("2. power in mel bands")
    figure.colorbar(shares, ax=power, label="Share of maximum")
    panel = Panel("3. the same in decibels", decibels, 0.0, seconds)
    image = _draw(level, decibels, settings.model_dump(), panel)
    figure.colorbar(image, ax=level, label="Level (dB)")
    for axes in (power, level):
        _mel_axis(axes, settings.model_dump(), ticks=TICKS[::2])
        axes.set_ylabel("Frequency (Hz)")
    level.set_xlabel("Time (s)")
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
    figure, used = _grid(len(store.genres), 5, (0.8, 1.5), xlabel="Level (dB)")
    bands, distances = np.arange(levels.shape[1]) + 0.5, {}
    for label, (axes, genre) in enumerate(zip(used, store.genres, strict=True)):
        own = levels[store.labels == label]
        mean, spread = own.mean(0), own.std(0)
        axes.fill_betweenx(bands, mean - spread, mean + spread, alpha=0.3, linewidth=0)
        axes.plot(mean, bands, label="this genre (mean and standard deviation over tracks)")
        axes.plot(levels.mean(0), bands, LINES[1], color="black", linewidth=1, label="all tracks")
        axes.set_title(genre)
        axes.xaxis.set_major_locator(MaxNLocator(2))
        _mel_axis(axes, store.manifest, ticks=TICKS[::2])
        distances[genre] = float(np.abs(mean - levels.mean(0)).mean())
    figure.legend(*used[0].get_legend_handles_labels(), loc="outside lower center", ncols=1)
    far, near = max(distances, key=distances.__getitem__), min(distances, key=distances.__getitem__)
    return describe(
        figure,
        f"For each of {len(store.genres)} genres, a curve of the mean level over frequency in a "
        "band for the spread of its tracks, and a dashed curve for all tracks together. Levels "
        f"fall towards high frequencies. {far.capitalize()} is furthest from the mean of all "
        f"({distances[far]:.1f} dB on average), {near} is closest ({distances[near]:.1f} dB).",
    )


@style()
def split_diagram(tables: Mapping[str, pd.DataFrame], track_ids: Sequence[str]) -> Figure:
    """Where each image of some tracks was dealt, under each protocol.

    Parameters
    ----------
    tables
        Per protocol, the table of a `genre_lib.splits.Dataset`, which is a run's split.
    """
    height = 0.5 + len(tables) * (0.4 + 0.21 * len(track_ids))
    figure, grid = _canvas(len(tables), 1, height, sharex=True)
    letters, shades = ("", "V", "T", "\N{MULTIPLICATION SIGN}"), ("#e6e6e6", *COLORS[:2], "white")
    subsets = [*SUBSETS, UNUSED]
    bold = {"weight": "bold", "size": 9}
    spread = {}
    for axes, (protocol, table) in zip(grid.flat, tables.items(), strict=True):
        cells = table.pivot(index="track_id", columns="image", values="subset").loc[list(track_ids)]
        codes = cells.apply(lambda column: column.map(subsets.index)).rename(
            columns=lambda i: i + 1
        )
        marks = np.array(letters)[codes]
        sns.heatmap(codes, annot=marks, fmt="", cmap=ListedColormap(shades), vmin=0, vmax=3,
                    cbar=False, linewidths=1.5, annot_kws=bold, ax=axes)  # fmt: skip
        axes.set(title=f"protocol {protocol}", xlabel="", ylabel="Track")
        axes.tick_params(length=0, rotation=0)
        for letter in axes.texts:
            letter.set_color("white" if letter.get_text() == "V" else "black")
        spread[protocol] = int((cells.nunique(axis=1) > 1).sum())
    grid[-1, 0].set_xlabel("Image of the track (number)")
    used = set(pd.concat(tables.values()).subset)
    keys = [
        Patch(facecolor=shade, edgecolor="#b0b0b0", label=f"{letter} {subset}".strip())
        for letter, subset, shade in zip(letters, subsets, shades, strict=True)
        if subset in used
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    counted = [f"under {name}, {count or 'none'} of {len(track_ids)}"
               for name, count in spread.items()]  # fmt: skip
    return describe(
        figure,
        "A grid for each protocol. Each row is a track, each square one of its images, lettered by "
        "the subset that it was dealt to. Of the tracks, so many have images in several subsets: "
        f"{_listed(counted)}.",
    )


@style()
def audit_diagram(table: pd.DataFrame) -> Figure:
    """What the subsets of each pair have in common, in each split.

    Parameters
    ----------
    table
        Columns split (a line of the figure), and those of `genre_lib.splits.audit`.
    """
    splits = list(dict.fromkeys(table.split))
    pairs = list(dict.fromkeys(zip(table["first"], table["second"], strict=True)))
    height = 1.0 + 0.42 * len(splits)
    figure, grid = _canvas(1, max(1, len(pairs)), height, sharex=True, sharey=True)
    for axes, (first, second) in zip(grid.flat, pairs, strict=False):
        rows = table[(table["first"] == first) & (table["second"] == second)]
        heights = [splits.index(name) for name in rows.split]
        axes.barh(heights, rows.share, color=COLORS[9], edgecolor="black", linewidth=0.6)
        for height, shared, twins in zip(
            heights, rows.shared_tracks, rows.identical_tracks, strict=True
        ):
            text = f"{shared} tracks,\ntwins: {twins}" if shared or twins else "nothing"
            axes.text(0.03, height, text, va="center", size=8)
        axes.set_title(f"{first} and\n{second}")
        axes.set(xlabel=f"Known share of\n{second} tracks", xlim=(0, 1))
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.xaxis.set_major_locator(MultipleLocator(0.5))
    figure.get_layout_engine().set(wspace=0.08)
    grid[0, 0].set_yticks(range(len(splits)), splits)
    grid[0, 0].set_ylabel("Split")
    grid[0, 0].set_ylim(max(1, len(splits)) - 0.5, -0.5)
    leaky = table[(table.shared_tracks > 0) | (table.identical_tracks > 0)]
    known = [f"{row.split}, {row.share:.0%} of {row.second} tracks known from {row.first}"
             for row in leaky.itertuples()]  # fmt: skip
    clean = len(table) - len(leaky)
    return describe(
        figure,
        f"A bar for each split and each of {len(pairs)} pairs of subsets: the share of tracks that "
        f"both know. {'; '.join(known) or 'None is known'}. {clean} of {len(table)} pairs have "
        "nothing in common.",
    )


# Training


@style()
def schedules(settings: TrainingSettings, augmentation: Augmentation) -> Figure:
    """The learning-rate schedules that the paper may mean, and CutMix's probability."""
    from genre_lib.training import planned_rates

    figure, ((rate, mixing),) = _canvas(1, 2, 2.8)
    share, peaks = np.arange(1000) / 1000, {}
    names = {"onecycle": "OneCycleLR", "linear-warmup-cosine": "linear warm-up, cosine"}
    for index, (name, label) in enumerate(names.items()):
        chosen = settings.model_copy(update={"schedule": name})
        rates = planned_rates(chosen, total_steps=len(share))
        rate.plot(share, rates, LINES[index], label=label)
        peaks[label] = float(share[rates.argmax()])
    printed = settings.learning_rate * (1 + np.cos(np.pi * share)) / 2
    rate.plot(share, printed, LINES[3], color="black", label="Equation 2 as printed")
    rate.set(xlabel="Share of all steps", ylabel="Learning rate")
    figure.legend(loc="outside lower center", ncols=2)
    count = settings.epochs
    values = [cutmix_probability(epoch, count, augmentation) for epoch in range(count)]
    mixing.plot(np.arange(count) + 1, values, marker=MARKERS[0], markevery=0.1)
    mixing.set(ylabel="Probability of CutMix", ylim=(-0.02, 1.02))
    _epochs(mixing)
    tops = [f"{label} after {peak:.0%}" for label, peak in peaks.items()]
    return describe(
        figure,
        f"Left, three curves of the learning rate over the steps: two rise to "
        f"{settings.learning_rate:g} ({_listed(tops)} of all steps) and fall to nearly zero; the "
        "dotted one, Equation 2 as printed, falls from the start. Right, the probability of CutMix "
        f"falls in a straight line from {values[0]:.2f} to {values[-1]:.2f} in {count} epochs.",
    )


@style()
def figure_3(run: Run) -> Figure:
    """Figure 3: the learning rate at every step and at the end of every epoch."""
    from genre_lib.training import planned_rates

    training = run.settings.training
    steps = -(-run.metrics["images"]["train"] // training.batch_size)
    rates = planned_rates(training, total_steps=steps * training.epochs)
    figure, ((axes,),) = _canvas(1, 1, 2.6)
    axes.plot((np.arange(len(rates)) + 1) / steps, rates, LINES[1], color=COLORS[7], label="plan")
    axes.plot(run.history.epoch, run.history.learning_rate, MARKERS[0], label="at an epoch's end")
    axes.set_ylabel("Learning rate")
    _epochs(axes)
    axes.legend()
    highest = run.history.learning_rate.argmax()
    return describe(
        figure,
        f"The learning rate over the epochs: a dashed curve for the plan, and a dot at the end of "
        f"each of {len(run.history)} epochs. The highest dot, "
        f"{run.history.learning_rate.iloc[highest]:.4f}, is in epoch "
        f"{run.history.epoch.iloc[highest]}; the last is {run.history.learning_rate.iloc[-1]:.1e}.",
    )


def _epochs(axes: Axes) -> None:
    """Count whole epochs on the horizontal axis."""
    axes.set_xlabel("Epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _curves(run: Run, lines: Mapping[str, str], printed: Mapping[str, float]) -> Figure:
    """Draw columns ``<key>_accuracy`` and ``<key>_loss`` of a run's history, and printed values."""
    figure, (pair,) = _canvas(1, 2, 2.8)
    epochs, said = run.history.epoch, []
    for axes, what in zip(pair, ("accuracy", "loss"), strict=True):
        for index, (key, label) in enumerate(lines.items()):
            values, marker = run.history[f"{key}_{what}"], MARKERS[index]
            axes.plot(epochs, values, LINES[index], marker=marker, markevery=0.1, label=label)
            ends = [f"{value:.1%}" if what == "accuracy" else f"{value:.2f}"
                    for value in (values.iloc[0], values.iloc[-1])]  # fmt: skip
            said.append(f"{what} ({label}) goes from {ends[0]} to {ends[1]}")
        name = f"paper ({paper_data(run.settings)})"
        axes.axhline(printed[what], linestyle=LINES[3], color="black", label=name)
        axes.set_ylabel(what.capitalize())
        _epochs(axes)
    pair[0].set_ylim(0, 1)
    figure.legend(*pair[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return describe(
        figure,
        f"Accuracy on the left and loss on the right over {len(epochs)} epochs: {_listed(said)}. "
        f"Dotted lines mark the paper's {printed['accuracy']:.2%} and {printed['loss']:.2f}.",
    )


@style()
def figure_4(run: Run) -> Figure:
    """Figure 4: training accuracy and loss, as the loop sees them and re-scored cleanly."""
    lines = {"train": "running", "clean_train": "re-scored on clean images"}
    printed = {"accuracy": paper.TRAIN_ACCURACY, "loss": paper.TRAIN_LOSS}
    return _curves(run, lines, printed)


@style()
def figure_5(run: Run) -> Figure:
    """Figure 5: validation accuracy and loss; a star marks the model that was kept."""
    printed = {"accuracy": paper.VALIDATION_ACCURACY, "loss": paper.VALIDATION_LOSS}
    figure = _curves(run, {"validation": "validation"}, printed)
    kept = run.history.iloc[run.history.validation_accuracy.argmax()]
    for axes, what in zip(figure.axes, ("accuracy", "loss"), strict=True):
        axes.plot(kept.epoch, kept[f"validation_{what}"], "*", color=COLORS[1], markersize=11)
    star = f"A star marks the model that was kept, that of epoch {kept.epoch:.0f}."
    return describe(figure, f"{figure.get_label()} {star}")


# Results


@style()
def figure_6(run: Run) -> Figure:
    """Figure 6: the confusion matrix, in test images."""
    figure, ((axes,),) = _canvas(1, 1, 4.6)
    counts = confusions(run.predictions, run.genres)
    sns.heatmap(counts, annot=True, fmt="d", cmap="cividis", square=True, linewidths=0.5, ax=axes,
                cbar_kws={"label": "Test images"})  # fmt: skip
    axes.set(xlabel="Predicted genre", ylabel="True genre")
    wrong = counts.to_numpy() * (1 - np.eye(len(counts), dtype=int))
    largest = [divmod(int(cell), len(counts)) for cell in np.argsort(-wrong, axis=None)[:3]]
    errors = [f"{wrong[true, guess]} of {run.genres[true]} for {run.genres[guess]}"
              for true, guess in largest]  # fmt: skip
    return describe(
        figure,
        f"Confusion matrix of {len(counts)} genres: rows are true, columns are predicted. "
        f"{np.trace(counts)} of {counts.to_numpy().sum()} test images lie on the diagonal, so they "
        f"are right. The largest mistakes: {_listed(errors)}.",
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


@style()
def f1_by_genre(run: Run) -> Figure:
    """F1 of each genre, ours and the paper's."""
    table = table_2(run).iloc[: len(run.genres)]
    figure, ((axes,),) = _canvas(1, 1, 1.0 + 0.24 * len(table))
    rows = np.arange(len(table))
    axes.hlines(rows, table.f1, table.paper_f1, color=COLORS[7], linewidth=1)
    axes.plot(table.f1, rows, MARKERS[0], color=COLORS[0], label="this run")
    name = f"paper ({paper_data(run.settings)})"
    axes.plot(table.paper_f1, rows, MARKERS[2], color=COLORS[1], mfc="white", label=name)
    axes.set_yticks(rows, table["class"].tolist())
    axes.set(xlabel="F1-score", ylabel="Genre", xlim=(-0.02, 1.02))
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=2)
    scored = table.set_index("class")
    both = scored.dropna(subset="paper_f1")
    return describe(
        figure,
        f"F1-score of {len(table)} genres, a dot for this run and a hollow diamond for the paper. "
        f"Ours is highest for {scored.f1.idxmax()} ({scored.f1.max():.2f}) and lowest for "
        f"{scored.f1.idxmin()} ({scored.f1.min():.2f}); it is above the paper's for "
        f"{(both.f1 > both.paper_f1).sum()} of {len(both)} genres.",
    )


@style()
def comparison(table: pd.DataFrame, *, chance: float) -> Figure:
    """Accuracies with their 95 % intervals.

    Parameters
    ----------
    table
        Columns label (a line of the figure), series (told apart by colour and marker),
        accuracy, low, high.
    chance
        Accuracy of a guess, drawn as a line.
    """
    labels, names = list(dict.fromkeys(table.label)), list(dict.fromkeys(table.series))
    figure, ((axes,),) = _canvas(1, 1, 1.2 + 0.22 * len(table))
    for index, name in enumerate(names):
        rows = table[table.series == name]
        shift = 0.3 * (index - (len(names) - 1) / 2)
        heights = [labels.index(label) + shift for label in rows.label]
        spread = (rows.accuracy - rows.low, rows.high - rows.accuracy)
        axes.errorbar(rows.accuracy, heights, xerr=np.abs(spread), fmt=MARKERS[index], capsize=3,
                      label=name)  # fmt: skip
    axes.axvline(chance, linestyle=LINES[3], color="black", label="guessing")
    axes.set(xlabel="Test accuracy (with 95 % interval)", xlim=(0, 1.02))
    axes.set_ylim(max(1, len(labels)) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylabel("Method")
    figure.legend(loc="outside lower center", ncols=3)
    dots = [f"{row['label']}, {row['series']}, {row['accuracy']:.1%} ({row['low']:.1%} to "
            f"{row['high']:.1%})" for row in table.to_dict("records")]  # fmt: skip
    return describe(
        figure,
        f"Test accuracies as dots with bars for their 95 % intervals: {'; '.join(dots)}. A dotted "
        f"line marks guessing, {chance:.0%}.",
    )


@style()
def headline(table: pd.DataFrame) -> Figure:
    """The paper's accuracy, and what becomes of it under ever stricter tests.

    Parameters
    ----------
    table
        A row for each dot, the paper's first: columns label, accuracy, low, high.
    """
    figure, ((axes,),) = _canvas(1, 1, 0.6 + 0.38 * len(table))
    rows = np.arange(len(table))
    spread = np.abs((table.accuracy - table.low, table.high - table.accuracy))
    for shown, marker, color in ((rows == 0, MARKERS[2], "black"), (rows > 0, "o", COLORS[0])):
        axes.errorbar(table.accuracy[shown], rows[shown], xerr=spread[:, shown], fmt=marker,
                      markersize=7, capsize=4, color=color)  # fmt: skip
    for row, accuracy in enumerate(table.accuracy):
        axes.text(1.02, row, f"{accuracy:.1%}", transform=axes.get_yaxis_transform(), va="center",
                  size=11, weight="bold")  # fmt: skip
    axes.axvline(table.accuracy.iloc[0], linestyle=LINES[1], color="black", linewidth=1)
    axes.set_yticks(rows, [textwrap.fill(label, 20) for label in table.label], size=11)
    axes.set(xlabel="Test accuracy (with 95 % interval)", ylim=(len(table) - 0.5, -0.5))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    dots = [f"{row['label']}, {row['accuracy']:.1%} ({row['low']:.1%} to {row['high']:.1%})"
            for row in table.to_dict("records")]  # fmt: skip
    below, above = (table.label[which].tolist() for which in
                    (table.high < table.accuracy[0], table.low > table.accuracy[0]))  # fmt: skip
    return describe(
        figure,
        f"Test accuracies as dots with bars for their 95 % intervals: {'; '.join(dots)}. Against "
        f"the dashed line at the paper's accuracy, clearly below: {'; '.join(below) or 'none'}; "
        f"clearly above: {'; '.join(above) or 'none'}.",
    )


@style()
def protocol_accuracies(table: pd.DataFrame, *, chance: float) -> Figure:
    """Accuracy of each run by view and protocol, beside the paper's.

    Parameters
    ----------
    table
        As `genre_lib.book.comparisons.accuracies` gives it.
    chance
        Accuracy of a guess, drawn as a line.
    """
    table = table.assign(label=table.view + ", " + table.protocol)
    views, protocols = ("copies", "segments"), ("image", "track", "fault-filtered")
    places = [f"{view}, {protocol}" for view in views for protocol in protocols]
    labels = [label for label in places if label in set(table.label)]
    methods = sorted(set(table.method), reverse=True)
    titles = {"image": "each test image", "vote": "one vote a track"}
    figure, (pair,) = _canvas(1, 2, 1.6 + 0.65 * len(labels), sharex=True, sharey=True)
    for axes, (scored, title) in zip(pair, titles.items(), strict=True):
        own = table[table.scored == scored].sort_values(["method", "seed"], ascending=[False, True])
        lines = own.groupby("label").method
        middle = (lines.transform("size") - 1) / 2
        heights = own.label.map(labels.index) + 0.115 * (lines.cumcount() - middle)
        for index, method in enumerate(methods):
            rows = own[own.method == method]
            spread = np.abs((rows.accuracy - rows.low, rows.high - rows.accuracy))
            axes.errorbar(rows.accuracy, heights[rows.index], xerr=spread, fmt=MARKERS[index],
                          capsize=2, elinewidth=1, mfc="white" if method == "handcrafted" else None,
                          label=method)  # fmt: skip
        axes.axvline(paper.ACCURACY, linestyle=LINES[1], color="black", linewidth=1,
                     label=f"paper, {paper.ACCURACY:.2%}")  # fmt: skip
        axes.axvline(chance, linestyle=LINES[3], color="black", label="guessing")
        axes.set(title=title, xlabel="Test accuracy\n(95 % interval)", xlim=(0, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1))
    pair[0].set_yticks(range(len(labels)), labels)
    pair[0].set_ylabel("View, protocol")
    pair[0].set_ylim(max(1, len(labels)) - 0.5, -0.5)
    handles, names = pair[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    by_image = table[table.scored == "image"]
    spans = by_image.groupby(["label", "method"]).accuracy.agg(["min", "max"])
    said = [
        f"{label}, {method}, {low:.1%}" + (f" to {high:.1%}" if low < high else "")
        for (label, method), low, high in spans.loc[labels].itertuples()
    ]
    return describe(
        figure,
        "Two diagrams, one for single images and one for votes, with a line for each view and "
        "protocol and a dot with its interval for each run. Of single images are right: "
        f"{'; '.join(said)}. A dashed line marks the paper's {paper.ACCURACY:.2%}, a dotted one "
        f"guessing, {chance:.0%}.",
    )


@style()
def forest(table: pd.DataFrame, *, xlabel: str) -> Figure:
    """Differences of accuracy in points, with 95 % intervals; hollow if it contains zero.

    Parameters
    ----------
    table
        Columns label (a line of the figure), scored (``image`` or ``vote``), difference, low,
        high; rows of one label belong together.
    """
    labels = list(dict.fromkeys(table.label))
    names = {"image": "each test image", "vote": "one vote a track"}
    figure, ((axes,),) = _canvas(1, 1, 1.1 + 0.42 * max(1, len(labels)))
    for index, (scored, name) in enumerate(names.items()):
        rows = 100 * table[table.scored == scored].set_index("label")[["difference", "low", "high"]]
        for label, difference, low, high in rows.itertuples():
            sure = low > 0 or high < 0
            height = labels.index(label) + 0.34 * index - 0.17
            axes.errorbar(difference, height, xerr=[[difference - low], [high - difference]],
                          fmt=MARKERS[index], color=COLORS[index], capsize=3,
                          mfc=None if sure else "white")  # fmt: skip
            text = f"{difference:+.1f} ({low:+.1f} to {high:+.1f})"
            axes.text(1.02, height, text, transform=axes.get_yaxis_transform(), va="center",
                      size=8)  # fmt: skip
        axes.plot([], [], MARKERS[index], color=COLORS[index], label=name)
    axes.plot([], [], MARKERS[0], color="gray", mfc="white", label="interval contains zero")
    axes.axvline(0, color="black", linewidth=1)
    axes.set(xlabel=xlabel, ylabel="Comparison")
    axes.set_yticks(range(len(labels)), [textwrap.fill(label, 20) for label in labels])
    axes.set_ylim(max(1, len(labels)) - 0.5, -0.5)
    figure.legend(loc="outside lower center", ncols=3)
    by_image = table[table.scored == "image"].set_index("label")[["difference", "low", "high"]]
    said = [f"{label}, {difference:+.1f} ({low:+.1f} to {high:+.1f})"
            for label, difference, low, high in (100 * by_image).itertuples()]  # fmt: skip
    open_ = int(((table.low <= 0) & (table.high >= 0)).sum())
    return describe(
        figure,
        f"{xlabel}: a dot and a bar for the 95 % interval, once over images and once over votes, "
        f"and a line at zero. Over images: {'; '.join(said) or 'nothing'}. {open_} of "
        f"{len(table)} intervals contain zero; their marks are hollow.",
    )


@style()
def recall_by_protocol(table: pd.DataFrame) -> Figure:
    """Recall of each genre when images and when tracks are dealt, beside the paper's.

    Parameters
    ----------
    table
        As `genre_lib.book.comparisons.recall_changes` gives it.
    """
    figure, ((axes,),) = _canvas(1, 1, 1.0 + 0.34 * len(table))
    rows = np.arange(len(table))
    printed = {row.genre: row.recall for row in paper.TABLE_2}
    for index, (protocol, shift) in enumerate({"image": -0.14, "track": 0.14}.items()):
        own = table[protocol]
        spread = (own - table[f"{protocol}_low"], table[f"{protocol}_high"] - own)
        axes.errorbar(own, rows + shift, xerr=np.abs(spread), fmt=MARKERS[index], capsize=2,
                      elinewidth=1, label=f"protocol {protocol}")  # fmt: skip
    for row, (start, stop) in enumerate(zip(table.image, table.track, strict=True)):
        axes.annotate("", (stop, row + 0.14), (start, row - 0.14),
                      arrowprops={"arrowstyle": "->", "color": COLORS[7]})  # fmt: skip
    axes.plot([printed.get(genre, np.nan) for genre in table.genre], rows, MARKERS[2],
              color=COLORS[2], mfc="white", label="paper")  # fmt: skip
    axes.set_yticks(rows, table.genre.tolist())
    axes.set(xlabel="Recall (95 % interval)", ylabel="Genre", xlim=(-0.02, 1.02))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3)
    change = (table.track - table.image).astype(float)
    most = table.loc[change.nsmallest(2).index]
    losses = [f"{row.genre} from {row.image:.0%} to {row.track:.0%}" for row in most.itertuples()]
    return describe(
        figure,
        f"Recall of {len(table)} genres with intervals: an arrow leads from a dot (images dealt) "
        "to a square (tracks dealt), hollow diamonds are the paper's. Recall is lower when tracks "
        f"are dealt for {(change < 0).sum()} of them"
        + (f", most of all for {_listed(losses)}." if losses else "."),
    )


@style()
def accuracy_of_known(table: pd.DataFrame) -> Figure:
    """Accuracy by the number of images of the test image's track that were in training.

    Parameters
    ----------
    table
        As `genre_lib.book.comparisons.accuracy_by_known` gives it.
    """
    figure, ((axes,),) = _canvas(1, 1, 2.9)
    for index, (name, rows) in enumerate(
        {"unknown track": table[table.known == 0], "known track": table[table.known > 0]}.items()
    ):
        spread = np.abs((rows.accuracy - rows.low, rows.high - rows.accuracy))
        axes.errorbar(rows.known, rows.accuracy, yerr=spread, fmt=MARKERS[1 - index],
                      color=COLORS[1 - index], capsize=3, label=name)  # fmt: skip
        for known, count, low in zip(rows.known, rows.images, rows.low, strict=True):
            axes.annotate(f"{count:,}", (known, low), (0, -4), textcoords="offset points",
                          ha="center", va="top", size=8)  # fmt: skip
    axes.set(xlabel="Images of the same track in training (number)", ylim=(0, 1))
    axes.set_ylabel("Test accuracy\n(95 % interval)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    figure.legend(loc="outside lower center", ncols=2)
    said = [f"with {row.known}, {row.accuracy:.1%}" for row in table.itertuples()]
    return describe(
        figure,
        "Test accuracy with intervals over the number of images of the same track in training: "
        f"{'; '.join(said)}. A square at zero is for unknown tracks, dots are for known ones.",
    )


@style()
def accuracy_curves(runs: Mapping[str, Run]) -> Figure:
    """Training accuracy, as the loop sees it and re-scored, and validation accuracy, run by run."""
    figure, grid = _canvas(1, max(1, len(runs)), 3.0, sharey=True)
    names = {"train": "training, running", "clean_train": "training, re-scored on clean images",
             "validation": "validation"}  # fmt: skip
    printed = {"training": paper.TRAIN_ACCURACY, "validation": paper.VALIDATION_ACCURACY}
    for axes, (title, run) in zip(grid.flat, runs.items(), strict=False):
        for index, (key, label) in enumerate(names.items()):
            axes.plot(run.history.epoch, run.history[f"{key}_accuracy"], LINES[index],
                      marker=MARKERS[index], markevery=0.1, label=label)  # fmt: skip
        for (name, value), shift in zip(printed.items(), (-3, 3), strict=True):
            axes.axhline(value, linestyle=LINES[3], color="black", linewidth=1)
            axes.annotate(f"paper, {name}", (0.02, value), (0, shift), textcoords="offset points",
                          xycoords=("axes fraction", "data"), size=8,
                          va="top" if shift < 0 else "bottom",
                          bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5},
                          )  # fmt: skip
        axes.set(title=title, ylim=(0, 1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in grid.flat:
        _epochs(axes)
    grid[0, 0].set_ylabel("Accuracy")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    ends = [
        f"{title}, "
        + ", ".join(f"{label} {run.history[f'{key}_accuracy'].iloc[-1]:.1%}"
                    for key, label in names.items())
        for title, run in runs.items()
    ]  # fmt: skip
    return describe(
        figure,
        f"Accuracy over the epochs, a diagram for each of {len(runs)} runs with three rising "
        f"curves. In the last epoch: {'; '.join(ends) or 'nothing'}. Dotted lines mark the paper's "
        f"{paper.TRAIN_ACCURACY:.2%} in training and {paper.VALIDATION_ACCURACY:.2%} in "
        "validation.",
    )


@style()
def parameters_by_layer(table: pd.DataFrame) -> Figure:
    """How many of the network's parameters each layer of Table I holds."""
    own = table[table.parameters > 0]
    figure, ((axes,),) = _canvas(1, 1, 0.8 + 0.36 * len(own))
    bars = axes.barh([textwrap.fill(layer, 24) for layer in own.layer], own.parameters)
    axes.bar_label(bars, labels=[f"{count:,}" for count in own.parameters], padding=3)
    axes.set(xlabel="Parameters (number)", ylabel="Layer")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.margins(x=0.18)
    axes.invert_yaxis()
    said = [f"{row.layer}, {row.parameters:,}" for row in own.itertuples()]
    largest = own.sort_values("parameters").iloc[-1]
    return describe(
        figure,
        f"A bar for each layer with its number of parameters: {'; '.join(said)}. The longest bar "
        f"is that of {largest.layer}, with {largest.parameters / own.parameters.sum():.0%} of all.",
    )


# The paper put to the test


@style()
def verdicts(counts: Mapping[str, int]) -> Figure:
    """How many claims have each verdict."""
    figure, ((axes,),) = _canvas(1, 1, 0.8 + 0.34 * len(counts))
    hatches = ("", "//", "xx", "..")
    for row, ((verdict, count), hatch) in enumerate(zip(counts.items(), hatches, strict=True)):
        bar = axes.barh(row, count, color=COLORS[row], hatch=hatch, edgecolor="black")
        axes.bar_label(bar, labels=[str(count)], padding=3)
        axes.annotate(verdict, (0, row), (-6, 0), textcoords="offset points", ha="right",
                      va="center")  # fmt: skip
    axes.set(xlabel="Claims of the paper (number)", yticks=[])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.08)
    axes.invert_yaxis()
    said = [f"{verdict}, {count}" for verdict, count in counts.items()]
    return describe(
        figure,
        f"A bar for each verdict with its number of claims: {'; '.join(said)}, of "
        f"{sum(counts.values())} in all.",
    )


@style()
def printed_recalls(table: pd.DataFrame) -> Figure:
    """Recall of each genre in Table II, with its 95 % interval by images and by tracks.

    Parameters
    ----------
    table
        Columns genre, recall, and low and high of each unit: images_low, images_high, tracks_low,
        tracks_high.
    """
    figure, ((axes,),) = _canvas(1, 1, 1.0 + 0.3 * len(table))
    rows = np.arange(len(table))
    for index, (unit, shift) in enumerate({"images": -0.13, "tracks": 0.13}.items()):
        spread = (table.recall - table[f"{unit}_low"], table[f"{unit}_high"] - table.recall)
        axes.errorbar(table.recall, rows + shift, xerr=np.abs(spread), fmt=MARKERS[index],
                      capsize=2, elinewidth=1, label=f"if {unit} are independent")  # fmt: skip
    axes.axvline(paper.ACCURACY, linestyle=LINES[1], color="black", linewidth=1,
                 label="accuracy of all")  # fmt: skip
    axes.set_yticks(rows, table.genre.tolist())
    axes.set(xlabel="Recall (95 % interval)", ylabel="Genre", xlim=(0, 1.02))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=2)
    by_recall = table.set_index("genre").recall
    widths = [100 * (table[f"{unit}_high"] - table[f"{unit}_low"]).mean()
              for unit in ("images", "tracks")]  # fmt: skip
    return describe(
        figure,
        f"Printed recall of {len(table)} genres, from {by_recall.min():.1%} ({by_recall.idxmin()}) "
        f"to {by_recall.max():.1%} ({by_recall.idxmax()}), each with two bars. If images are "
        f"independent, a bar is {widths[0]:.0f} points long on average, if only tracks are, "
        f"{widths[1]:.0f} points. A dashed line marks the accuracy of all, {paper.ACCURACY:.2%}.",
    )


@style()
def stopped_on_plan(plan: pd.DataFrame, marks: Mapping[str, int]) -> Figure:
    """The learning rate that was planned, and where the training was when it ended.

    Parameters
    ----------
    plan
        A row an epoch, by number; a column for each reading of the schedule, as shares of the peak.
    marks
        Epochs by what happened in them.
    """
    figure, ((axes,),) = _canvas(1, 1, 3.0)
    for index, (name, values) in enumerate(plan.items()):
        axes.plot(plan.index, values, LINES[index], label=name)
    for index, (name, epoch) in enumerate(marks.items()):
        axes.axvline(epoch, color="black", linestyle=LINES[index + 2], linewidth=1)
        axes.plot([], [], color="black", linestyle=LINES[index + 2], label=f"{name}: {epoch}")
    axes.set_ylabel("Learning rate\n(share of its peak)")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
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


@style()
def map_of_readings(runs: Mapping[str, Run], nearest: pd.DataFrame) -> Figure:
    """Trainings as paths in the plane of training and validation accuracy, and the paper's point.

    Parameters
    ----------
    nearest
        Where each run passes the paper's training accuracy, as `comparisons.readings` gives it;
        runs that follow the recipe are drawn.
    """
    nearest = nearest[nearest.recipe]
    figure, ((axes,),) = _canvas(1, 1, 4.6)
    looks = {"image": (COLORS[0], "-", "o"), "track": (COLORS[1], "--", "s"),
             "fault-filtered": (COLORS[2], ":", "D")}  # fmt: skip
    labels = set()
    for name in nearest.run:
        run = runs[name]
        color, line, marker = looks[run.settings.protocol]
        full = run.settings.profile == "paper"
        split = run.settings.protocol
        label = f"split by {split}" if split in ("image", "track") else f"{split} split"
        label += ", full budget" if full else ""
        path = run.history[["train_accuracy", "validation_accuracy"]].to_numpy().T
        axes.plot(*path, line, color=color, linewidth=0.8 if full else 1.4, alpha=0.8)
        axes.plot(*path[:, -1], "*" if full else marker, color=color, markersize=11 if full else 6,
                  mec="black", label=None if label in labels else label,
                  linestyle="none")  # fmt: skip
        labels.add(label)
    point = paper.TRAIN_ACCURACY, paper.VALIDATION_ACCURACY
    axes.plot(*point, "P", color="black", markersize=11, linestyle="none", label="the paper")
    axes.axvline(point[0], color="black", linewidth=0.8, linestyle=":")
    axes.axline((0, 0), slope=1, color="gray", linewidth=0.8)
    axes.annotate("training = validation", (0.34, 0.34), rotation=38, color="gray", size=8,
                  rotation_mode="anchor", va="top")  # fmt: skip
    axes.set(xlim=(0.15, 1.01), ylim=(0.15, 1.01), xlabel="Training accuracy, running",
             ylabel="Validation accuracy")  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    figure.legend(loc="outside lower center", ncols=2)
    passes = [f"{row.run}, {row.validation_accuracy:.1%}" for row in nearest.itertuples()]
    return describe(
        figure,
        "Trainings as lines from lower left to upper right in the plane of running training "
        f"accuracy and validation accuracy. The paper's point lies at {point[0]:.2%} and "
        f"{point[1]:.2%}. Where training accuracy is nearest to the paper's, validation accuracy "
        f"is: {'; '.join(passes)}.",
    )
