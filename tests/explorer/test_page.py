import io
import re
from functools import partial

import numpy as np
import pytest
import soundfile
from ipywidgets.widgets.widget import _instances
from ipywidgets.widgets.widget_link import Link

from genre_lib import explorer
from genre_lib.augment import IMAGE_SIZE
from genre_lib.config import GENRES, SpectrogramSettings, configure
from genre_lib.corpus import Track
from genre_lib.explorer import page
from genre_lib.moments import Moments
from genre_lib.predict import DEMONSTRATION, read_trained
from genre_lib.splits import make_dataset
from genre_lib.store import Store

MANIFEST = {"sample_rate": 22050, "hop_length": 512, "n_mels": 128}
MANIFEST |= {"top_db": 80.0, "fmin": 0.0, "fmax": 11025.0}


def noise(genres: tuple[str, ...], per_genre: int, **manifest) -> Store:
    """A store of noise with as many tracks of each genre."""
    rng = np.random.default_rng(0)
    count = len(genres) * per_genre
    return Store(
        name="noise",
        path=None,
        track_ids=tuple(f"{genre}.{number:05d}" for genre in genres for number in range(per_genre)),
        genres=genres,
        labels=np.repeat(np.arange(len(genres)), per_genre),
        images=rng.integers(0, 256, (count, MANIFEST["n_mels"], 160), np.uint8),
        manifest=MANIFEST | manifest,
        digest="",
    )


@pytest.fixture(scope="module")
def store():
    return noise(("high", "low"), 4)


@pytest.fixture(scope="module")
def trained():
    return read_trained(DEMONSTRATION)


def linked(control):
    """The stacks that a control is linked to in the browser, by their positions."""
    links = (w for w in _instances.values() if isinstance(w, Link))
    found = [link.target for link in links if link.source == (control, "index")]
    assert {trait for _, trait in found} <= {"selected_index"}
    return [stack for stack, _ in found]


def parts(browser):
    """The controls and the stack of an instrument, without its style."""
    style, *rest = browser.children
    assert "<style" in style.value
    return rest


# What a network makes of a clip


def test_songs_are_those_that_the_network_did_not_train_on(trained):
    songs = explorer.new_songs(trained, per_genre=2)
    assert [song.genre for song in songs] == [genre for genre in GENRES for _ in range(2)]
    whole = noise(GENRES, trained.settings.songs_per_genre)
    small = trained.settings.model_copy(update={"images_per_track": 1})
    table = make_dataset(whole, small, progress=False).table
    dealt = dict(zip(table.track_id, table.subset, strict=True))
    assert {dealt[song.track_id] for song in songs} == {"test"}


def test_what_is_heard_is_the_middle_of_the_clip(trained):
    def ramp(rate):
        time = np.arange(30 * rate) / rate
        return (np.sin(2 * np.pi * 440 * time) * np.where(time < 15, 0.1, 0.8)).astype(np.float32)

    (example,) = explorer.hear([Track("blues.1", "blues", ramp)], trained)
    assert example.gray.shape[0] == trained.recipe.n_mels
    assert example.seen.attention.sum() == pytest.approx(1, abs=1e-5)
    assert example.answer in trained.about.genres
    assert example.start + example.length / 2 == example.seconds / 2
    sound, rate = soundfile.read(io.BytesIO(example.sound))
    assert len(sound) / rate == pytest.approx(example.length, abs=0.1)
    first, second = np.array_split(sound, 2)
    assert np.sqrt((second**2).mean() / (first**2).mean()) == pytest.approx(8, rel=0.1)
    assert len(example.sound) * 8 / example.length < 25_000  # bits a second


def test_mp3_keeps_pitch_and_level():
    rate = 22050
    tone = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate)).astype(np.float32)
    sound, found = soundfile.read(io.BytesIO(page.mp3(tone, rate)))
    assert found == rate
    middle = sound[rate // 2 : -rate // 2]
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.fft.rfftfreq(len(middle), 1 / rate)[spectrum.argmax()] == pytest.approx(1000, abs=3)
    assert np.abs(middle).max() == pytest.approx(0.5, rel=0.1)


def test_real_tracks_are_one_a_genre_and_new_to_the_network(trained):
    store = noise(("high", "low"), 20)
    examples = explorer.look(store, trained)
    assert [example.genre for example in examples] == ["high", "low"]
    table = page.split_images(store, trained.settings)
    test = table[table.subset == "test"]
    for example in examples:
        assert example.track_id == test.track_id[test.genre == example.genre].iloc[0]
        assert example.sound is None
        assert example.seconds == pytest.approx(160 * store.frame_period)


def test_a_store_of_other_spectrograms_is_not_shown_to_the_network(trained):
    assert explorer.look(noise(("high", "low"), 4, top_db=60.0), trained) == []


def invented(*, genre="blues", sound=None, peak=10):
    attention = np.full(32, 0.5 / 31)
    attention[peak] = 0.5
    probabilities = np.tile([0.05, 0.6, 0.3, 0.05], (32, 1))
    seen = Moments(attention, probabilities, probabilities[0])
    genres = ("blues", "disco", "jazz", "pop")
    gray = np.zeros((128, 900), np.uint8)
    return page.Example(
        "x.<1>", genre, gray, MANIFEST, 30.0, genres, seen, sound=sound, start=7.5, length=15.0
    )


def test_a_clip_shows_answer_attention_and_the_right_genre():
    example = invented()
    assert (example.answer, example.right, example.steadiness) == ("disco", False, 1)
    assert example.peak == pytest.approx(16)
    html = page.clip(example)
    assert "the network says disco, wrongly" in html
    assert re.findall(r'class="mel-label"[^>]*>([^<]+)<', html) == [
        "attention",
        "disco",
        "jazz",
        "blues",
    ]
    assert re.findall(r'class="mel-value"[^>]*>([^<]+)<', html) == ["× 16.0", "60%", "30%", "5%"]
    assert "<audio" not in html
    assert "x.<1>" not in html
    assert page.clip(example._replace(genre="disco")).count("mel-label") == 4


def test_a_clip_with_sound_has_a_player_whose_cursor_starts_where_the_sound_does():
    html = page.clip(invented(sound=b"mp3"))
    assert 'src="data:audio/mpeg;base64,bXAz"' in html
    assert 'preload="metadata"' in html
    assert "--at: 0.25" in html
    assert "left: 25.00%; right: 25.00%" in html


def test_every_picture_says_what_is_seen():
    gray = np.zeros((128, 40), np.uint8)
    gray[20:30] = 255
    text = page.describe(gray, MANIFEST)
    loud, half, black = map(float, re.findall(r"\d+", text))
    assert 0 < loud <= half < 1500
    assert black == pytest.approx(100 * 118 / 128, abs=1)


# Instruments


def test_player_links_genre_and_clip(trained):
    tones = [
        Track(f"{genre}.{n}", genre, partial(lambda n, rate: np.full(30 * rate, n / 9.0), n))
        for genre in ("blues", "rock")
        for n in (1, 2)
    ]
    genre, number, stack = parts(explorer.player(explorer.hear(tones, trained)))
    assert list(genre.options) == ["blues", "rock"]
    assert linked(genre) == [stack]
    assert linked(number) == list(stack.children)
    shown = [clip.value for shelf in stack.children for clip in shelf.children]
    assert len(set(shown)) == 4
    assert [re.search(r"(\w+\.\d):", html)[1] for html in shown] == [t.track_id for t in tones]


def test_a_player_without_sound_needs_no_choice_of_clips():
    genre, stack = parts(explorer.player([invented(), invented(genre="jazz")]))
    assert linked(genre) == [stack]
    assert len(stack.children) == 2


def test_view_browser_shows_every_image_as_the_protocol_deals_it(store):
    settings = configure(protocol="image", overrides={"images_per_track": 4})
    view, number, stack = parts(explorer.view_browser(store, settings, "low.00001"))
    assert linked(view) == [stack]
    assert linked(number) == list(stack.children)
    for name, shelf in zip(view.options, stack.children, strict=True):
        own = settings.model_copy(update={"view": name})
        dataset = make_dataset(store, own, progress=False)
        rows = np.flatnonzero(dataset.table.track_id == "low.00001")
        shown = [picture.value for picture in shelf.children]
        assert len(set(shown)) == 4
        for row, html in zip(rows, shown, strict=True):
            assert f"of 4: {dataset.table.subset[row]}<" in html
            assert page.data_uri(page.webp(dataset.images[row]), "image/webp") in html


def test_segments_have_times_of_their_own(store):
    settings = configure(overrides={"images_per_track": 4})
    *_, stack = parts(explorer.view_browser(store, settings, "low.00001"))
    ends = [
        [re.findall(r"left:100%\">([\d.]+) s<", picture.value)[0] for picture in shelf.children]
        for shelf in stack.children
    ]
    assert len(set(ends[0])) == 1
    assert ends[1] == sorted(set(ends[1]), key=float)
    assert ends[1][-1] == ends[0][0]


def test_augmentation_browser_shows_each_augmentation_and_all_together(store):
    settings = configure().augmentation
    change, stack = parts(explorer.augmentation_browser(store, "high.00000", settings, draws=3))
    assert change.options[0] == "none"
    assert change.options[-1] == "all four"
    assert linked(change) == [stack]
    original, *shelves = stack.children
    for name, shelf in zip(change.options[1:], shelves, strict=True):
        draws, pictures = shelf.children
        assert linked(draws) == [pictures]
        shown = {re.search(r'src="([^"]+)"', each.value)[1] for each in pictures.children}
        assert len(shown) == (1 if name == "horizontal flip" else 3)
        assert not any(uri in original.value for uri in shown)


def test_resolution_browser_computes_each_position_from_the_audio():
    settings = SpectrogramSettings()
    audio = np.random.default_rng(0).normal(0, 0.1, 3 * 22050).astype(np.float32)
    bands, floors, stack = parts(explorer.resolution_browser(audio, settings, title="x"))
    assert linked(bands) == [stack]
    assert linked(floors) == list(stack.children)
    assert (bands.label, floors.label) == ("128", "−80")
    assert stack.selected_index == bands.index
    shown = [picture.value for shelf in stack.children for picture in shelf.children]
    assert len(set(shown)) == len(page.BANDS) * len(page.FLOORS)
    assert "16 bands, black at −20 dB" in shown[0]
    assert [re.search(r"bottom:0\">(−\d+)<", html)[1] for html in shown[: len(page.FLOORS)]] == [
        f"−{floor}" for floor in page.FLOORS
    ]


def test_cutmix_mixer_offers_every_track_for_both_places(store):
    (form,) = parts(explorer.cutmix_mixer(store, store.firsts))
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


def test_the_label_of_a_player_is_text():
    html = page.audio_player("data:,", label='"><script>', seconds=30.0)
    assert "<script>" not in html
    assert 'aria-label="&quot;&gt;&lt;script&gt;"' in html


# Weight


def test_pictures_of_a_stack_share_what_is_the_same_for_all():
    control = page.menu("x", ["a", "b", "c"])
    stack = page.stack(control, ["<p>a</p>", "<p>b</p>", "<p>c</p>"])
    assert len({each.layout.model_id for each in stack.children}) == 1


def test_a_wide_spectrogram_is_averaged_and_a_narrow_one_is_left_alone():
    gray = np.tile(np.array([0, 200], np.uint8), (4, page.COLUMNS))
    assert page.narrow(gray).shape == (4, page.COLUMNS)
    assert np.all(page.narrow(gray) == 100)
    few = gray[:, :10]
    assert page.narrow(few) is few
