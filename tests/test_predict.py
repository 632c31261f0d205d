"""Trained networks and their answers: windows, faults, and what the command prints."""

import io
import json
import shutil
import sys
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny import SMALL, play

from genre_lib import cli
from genre_lib.config import UserError
from genre_lib.corpus.audio import BLOCK
from genre_lib.evaluation import vote
from genre_lib.predict import (
    DEMONSTRATION,
    PACKAGED,
    header,
    predict_file,
    probabilities_of,
    read_trained,
    report,
    share_of,
    spectrogram,
)
from genre_lib.runs import get_run
from genre_lib.splits import make_dataset, pictures_of

RATE = SMALL.sample_rate


@pytest.fixture(scope="module")
def run(run_settings, session_places):
    return get_run(run_settings(protocol="track", epochs=4), progress=False)


@pytest.fixture(scope="module")
def trained(run):
    return read_trained(run.path)


def song(genre: str, *, seconds: float = 2.0) -> np.ndarray:
    return play(genre, 7, RATE, seconds=seconds)


def write(path: Path, audio: np.ndarray, rate: int = RATE, **more) -> Path:
    soundfile.write(path, audio, rate, **more)
    return path


def heard(audio, trained) -> np.ndarray:
    """The network's answer about one window."""
    return probabilities_of(spectrogram(audio, trained.recipe), trained)


def shares(answer, trained) -> list[float]:
    """Probabilities in the order of the genres."""
    return [answer.probabilities[genre] for genre in trained.genres]


# Trained networks


def test_the_accuracy_is_that_of_the_answers(run, trained, run_settings):
    original = run.predictions[run.predictions.image == 0]
    segments = read_trained(get_run(run_settings(view="segments", protocol="track")).path)
    voted = vote(segments.predictions)  # all slices answer for a track
    for found, answers in (
        (share_of(run.predictions), run.predictions),
        (trained.test_accuracy, original),
        (segments.test_accuracy, voted),
    ):
        assert found["share"] == pytest.approx((answers.y_true == answers.y_pred).mean())
        assert found["count"] == len(answers)
        assert 0 <= found["low"] <= found["share"] <= found["high"] <= 1


def test_a_store_that_does_not_say_has_the_length_of_its_pictures(store):
    manifest = {k: v for k, v in store.manifest.items() if k not in ("seconds", "n_fft")}
    recipe = replace(store, manifest=manifest).recipe
    assert recipe.seconds == pytest.approx(2.0, abs=0.1)
    assert recipe.n_fft == type(recipe).model_fields["n_fft"].default


def changed(trained, *, corpus="small", **settings):
    """The same network with another history."""
    return replace(
        trained,
        settings=trained.settings.model_copy(update=settings),
        recipe=trained.recipe.model_copy(update={"corpus": corpus}),
    )


def test_remarks_are_honest(trained):
    assert "not in its training" in header(trained)
    assert "composed by a program" not in header(trained)
    assert "composed by a program" in header(changed(trained, corpus="synthetic"))
    leaky = changed(trained, protocol="image")
    assert "is not known" in header(leaky)
    assert leaky.test_accuracy == share_of(trained.predictions)


def test_what_holds_no_network_is_refused(run, tmp_path):
    baseline = shutil.copytree(run.path, tmp_path / "baseline")
    (baseline / "model.safetensors").unlink()
    with pytest.raises(UserError, match="no weights of this network"):
        read_trained(baseline)
    for place in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UserError, match="has no complete run"):
            read_trained(place)


def test_a_damaged_network_is_refused_in_a_sentence(run, tmp_path):
    def refused(name: str, content: bytes | None, words: str) -> None:
        copy = shutil.copytree(run.path, tmp_path / "copy", dirs_exist_ok=True)
        (copy / name).unlink() if content is None else (copy / name).write_bytes(content)
        with pytest.raises(UserError, match=words) as error:
            read_trained(copy)
        assert "\n" not in str(error.value)

    for name, change in (
        ("spectrogram.json", {"unheard": 3}),
        ("config.json", {"seed": "none"}),
        ("spectrogram.json", {"fmax": 1e9}),
    ):
        values = json.loads((run.path / name).read_text()) | change
        refused(name, json.dumps(values).encode(), next(iter(change)))
    refused("config.json", b"[]", r"config\.json cannot be read as JSON")
    smaller = json.loads((run.path / "config.json").read_text()) | {"model": {"hidden_size": 8}}
    refused("config.json", json.dumps(smaller).encode(), "no weights of this network")
    refused("model.safetensors", None, "no weights of this network")
    refused("spectrogram.json", None, r"spectrogram\.json cannot be read")
    for content in (b"", b"no weights at all", bytes(100)):
        refused("model.safetensors", content, r"model\.safetensors")


def test_the_packaged_networks_are_honest_and_better_than_guessing():
    for place in (PACKAGED, DEMONSTRATION):
        network = read_trained(place)
        assert network.honest
        assert network.test_accuracy["low"] > 1 / len(network.genres)
        assert not network.model.training
    assert network.recipe.corpus == "synthetic"


# The way from a file to windows


def test_an_audio_file_of_any_length_takes_the_same_memory(trained, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 60 * RATE).astype(np.float32)
    peaks = []
    for minutes in (1, 4):
        path = write(tmp_path / "long.wav", np.tile(noise, minutes))
        predict_file(path, trained, every=20)  # what is imported and cached is no part of it
        tracemalloc.start()
        predict_file(path, trained, every=20)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    added = 3 * noise.nbytes  # what the longer file has more
    assert peaks[1] - peaks[0] < 0.5 * added


# The way from a window to an answer is the one that a track went


def test_a_track_becomes_the_pictures_that_it_was_in_training(run_settings, session_places, store):
    for view, count in (("copies", 1), ("segments", 2)):
        settings = run_settings(view=view, protocol="track", images_per_track=2)
        network = read_trained(get_run(settings, progress=False).path)
        dataset = make_dataset(store, settings, progress=False)
        for genre in store.genres:
            pictures = pictures_of(spectrogram(play(genre, 3, RATE), network.recipe), settings)
            position = 2 * store.position(f"{genre}.00003")
            assert len(pictures) == count
            np.testing.assert_array_equal(pictures, dataset.images[position : position + count])


def test_a_test_track_gets_the_answer_that_the_run_gave_it(run, trained, tmp_path):
    originals = run.predictions[run.predictions.image == 0]
    for row in originals.to_dict("records"):
        genre, number = row["track_id"].split(".")
        path = write(tmp_path / "a.wav", play(genre, int(number), RATE), subtype="FLOAT")
        answer = predict_file(path, trained)
        listed = [row[f"p_{genre}"] for genre in trained.genres]
        np.testing.assert_allclose(shares(answer, trained), listed, atol=1e-5)


def test_loudness_rate_and_channels_hardly_matter(trained, tmp_path):
    audio = song("high")
    np.testing.assert_allclose(heard(audio, trained), heard(audio / 16, trained), atol=1e-6)
    for rate, channels in ((8000, 1), (16000, 8), (44100, 1), (192000, 8)):
        time = np.arange(3 * rate)[:, None] / rate
        audio = np.repeat(0.3 * np.sin(2 * np.pi * 300 * time), channels, axis=1)
        answer = predict_file(write(tmp_path / "a.wav", audio, rate), trained)
        assert answer.seconds == pytest.approx(3.0, abs=0.01)
        if rate % 8000 == 0:
            same = write(tmp_path / "b.wav", audio[:: rate // 8000, 0], 8000)
            expected = shares(predict_file(same, trained), trained)
            np.testing.assert_allclose(shares(answer, trained), expected, atol=0.05)


def test_the_answer_is_the_mean_over_the_windows(trained, tmp_path):
    audio = np.concatenate([song("low", seconds=4), song("hiss", seconds=6)])
    path = write(tmp_path / "a.wav", audio)
    answer = predict_file(path, trained, every=1.5)
    assert [part.start for part in answer.windows] == [0, 1.5, 3, 4.5, 6, 7.5, 8]
    assert all(part.end - part.start == 2 for part in answer.windows)
    means = np.mean([shares(part, trained) for part in answer.windows], axis=0)
    np.testing.assert_allclose(shares(answer, trained), means, atol=1e-5)
    assert sum(means) == pytest.approx(1, abs=1e-5)
    assert [part.start for part in predict_file(path, trained).windows] == list(range(9))


def test_a_hop_that_makes_no_sense_is_refused_before_a_file_is_read(trained, tmp_path):
    for every in (0, -1, 0.01, np.nan, np.inf, 1e6):
        with pytest.raises(UserError, match="allowed"):
            predict_file(tmp_path / "missing.wav", trained, every=every)


# Short and silent


def test_a_short_file_is_repeated_and_says_so(trained, tmp_path):
    audio = song("low", seconds=0.5)
    answer = predict_file(write(tmp_path / "a.wav", audio, subtype="FLOAT"), trained)
    assert (answer.windows[0].start, answer.windows[0].end) == (0, 0.5)
    expected = "Only 0.5 s of sound, repeated to fill a window of 2 s; with less than 0.8 s an "
    assert answer.notes == (f"{expected}answer is weak.",)
    again = np.tile(audio, 4)
    expected = heard(again, trained)
    np.testing.assert_allclose(shares(answer, trained), expected, atol=2e-6)
    for seconds, notes in (
        (1, ("Only 1.0 s of sound, repeated to fill a window of 2 s.",)),
        (1.9, ()),
    ):
        path = write(tmp_path / "a.wav", song("low", seconds=seconds))
        assert predict_file(path, trained).notes == notes


def test_a_silent_file_has_no_genre_and_silence_at_an_end_is_no_window(trained, tmp_path):
    for level in (0, 3e-5):
        audio = level * np.sign(np.random.default_rng(0).normal(size=5 * RATE))
        with pytest.raises(UserError, match="nothing but silence"):
            predict_file(write(tmp_path / "quiet.wav", audio, subtype="FLOAT"), trained)
    audio = np.concatenate([song("high"), np.zeros(6 * RATE, np.float32)])
    path = write(tmp_path / "a.wav", audio, subtype="FLOAT")
    answer = predict_file(path, trained, every=2)
    assert [(part.start, part.end) for part in answer.windows] == [(0, 2)]
    np.testing.assert_allclose(shares(answer, trained), heard(song("high"), trained), atol=2e-6)
    assert answer.notes == ("Silence that is skipped: 0.0 s at the beginning, 6.0 s at the end.",)


def test_a_pause_counts_for_nothing_and_windows_by_their_sound(trained, tmp_path):
    silence = np.zeros(5 * RATE, np.float32)
    audio = np.concatenate([silence, song("low"), silence, song("hiss"), silence])
    answer = predict_file(write(tmp_path / "a.wav", audio, subtype="FLOAT"), trained, every=1.5)
    starts = [5, 6.5, 8, 9.5, 11, 12]
    assert [part.start for part in answer.windows] == starts
    assert [part.sound for part in answer.windows] == [1, 0.25, 0, 0, 0.5, 1]
    means = np.average(
        [shares(part, trained) for part in answer.windows if part.sound],
        axis=0,
        weights=[1, 0.25, 0.5, 1],
    )
    np.testing.assert_allclose(shares(answer, trained), means, atol=1e-5)
    assert answer.notes == (
        "Silence that is skipped: 5.0 s at the beginning, 5.0 s at the end.",
        "Windows of silence, which the answer leaves out: 2.",
        "Windows that are partly silent, and count by their sound: 2.",
    )
    assert report(answer).count("silence\n") == 2


def test_silence_before_and_after_changes_no_answer(trained, tmp_path):
    for seconds in (0.5, 3.0):
        audio = song("high", seconds=seconds)
        expected = predict_file(write(tmp_path / "a.wav", audio, subtype="FLOAT"), trained)
        silence = np.zeros(7 * RATE, np.float32)
        late = write(tmp_path / "b.wav", np.r_[silence, audio, silence], subtype="FLOAT")
        answer = predict_file(late, trained)
        np.testing.assert_allclose(shares(answer, trained), shares(expected, trained), atol=1e-5)
        assert answer.windows[0].start == 7
        assert answer.windows[-1].end == 7 + seconds


def test_channels_that_cancel_are_heard_one_at_a_time(trained, tmp_path):
    audio = song("low", seconds=4)
    expected = predict_file(write(tmp_path / "a.wav", audio, subtype="FLOAT"), trained)
    opposite = np.stack([np.zeros_like(audio), audio, -audio], axis=1)
    answer = predict_file(write(tmp_path / "b.wav", opposite, subtype="FLOAT"), trained)
    np.testing.assert_allclose(shares(answer, trained), shares(expected, trained), atol=1e-5)
    note = "For 4.0 s the channels cancel each other when mixed, so one is heard alone."
    assert answer.notes == (*expected.notes, note)


def test_a_constant_offset_is_silence(trained, tmp_path):
    for rate in (RATE, 44100):
        path = write(tmp_path / "a.wav", np.full((3 * rate, 2), (0.5, -0.25)), rate)
        with pytest.raises(UserError, match="nothing but silence"):
            predict_file(path, trained)
    audio = np.r_[np.full(5 * RATE, 0.25), song("low") / 2 + 0.25, np.full(5 * RATE, 0.25)]
    answer = predict_file(write(tmp_path / "a.wav", audio, subtype="FLOAT"), trained)
    assert (answer.windows[0].start, answer.windows[0].end) == pytest.approx(
        (5, 7), abs=BLOCK / RATE
    )


def test_missing_bands_are_said_and_filled_in(trained, tmp_path):
    packaged = read_trained()
    rng = np.random.default_rng(0)
    for rate, highest in ((8000, 4.0), (16000, 8.0), (22050, None)):
        path = write(tmp_path / "a.wav", rng.normal(0, 0.1, 30 * rate), rate)
        answer = predict_file(path, packaged)
        notes = [note for note in answer.notes if "Nothing is heard" in note]
        assert bool(notes) == (highest is not None)
        assert all(f"above {highest} kHz in 1 of 1 windows" in note for note in notes)
    assert trained.usual_band == 0  # what was not measured is not said


# What is printed


@pytest.fixture
def mixed(tmp_path) -> list[Path]:
    """Files that are fine and files that are not, one after another."""
    good = write(tmp_path / "my söng ♫.wav", song("high"))
    silent = write(tmp_path / "silent.wav", np.zeros(RATE))
    bad = tmp_path / "no audio.wav"
    bad.write_text("no audio\n" * 100)
    return [tmp_path / "missing.wav", good, silent, tmp_path, bad, good]


@pytest.fixture
def command(monkeypatch, capsys):
    """A function that runs ``genre-book predict``: exit code, output, errors."""

    def ask(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["genre-book", "predict", *map(str, arguments)])
        return cli.answer(), *capsys.readouterr()

    return ask


def test_json_is_one_object_that_says_all(command, run, trained, tmp_path):
    path = write(tmp_path / "a b.wav", song("low", seconds=6))
    code, out, err = command(path, "--json", "--every", 2, "--weights", run.path)
    assert (code, err) == (0, "")
    values = json.loads(out)
    assert set(values) == {"model", "files"}
    assert values["model"] == json.loads(json.dumps(trained.values()))
    assert (values["model"]["corpus"], values["model"]["protocol"]) == ("small", "track")
    assert values["model"]["test_accuracy"] == trained.test_accuracy
    (file,) = values["files"]
    assert set(file) == {
        *("file", "seconds", "genre", "probability", "probabilities", "windows", "notes")
    }
    assert (file["file"], file["seconds"]) == (str(path), 6)
    for part in (file, *file["windows"]):
        probabilities = part["probabilities"]
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)
        assert list(probabilities.values()) == sorted(probabilities.values(), reverse=True)
        assert part["genre"] == next(iter(probabilities))
        assert part["probability"] == probabilities[part["genre"]]
    assert [part["start"] for part in file["windows"]] == [0, 2, 4]


def test_a_recording_may_be_piped_and_weights_named_by_their_file(
    command, run, tmp_path, monkeypatch
):
    weights = run.path / "model.safetensors"
    path = write(tmp_path / "song.wav", song("low"))
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = command("-", "--weights", weights)
    assert (code, "standard input is an empty file" in err) == (1, True)
    with path.open("rb") as pipe:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
        code, out, err = command("-", path, "--json", "--weights", weights)
    assert (code, err) == (0, "")
    piped, file = json.loads(out)["files"]
    assert piped.pop("file") == "standard input"
    assert file.pop("file") == str(path)
    assert piped == file


def test_an_address_is_refused_with_what_to_do(command, run):
    code, _, err = command("https://example.org/a.mp3", "--weights", run.path)
    assert code == 1
    assert "example.org/a.mp3 is an address; save it as a file" in err


def test_a_faulty_file_is_reported_and_the_others_are_judged(command, run, mixed, trained):
    code, out, err = command(*mixed, "--json", "--weights", run.path)
    assert code == 1
    files = json.loads(out)["files"]
    assert [file["file"] for file in files] == list(map(str, mixed))
    assert ["error" in file for file in files] == [True, False, True, True, True, False]
    assert err.count("\n") == 4
    assert "Traceback" not in err
    for file in files:
        if "error" in file:
            assert set(file) == {"file", "error"}
            assert file["file"] in file["error"]
            assert file["error"] in err
    code, out, err = command(*mixed, "--weights", run.path)
    assert code == 1
    assert out.startswith(header(trained))
    assert "trained on small: copies x track, seed 0, best of 4 epochs" in out
    assert "always answers with one of 3 genres" in out
    assert out.count("my söng ♫.wav (00:02): ") == 2
    assert err.count("\n") == 4


def test_a_report_sorts_the_genres_and_has_a_course_over_time_of_several_windows(trained, tmp_path):
    answer = predict_file(write(tmp_path / "a.wav", song("low")), trained)
    lines = report(answer).splitlines()
    best_first = sorted(answer.probabilities, key=answer.probabilities.get, reverse=True)
    assert [line.split()[0] for line in lines[1:4]] == best_first
    assert lines[0].split(": ")[-1].split()[0] == best_first[0]
    assert "over time" not in report(answer)
    long = report(predict_file(write(tmp_path / "a.wav", song("low", seconds=4)), trained))
    assert "over time" in long
    assert long.count(" to ") == 3


def test_a_run_can_be_asked_as_well_and_wrong_weights_end_in_one_sentence(
    command, monkeypatch, run, tmp_path
):
    path = write(tmp_path / "a.wav", song("low"))
    code, out, err = command(path, "--weights", run.path)
    assert (code, err) == (0, "")  # no bar where there is no terminal
    assert run.path.name in out
    monkeypatch.chdir(tmp_path)
    for place, message in (
        ("nowhere", "nowhere has no complete run"),
        (".", "has no complete run"),
    ):
        code, out, err = command(path, "--weights", place)
        assert (code, out) == (1, "")
        assert message in err
        assert err.count("\n") == 1
    code, _, err = command(path, path, "--every", 0, "--weights", run.path)
    assert code == 1
    assert err.count("\n") == err.count("allowed") == 1  # of all files, not of each


def test_a_name_that_is_no_text_can_be_shown_and_put_into_json(trained, tmp_path):
    path = tmp_path / "bad\udcff.wav"
    try:
        write(tmp_path / "a.wav", song("low")).rename(path)
    except OSError:
        pytest.skip("this file system takes no such names")
    answer = predict_file(path, trained)
    report(answer).encode()
    json.dumps(asdict(answer)).encode()


def test_the_packaged_network_judges_a_file(command, tmp_path):
    rng = np.random.default_rng(0)
    path = write(tmp_path / "hiss.flac", rng.uniform(-0.5, 0.5, 40 * 22050), 22050)
    code, out, _ = command(path, "--json")
    assert code == 0
    assert [part["start"] for part in json.loads(out)["files"][0]["windows"]] == [0, 10]
