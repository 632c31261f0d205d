"""Instruments that answer in a page as it stands: nothing has to run behind it.

Every control is linked to what it changes in the browser itself: ``jslink``, or the script of the
pages. All pictures and sounds of an instrument are therefore in the page: keep them few and small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets
import numpy as np

from genre_lib.augment import IMAGE_SIZE, augment, pipeline, transforms
from genre_lib.book import figures
from genre_lib.book.templates import fill
from genre_lib.config import AugmentationSettings, RunSettings, SpectrogramSettings
from genre_lib.explorer.drawing import instrument, panel, picture
from genre_lib.explorer.examples import Example, courses
from genre_lib.spectrogram import mel_decibels, to_gray
from genre_lib.splits import images_of, resize, split_images
from genre_lib.store import Store

BANDS = (16, 32, 64, 128)
FLOORS = (-20, -40, -60, -80, -100)  # dB below the loudest point


def browser(
    draw: Callable[..., str], choices: Mapping[str, Sequence[Any]], **first: Any
) -> widgets.VBox:
    """Show what `draw` makes, as HTML, of an option of each of the choices.

    Options that are texts come in a menu, others on a slider, which begins at the `first` if one is
    given; where there is only one, there is nothing to choose. Only what is shown is in the
    document: a sound stops when its clip is left.
    """
    controls = [
        widgets.Dropdown(options=options, description=label)
        if isinstance(options[0], str)
        else widgets.SelectionSlider(
            options=[(str(option).replace("-", "−"), option) for option in options],
            value=first.get(label, options[0]),
            description=label,
        )
        for label, options in choices.items()
    ]
    layout = widgets.Layout()  # one for all: less in the page

    def shown(*chosen: Any) -> widgets.Widget:
        if len(chosen) == len(controls):
            return widgets.HTML(draw(*chosen), layout=layout)
        control, options = controls[len(chosen)], [*choices.values()][len(chosen)]
        stack = widgets.Stack(
            [shown(*chosen, option) for option in options], selected_index=control.index
        )
        widgets.jslink((control, "index"), (stack, "selected_index"))
        return stack

    return instrument(*(each for each in controls if len(each.options) > 1), shown())


def player(examples: Sequence[Example]) -> widgets.VBox:
    """Choose a genre and a clip: see it, hear it, see what a network makes of its moments."""
    shelves: dict[str, list[Example]] = {}
    for example in examples:
        shelves.setdefault(example.genre, []).append(example)
    numbers = [str(number + 1) for number in range(min(map(len, shelves.values())))]
    return browser(
        lambda genre, number: clip(shelves[genre][int(number) - 1]),
        {"genre": list(shelves), "clip": numbers},
    )


def clip(example: Example) -> str:
    """A spectrogram with a network's attention and genres below it, and a player if it sounds."""
    verdict = {"": "", example.answer: ", rightly"}.get(example.genre, ", wrongly")
    title = f"{example.track_id}: the network says {example.answer}{verdict}"
    seek, rows = fill("seek.html", **example._asdict()), courses(example)
    draw = partial(panel, example.gray, example.manifest, title=title, stop=example.seconds)
    return fill("clip.html", **example._asdict(), drawn=draw(over=seek, rows=rows))


def augmentation_browser(
    store: Store, track_id: str, settings: AugmentationSettings, *, draws: int = 4
) -> widgets.VBox:
    """Choose an augmentation, then step through random draws of it."""
    original = resize(store.images[store.position(track_id)])
    certain, names = figures.always(settings), list(transforms(settings))
    kinds = {"none": [], **{name: [name] for name in names}, "all four": names}

    def draw(name: str, number: int) -> str:
        (image,) = augment(original[None], pipeline(certain, kinds[name]), seed=number - 1)
        change = "unchanged" if name == "none" else f"{name}, draw {number}"
        return panel(image, store.manifest, title=f"{track_id}, {change}", stop=store.seconds)

    return browser(draw, {"change": list(kinds), "draw": range(1, draws + 1)})


def view_browser(store: Store, settings: RunSettings, track_id: str) -> widgets.VBox:
    """Step through the images that each view makes of one track, each with its subset."""
    count, seconds = settings.images_per_track, store.seconds
    edges = np.linspace(0, seconds, count + 1).tolist()
    images, subsets = {}, {}
    for view in ("copies", "segments"):
        viewed = settings.model_copy(update={"view": view})
        table = split_images(store, viewed)
        images[view] = images_of(store, viewed, store.position(track_id))
        subsets[view] = table.subset[table.track_id == track_id].tolist()

    def draw(view: str, number: int) -> str:
        title = f"{track_id}, image {number} of {count}: {subsets[view][number - 1]}"
        start, stop = (0, seconds) if view == "copies" else edges[number - 1 : number + 1]
        image = images[view][number - 1]
        return panel(image, store.manifest, title=title, start=start, stop=stop)

    return browser(draw, {"view": list(images), "image": range(1, count + 1)})


def resolution_browser(
    audio: np.ndarray, settings: SpectrogramSettings, *, title: str
) -> widgets.VBox:
    """Slide the number of mel bands and the dB floor of mono audio at the settings' rate."""

    def draw(n_mels: int, floor: int) -> str:
        changed = settings.model_copy(update={"n_mels": n_mels, "top_db": -float(floor)})
        gray = to_gray(mel_decibels(audio, changed), top_db=changed.top_db)
        named = f"{title}, {n_mels} bands, black at −{-floor} dB"
        stop = len(audio) / changed.sample_rate
        return panel(gray, changed.model_dump(), title=named, stop=stop)

    choices = {"mel bands": BANDS, "dB floor": FLOORS}
    return browser(draw, choices, **{"mel bands": BANDS[-1], "dB floor": -80})


def cutmix_mixer(store: Store, track_ids: Sequence[str]) -> widgets.VBox:
    """Paste a box of one track into another: choose both, slide the box, read the label."""
    genres = [store.genres[store.labels[store.position(track_id)]] for track_id in track_ids]
    images = [resize(store.images[store.position(track_id)]) for track_id in track_ids]
    pictures = zip(genres, map(picture, images), strict=True)
    over = '<img class="dark-light" alt="" aria-hidden="true"><div class="cutmix-box"></div>'
    mixed = panel(images[0], store.manifest, title="", stop=store.seconds, over=over)
    form = fill("cutmix.html", size=IMAGE_SIZE, tracks=list(pictures), mixed=mixed)
    return instrument(widgets.HTML(form))
