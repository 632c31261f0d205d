"""Widgets to look at spectrograms with, in the static page and with a kernel.

Every control is linked to what it changes in the browser itself (``jslink``), so a page works
without a kernel. All pictures of an instrument are therefore in the page: keep them few.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import ipywidgets as widgets
import numpy as np

from genre_lib import figures
from genre_lib.augment import augment, composed, transforms
from genre_lib.config import AugmentationSettings
from genre_lib.spectrogram import Store
from genre_lib.splits import Dataset, resize

DPI = 96


def picture(store: Store, panel: figures.Panel) -> widgets.Image:
    """A spectrogram with its axes, as an image widget."""
    buffer = io.BytesIO()
    figure = figures.gallery(store, [panel], columns=1)
    figure.savefig(buffer, format="webp", dpi=DPI, pil_kwargs={"quality": 75})
    layout = {"width": "100%", "max_width": "600px"}
    return widgets.Image(value=buffer.getvalue(), format="webp", layout=layout)


def choice(label: str, pictures: Mapping[str, widgets.Widget]) -> widgets.VBox:
    """A drop-down list that shows one of several widgets."""
    menu = widgets.Dropdown(options=list(pictures), description=label)
    stack = widgets.Stack(list(pictures.values()), selected_index=0)
    widgets.jslink((menu, "index"), (stack, "selected_index"))
    return widgets.VBox([menu, stack])


def series(label: str, pictures: Sequence[widgets.Widget]) -> widgets.VBox:
    """A slider that steps through several widgets."""
    slider = widgets.IntSlider(min=0, max=len(pictures) - 1, description=label, readout=False)
    stack = widgets.Stack(list(pictures), selected_index=0)
    widgets.jslink((slider, "value"), (stack, "selected_index"))
    return widgets.VBox([slider, stack])


def track_browser(store: Store, *, per_genre: int = 3) -> widgets.VBox:
    """Choose a genre, then step through the mel spectrograms of its first tracks."""
    shelves = {}
    for label, genre in enumerate(store.genres):
        positions = np.flatnonzero(store.labels == label)[:per_genre]
        panels = [figures.track_panel(store, store.track_ids[position]) for position in positions]
        shelves[genre] = series("track", [picture(store, panel) for panel in panels])
    return choice("genre", shelves)


def image_browser(store: Store, dataset: Dataset, track_id: str) -> widgets.VBox:
    """Step through the images that a view makes of one track, each with its subset."""
    track = figures.track_panel(store, track_id)
    rows = np.flatnonzero(dataset.table.track_id == track_id)
    subsets = dataset.table.subset[rows]
    panels = [
        track._replace(title=f"{track_id}, image {number}: {subset}", gray=dataset.images[row])
        for number, (row, subset) in enumerate(zip(rows, subsets, strict=True), start=1)
    ]
    return series("image", [picture(store, panel) for panel in panels])


def augmentation_browser(
    store: Store, track_id: str, settings: AugmentationSettings, *, draws: int = 4
) -> widgets.VBox:
    """Choose an augmentation, then step through random draws of it."""
    track = figures.track_panel(store, track_id)
    original = resize(track.gray)
    certain = figures.always(settings)
    kinds = {name: [transform] for name, transform in transforms(certain).items()}
    kinds["all four"] = list(transforms(certain).values())
    shelves: dict[str, widgets.Widget] = {
        "none": picture(store, track._replace(title="original", gray=original))
    }
    for name, kind in kinds.items():
        compose = composed(kind)
        images = [augment(original[None], compose, seed=seed)[0] for seed in range(draws)]
        panels = [track._replace(title=name, gray=image) for image in images]
        shelves[name] = series("draw", [picture(store, panel) for panel in panels])
    return choice("change", shelves)
