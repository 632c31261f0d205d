import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from ipywidgets.widgets.widget_link import Link

from genre_lib import explorer
from genre_lib.config import configure
from genre_lib.spectrogram import Store
from genre_lib.splits import make_dataset


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rng = np.random.default_rng(0)
    manifest = {"sample_rate": 22050, "hop_length": 512, "n_mels": 32}
    manifest |= {"top_db": 80.0, "fmin": 0.0, "fmax": 11025.0}
    return Store(
        name="noise",
        path=tmp_path_factory.mktemp("store"),
        track_ids=tuple(f"{genre}.{number}" for genre in ("high", "low") for number in range(3)),
        genres=("high", "low"),
        labels=np.repeat([0, 1], 3),
        images=rng.integers(0, 256, (6, 32, 64), np.uint8),
        manifest=manifest,
        digest="",
    )


def linked(control, trait):
    """The stacks that a control is linked to in the browser."""
    links = (w for w in _instances.values() if isinstance(w, Link))
    return [link.target[0] for link in links if link.source == (control, trait)]


def test_track_browser_links_genres_and_tracks_in_the_browser(store):
    menu, stack = explorer.track_browser(store, per_genre=2).children
    assert list(menu.options) == list(store.genres)
    assert linked(menu, "index") == [stack]
    assert len(stack.children) == len(store.genres)
    for shelf in stack.children:
        slider, pictures = shelf.children
        assert linked(slider, "value") == [pictures]
        assert len(pictures.children) == slider.max - slider.min + 1 == 2
        assert len({picture.value for picture in pictures.children}) == 2


def test_image_browser_shows_every_image_of_the_track(store):
    dataset = make_dataset(store, configure(overrides={"images_per_track": 4}))
    slider, pictures = explorer.image_browser(store, dataset, "low.1").children
    assert linked(slider, "value") == [pictures]
    assert len(pictures.children) == 4
    assert all(bytes(picture.value)[8:12] == b"WEBP" for picture in pictures.children)


def test_augmentation_browser_shows_each_augmentation_and_all_together(store):
    browser = explorer.augmentation_browser(store, "high.0", configure().augmentation, draws=2)
    menu, stack = browser.children
    assert menu.options[0] == "none"
    assert menu.options[-1] == "all four"
    assert linked(menu, "index") == [stack]
    original = stack.children[0].value
    for shelf in stack.children[1:]:
        assert all(picture.value != original for picture in shelf.children[1].children)
