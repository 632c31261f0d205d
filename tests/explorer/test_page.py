"""Instruments of the static page: each control is linked to what it shows."""

import re
from functools import partial

import numpy as np
import pytest
from instruments import invented, noise
from ipywidgets.widgets.widget import _instances
from ipywidgets.widgets.widget_link import Link

from genre_lib import explorer
from genre_lib.augment import IMAGE_SIZE
from genre_lib.config import SpectrogramSettings, configure
from genre_lib.corpus import Track
from genre_lib.explorer import page
from genre_lib.explorer.drawing import picture
from genre_lib.predict import DEMONSTRATION, read_trained
from genre_lib.splits import make_dataset


@pytest.fixture(autouse=True)
def in_an_edition(monkeypatch):
    monkeypatch.setenv("GENRE_EDITION", "embedded")


@pytest.fixture(scope="module")
def store():
    return noise(("high", "low"), 4)


def linked(control):
    """The stacks that a control is linked to in the browser, by their positions."""
    links = (w for w in _instances.values() if isinstance(w, Link))
    found = [link.target for link in links if link.source == (control, "index")]
    assert {trait for _, trait in found} <= {"selected_index"}
    return [stack for stack, _ in found]


def test_a_clip_shows_answer_attention_and_the_right_genre():
    html = page.clip(invented())
    assert "the network says disco, wrongly" in html
    labels = re.findall(r'class="mel-label"[^>]*>([^<]+)<', html)
    assert labels == ["attention", "disco", "jazz", "blues"]
    assert re.findall(r'class="mel-value"[^>]*>([^<]+)<', html) == ["× 16.0", "60%", "30%", "5%"]
    assert "<audio" not in html
    assert "x.<1>" not in html
    assert page.clip(invented(genre="disco")).count("mel-label") == 4


def test_a_clip_with_sound_has_a_player_whose_cursor_starts_where_the_sound_does():
    html = page.clip(invented(sound="data:audio/mpeg;base64,bXAz"))
    assert 'src="data:audio/mpeg;base64,bXAz"' in html
    assert 'preload="metadata"' in html
    assert "--at: 0.25" in html
    assert "left: 25.00%; right: 25.00%" in html


def test_player_links_genre_and_clip():
    trained = read_trained(DEMONSTRATION)
    tones = [
        Track(f"{genre}.{n}", genre, partial(lambda n, rate: np.full(30 * rate, n / 9.0), n))
        for genre in ("blues", "rock")
        for n in (1, 2)
    ]
    genre, number, stack = explorer.player(explorer.hear(tones, trained)).children
    assert list(genre.options) == ["blues", "rock"]
    assert linked(genre) == [stack]
    assert linked(number) == list(stack.children)
    shown = [clip.value for shelf in stack.children for clip in shelf.children]
    assert len(set(shown)) == 4
    assert [re.search(r"(\w+\.\d):", html)[1] for html in shown] == [t.track_id for t in tones]
    genre, stack = explorer.player([invented(), invented(genre="jazz")]).children
    assert linked(genre) == [stack]
    assert len(stack.children) == 2


def test_view_browser_shows_every_image_with_its_subset_and_its_time(store):
    settings = configure(protocol="image", overrides={"images_per_track": 4})
    view, number, stack = explorer.view_browser(store, settings, "low.00001").children
    assert linked(view) == [stack]
    assert linked(number) == list(stack.children)
    ends = {}
    for name, shelf in zip(view.options, stack.children, strict=True):
        dataset = make_dataset(store, settings.model_copy(update={"view": name}), progress=False)
        rows = np.flatnonzero(dataset.table.track_id == "low.00001")
        shown = [each.value for each in shelf.children]
        assert len(set(shown)) == 4
        for row, html in zip(rows, shown, strict=True):
            assert f"of 4: {dataset.table.subset[row]}<" in html
            assert picture(dataset.images[row]) in html
        ends[name] = [float(re.findall(r"left:100%\">([\d.]+) s<", html)[0]) for html in shown]
    assert len(set(ends["copies"])) == 1
    assert ends["segments"] == sorted(set(ends["segments"]))
    assert ends["segments"][-1] == ends["copies"][0]


def test_augmentation_browser_shows_each_augmentation_and_all_together(store):
    settings = configure().augmentation
    browser = explorer.augmentation_browser(store, "high.00000", settings, draws=3)
    change, draws, stack = browser.children
    assert change.options[0] == "none"
    assert change.options[-1] == "all four"
    assert linked(change) == [stack]
    assert linked(draws) == list(stack.children)
    assert len({each.layout.model_id for shelf in stack.children for each in shelf.children}) == 1
    shown = [
        {re.search(r'src="([^"]+)"', each.value)[1] for each in shelf.children}
        for shelf in stack.children
    ]
    assert [len(pictures) for pictures in shown] == [1, 3, 1, 3, 3, 3]
    assert not any(shown[0] & pictures for pictures in shown[1:])


def test_resolution_browser_computes_each_position_from_the_audio():
    audio = np.random.default_rng(0).normal(0, 0.1, 3 * 22050).astype(np.float32)
    browser = explorer.resolution_browser(audio, SpectrogramSettings(), title="x")
    bands, floors, stack = browser.children
    assert linked(bands) == [stack]
    assert linked(floors) == list(stack.children)
    assert (bands.label, floors.label) == ("128", "−80")
    assert stack.selected_index == bands.index
    shown = [each.value for shelf in stack.children for each in shelf.children]
    assert len(set(shown)) == len(page.BANDS) * len(page.FLOORS)
    assert "16 bands, black at −20 dB" in shown[0]
    assert [re.search(r"bottom:0\">(−\d+)<", html)[1] for html in shown[: len(page.FLOORS)]] == [
        f"−{-floor}" for floor in page.FLOORS
    ]


def test_cutmix_mixer_offers_every_track_for_both_places(store):
    (form,) = explorer.cutmix_mixer(store, store.firsts).children
    assert form.value.count("<option") == 4
    assert form.value.count("data:image/webp") == 3  # one for each track, and what is shown first
    for name in ("own", "lender", "area", "time", "pitch"):
        assert f'name="{name}"' in form.value


def test_no_edge_of_the_box_lies_on_a_half_where_python_and_javascript_round_differently():
    percents = np.arange(101)
    sides = IMAGE_SIZE * np.sqrt(1 - (1 - percents / 100))
    edges = percents[:, None] / 100 * IMAGE_SIZE + np.outer([-0.5, 0.5], sides)[:, None]
    edges = edges.clip(0, IMAGE_SIZE)
    assert np.all(np.abs(edges % 1 - 0.5) > 1e-9)
