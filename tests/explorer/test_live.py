"""Live instruments: every control counts, errors are sentences, little memory, no traces."""

import base64
import gc
import io
import re
import tracemalloc
import weakref
from datetime import datetime
from functools import partial
from html import unescape
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from benchmarks.explorer import controls_of, notebook, shown_by
from genre_lib import explorer
from genre_lib.config import SpectrogramSettings
from genre_lib.corpus import Upload, read_audio
from genre_lib.explorer import live
from genre_lib.predict import header, predict_file, read_trained, report
from genre_lib.spectrogram import mel_decibels, to_gray

RATE = 22050


def music(seconds: float = 40.0, rate: int = RATE, *, seed: int = 0) -> np.ndarray:
    """A tone that glides, with hiss: every moment is different."""
    time = np.arange(round(seconds * rate)) / rate
    hiss = np.random.default_rng(seed).normal(0, 0.02, len(time))
    return (0.3 * np.sin(2 * np.pi * (300 + 20 * time) * time) + hiss).astype(np.float32)


def write(path: Path, audio: np.ndarray, rate: int = RATE, **more) -> Path:
    soundfile.write(path, audio, rate, **more)
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("music") / "glide.wav", music(), subtype="FLOAT")


@pytest.fixture(autouse=True)
def songs(monkeypatch):
    """Songs that take no time to compose."""
    numbers = {}

    def load(genre: str, number: int, seed: int, rate: int) -> np.ndarray:
        which = numbers.setdefault((genre, number), len(numbers))
        return music(30, rate, seed=which)

    live.song.cache_clear()
    monkeypatch.setattr(live, "load_song", load)
    yield
    live.song.cache_clear()


def knob(instrument, label):
    return controls_of(instrument)[label]


def turn(instrument, **values) -> None:
    """Set controls by their labels, one after the other."""
    for label, value in values.items():
        knob(instrument, label).value = value


def alert(instrument) -> str:
    """The sentence of an error, if one is shown."""
    value = shown_by(instrument)[0].value
    assert not value or '<p class="mel-alert" role="alert">' in value
    assert "Traceback" not in value
    return re.sub("<[^>]*>", "", value)


def texts(instrument) -> list[str]:
    return [text.value for text in shown_by(instrument)[1:]]


def gray(html: str, place: int = 0) -> np.ndarray:
    """Gray levels of a picture, lowest band first."""
    content = re.findall(r'src="data:image/png;base64,([^"]+)"', html)[place]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))[::-1]


def choose_file(instrument, path: Path) -> None:
    turn(instrument, sound="file", path=str(path))


def send(instrument, name: str, content: bytes) -> None:
    """Upload a file, as the browser does it."""
    knob(instrument, "sound").value = "upload"
    entry = {"name": name, "type": "audio/wav", "size": len(content), "content": content}
    knob(instrument, "audio file").value = ({**entry, "last_modified": datetime.now()},)


# Spectrogram


SPECTROGRAM = {
    "start (%)": 30.0,
    "length (s)": 12.5,
    "n_fft": 512,
    "hop_length": 1024,
    "n_mels": 40,
    "fmin": 200.0,
    "fmax": 4000.0,
    "top_db": 30.0,
    "sample_rate": 16000,
}


def test_every_control_of_the_spectrogram_changes_the_picture(file):
    instrument = explorer.spectrogram(file)
    choosing = set(controls_of(live.choose_sound()[0]))
    assert set(controls_of(instrument)) - choosing == set(SPECTROGRAM)
    turn(instrument, fmax=7000.0)  # possible at every rate
    for label, value in SPECTROGRAM.items():
        before = texts(instrument)
        knob(instrument, label).value = value
        after = texts(instrument)
        assert not alert(instrument)
        pictures = [re.search(r'src="(data:[^"]+)"', html[0]).group(1) for html in (before, after)]
        assert pictures[0] != pictures[1], label
        resounds = before[1] != after[1]
        assert resounds == (label in ("start (%)", "length (s)", "sample_rate")), label


def test_picture_and_sound_are_those_of_the_excerpt(file):
    for changes in (
        {},
        {"n_fft": 1024, "hop_length": 640, "n_mels": 200, "fmin": 100.0, "fmax": 9000.0},
        {"top_db": 40.0, "sample_rate": 44100, "fmax": 22050.0, "hop_length": 1024},
    ):
        instrument = explorer.spectrogram(file)
        turn(instrument, **changes, **{"start (%)": 10.0, "length (s)": 20.0})
        settings = SpectrogramSettings(**changes)
        part = read_audio(file, RATE)[2 * RATE : 22 * RATE]
        if settings.sample_rate != RATE:
            part = read_audio(file, settings.sample_rate, start=2, seconds=20)
        expected = to_gray(mel_decibels(part, settings), top_db=settings.top_db)
        shown, heard = texts(instrument)
        np.testing.assert_array_equal(gray(shown), expected)
        (content,) = re.findall(r'src="data:audio/wav;base64,([^"]+)"', heard)
        sound, rate = soundfile.read(io.BytesIO(base64.b64decode(content)), dtype="float32")
        assert rate == settings.sample_rate
        np.testing.assert_allclose(sound, part, atol=1e-4)


def test_a_picture_has_no_more_columns_than_can_be_made_in_time(file):
    instrument = explorer.spectrogram(file)
    for n_fft, hop in ((2048, 16), (8192, 512), (64, 16)):
        turn(instrument, n_fft=n_fft, hop_length=hop)
        columns = gray(texts(instrument)[0]).shape[1]
        assert 100 < columns <= live.COLUMNS + 1
        assert (columns - 1) * n_fft <= live.SAMPLES
        assert "No more is computed" in texts(instrument)[0]
    turn(instrument, n_fft=2048, hop_length=512)
    assert "No more is computed" not in texts(instrument)[0]


def test_an_excerpt_never_lies_behind_the_end(file, tmp_path):
    instrument = explorer.spectrogram(file)
    turn(instrument, **{"start (%)": 100.0})
    assert "10.0 to 40.0 s" in texts(instrument)[0]
    choose_file(instrument, write(tmp_path / "short.wav", music(4.0)))
    assert "0.0 to 4.0 s" in texts(instrument)[0]
    turn(instrument, **{"length (s)": 1.0})
    assert "3.0 to 4.0 s" in texts(instrument)[0]


def test_bands_without_a_frequency_are_counted(file):
    instrument = explorer.spectrogram(file)
    assert "bands are empty" not in texts(instrument)[0]
    turn(instrument, n_fft=256, n_mels=256)
    assert "of 256 bands are empty" in texts(instrument)[0]


# Errors are shown and go away


def test_an_impossible_value_is_refused_and_the_next_possible_one_answers():
    instrument = explorer.spectrogram()
    before = texts(instrument)
    for wrong, right, words in (
        ({"fmin": 5000.0, "fmax": 400.0}, {"fmin": 0.0}, "fmax = 400.0 is not between"),
        ({"sample_rate": 8000}, {"fmax": 4000.0}, "half the sample rate"),
        ({"n_fft": 64, "fmin": 100.0, "fmax": 110.0}, {"fmax": 9000.0}, "No frequency"),
        ({"sound": "file", "path": ""}, {"sound": "demonstration song"}, "Give the path"),
        ({"sound": "upload"}, {"sound": "demonstration song"}, "Choose an audio file"),
    ):
        turn(instrument, **wrong)
        assert words in alert(instrument)
        assert alert(instrument).endswith(".")
        assert texts(instrument) == ["", ""]
        turn(instrument, **right)
        assert not alert(instrument)
        assert all(texts(instrument))
        turn(instrument, fmin=0.0, fmax=11025.0, sample_rate=22050, n_fft=2048)
        assert texts(instrument) == before


HOSTILE = {
    "empty.wav": (b"", "is an empty file"),
    "a text.wav": (b"no audio\n" * 100, "cannot be decoded as audio"),
    "<b>x & 'y'.wav": (b"RIFF\x00\x00", "cannot be decoded"),
}
INSTRUMENTS = [explorer.spectrogram, explorer.augmentation, explorer.prediction]


def test_files_that_cannot_be_used_are_refused_by_path_and_by_upload(tmp_path, file):
    silent = io.BytesIO()
    soundfile.write(silent, np.zeros(RATE * 3), RATE, format="WAV")
    faulty = HOSTILE | {
        "half a song.wav": (file.read_bytes()[:99999], "is cut short"),
        "silence.wav": (silent.getvalue(), "silen"),
    }
    instruments = [make(file) for make in INSTRUMENTS]
    for name, (content, words) in faulty.items():
        path = tmp_path / name
        path.write_bytes(content)
        for instrument in instruments:
            for give in (
                partial(choose_file, path=path),
                partial(send, name=name, content=content),
            ):
                give(instrument)
                assert words in alert(instrument), name
                assert not any(texts(instrument))
                assert "<b>x" not in shown_by(instrument)[0].value
            choose_file(instrument, file)
            assert not alert(instrument)
            assert texts(instrument)[0]


def test_paths_that_lead_nowhere_and_sounds_too_short_are_refused(tmp_path):
    click = write(tmp_path / "click.wav", music(0.05))
    for path, words in (
        ("/no/such file.wav", "does not exist"),
        ("/", "or a folder"),
        ("\0", "does not exist"),
        ("x" * 5000, "cannot be read"),
        ("~nobody-has-this-name/a.wav", "does not exist"),
        (click, "only 0.050 s"),
    ):
        instrument = explorer.spectrogram(path)
        assert words in alert(instrument)
    turn(instrument, n_fft=512)
    assert not alert(instrument)


# A file of the user's own


def test_an_upload_is_shown_as_the_file_is_written_nowhere_and_forgotten(tmp_path, monkeypatch):
    stereo = np.stack([music(12, 48000), music(12, 48000, seed=1)], axis=1)
    path = write(tmp_path / "<i>my song & more.flac", stereo, 48000)
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("TMPDIR", str(place))
    uploads = []

    class Seen(Upload):
        def __init__(self, *parts):
            super().__init__(*parts)
            uploads.append(weakref.ref(self))

    monkeypatch.setattr(live, "Upload", Seen)
    for make in INSTRUMENTS:
        by_path, by_upload = make(path), make()
        send(by_upload, path.name, path.read_bytes())
        assert not alert(by_path)
        shown, heard = texts(by_path)  # the prediction's report names the whole path
        assert [shown.replace(f"{path.parent}/", ""), heard] == texts(by_upload)
        assert "&lt;i&gt;my song &amp; more.flac" in "".join(texts(by_path))
        assert "<i>" not in "".join(texts(by_path))
        turn(by_upload, sound="demonstration song")
        assert knob(by_upload, "audio file").value == ()
        gc.collect()
        assert not any(upload() for upload in uploads)
    assert list(place.rglob("*")) == []


def test_a_long_file_is_not_read_as_a_whole(tmp_path, decoded):
    path = write(tmp_path / "long.wav", np.tile(music(), 30), subtype="PCM_16")  # 20 minutes
    for make in (explorer.spectrogram, explorer.augmentation):
        decoded.clear()
        instrument = make(path)
        tracemalloc.start()
        turn(instrument, **{"start (%)": 91.7})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert not alert(instrument)
        assert "1102.9" in texts(instrument)[0]
        assert sum(decoded) < 2 * 31 * RATE  # two excerpts
        assert peak < path.stat().st_size


def test_a_file_that_has_changed_is_read_again(tmp_path):
    path = write(tmp_path / "a.wav", music(8.0))
    instrument = explorer.spectrogram(path)
    assert "0.0 to 8.0 s" in texts(instrument)[0]
    write(path, music(5.0))
    turn(instrument, n_mels=100)
    assert "0.0 to 5.0 s" in texts(instrument)[0]


# Augmentation


AUGMENTATION = {
    "start (%)": 50.0,
    "random crop": False,
    "horizontal flip": False,
    "brightness and contrast": False,
    "Gaussian noise": False,
    "crop_min": 0.3,
    "brightness": 0.9,
    "contrast": 0.9,
    "noise_min": 0.02,
    "noise_max": 0.3,
    "seed": 7,
}


def test_every_control_of_the_augmentation_changes_the_picture(file):
    instrument = explorer.augmentation(file)
    choosing = set(controls_of(live.choose_sound()[0]))
    assert set(controls_of(instrument)) - choosing == set(AUGMENTATION)
    for label, value in AUGMENTATION.items():
        before, first = texts(instrument)[0], knob(instrument, label).value
        knob(instrument, label).value = value
        after = texts(instrument)[0]
        assert not alert(instrument)
        assert not np.array_equal(gray(before, 1), gray(after, 1)), label
        assert np.array_equal(gray(before), gray(after)) == (label != "start (%)"), label
        knob(instrument, label).value = first


def test_noise_that_ends_below_its_beginning_is_refused(file):
    instrument = explorer.augmentation(file)
    turn(instrument, noise_min=0.2)
    assert "noise_min = 0.2 is above" in alert(instrument)
    turn(instrument, noise_max=0.2)
    assert not alert(instrument)


def test_drawing_again_gives_another_picture_and_the_seed_the_same(file):
    instrument = explorer.augmentation(file)
    first = texts(instrument)
    turn(instrument, seed=1)
    assert texts(instrument) != first
    turn(instrument, seed=0)
    assert texts(instrument) == first


def nothing(instrument) -> None:
    names = ("random crop", "horizontal flip", "brightness and contrast", "Gaussian noise")
    turn(instrument, **dict.fromkeys(names, False))


def test_without_augmentations_both_pictures_are_the_same(file):
    instrument = explorer.augmentation(file)
    nothing(instrument)
    html = texts(instrument)[0]
    np.testing.assert_array_equal(gray(html), gray(html, 1))
    assert "nothing is changed" in html
    turn(instrument, **{"horizontal flip": True})
    html = texts(instrument)[0]
    np.testing.assert_array_equal(gray(html)[:, ::-1], gray(html, 1))


# Prediction


def test_a_prediction_is_that_of_the_command_line(file):
    trained = read_trained()
    answer = predict_file(file, trained)
    words, shown = texts(explorer.prediction(file))
    words = unescape(re.sub("</?pre[^>]*>", "", words))
    assert words == f"{report(answer)}\n\n{header(trained)}"
    assert "over time" in words
    assert "Attention over time" in shown
    assert "<audio" in shown


def test_each_network_is_asked_about_what_it_knows(file):
    instrument = explorer.prediction()
    assert "composed by a program" in texts(instrument)[0]
    choose_file(instrument, file)
    assert "composed by a program" not in texts(instrument)[0]
    assert "gtzan" in texts(instrument)[0]


def test_the_window_can_be_chosen_without_hearing_all_again(file, monkeypatch):
    instrument = explorer.prediction(file)
    before = texts(instrument)
    monkeypatch.delattr(live.predict, "predict_file")
    turn(instrument, **{"window (%)": 100.0})
    after = texts(instrument)
    assert not alert(instrument)
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_silent_windows_have_no_genre(tmp_path):
    audio = np.concatenate([music(30.0), np.zeros(60 * RATE, np.float32), music(30.0)])
    instrument = explorer.prediction(write(tmp_path / "a.wav", audio))
    turn(instrument, **{"window (%)": 50.0})
    assert "there is silence" in texts(instrument)[1]
    assert "Windows of silence" in texts(instrument)[0]


# In a kernel


@pytest.fixture(scope="module")
def page():
    with notebook("spectrogram()") as page:
        yield page


def test_a_slider_that_is_dragged_leaves_no_queue_of_pictures(page):
    for _ in page.answers(quiet=0.5):
        pass
    for n_mels in range(100, 20, -1):
        page.send("n_mels", n_mels)
    heights = []
    for place, text in page.answers(quiet=60):
        if place == 1:
            heights.append(gray(text).shape[0])
        if 21 in heights:  # the last one that was asked for
            break
    assert 1 <= len(heights) < 20
    assert heights[-1] == 21


def test_a_kernel_shows_errors_and_goes_on(page):
    page.send("fmax", 22050)
    shown = dict(islice(page.answers(quiet=60), 3))  # alert, picture and sound
    assert "half the sample rate" in shown[0]
    assert shown[1] == ""
    page.send("fmax", 11025)
    shown = dict(islice(page.answers(quiet=60), 3))
    assert shown[0] == ""
    assert gray(shown[1]).any()
