"""Genres of recordings: windows, pictures, answers, faults, and what the command prints."""

import json
import shutil
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny import SMALL, play

from genre_lib import cli, predict
from genre_lib.config import UserError
from genre_lib.predict import (
    Answer,
    Fault,
    clock,
    file_values,
    header,
    model_values,
    pictures,
    predict_file,
    predict_files,
    probabilities_of,
    report,
    windows,
)
from genre_lib.runs import get_run
from genre_lib.splits import make_dataset
from genre_lib.trained import PACKAGED, package_weights, read_trained, trained_of

RATE = SMALL.sample_rate


@pytest.fixture(scope="module")
def run(run_settings, session_places):
    return get_run(run_settings(protocol="track", epochs=4), progress=False)


@pytest.fixture(scope="module")
def folder(run, store, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("weights") / "small"
    package_weights(run.path, store, target)
    return target


@pytest.fixture(scope="module")
def trained(folder):
    return read_trained(folder)


def song(genre: str, *, seconds: float = 2.0, rate: int = RATE, number: int = 7) -> np.ndarray:
    return play(genre, number, rate, seconds=seconds)


def write(path: Path, audio: np.ndarray, rate: int = RATE, **more) -> Path:
    soundfile.write(path, audio, rate, **more)
    return path


# Windows


def expected_windows(total: int, length: int, hop: int) -> list[int]:
    if total < length:
        return [0] if total else []
    starts = list(range(0, total - length + 1, hop))
    rest = total - (starts[-1] + length)
    return starts + ([total - length] if rest > predict.REST * length else [])


@pytest.mark.parametrize("seed", range(40))
def test_windows_are_the_same_however_the_audio_arrives(seed):
    rng = np.random.default_rng(seed)
    total, length, hop = (int(rng.integers(low, 400)) for low in (0, 10, 1))
    audio = np.arange(total, dtype=np.float32)
    cuts = np.sort(rng.integers(0, total + 1, rng.integers(0, 12)))
    cut = list(windows(np.split(audio, cuts), length=length, hop=hop))
    assert [first for first, _ in cut] == expected_windows(total, length, hop)
    for first, window in cut:
        np.testing.assert_array_equal(window, audio[first : first + length])


@pytest.mark.parametrize("hop", [1, 7, 50, 100])
def test_with_no_gaps_every_sample_but_a_short_rest_is_heard(hop):
    for total in range(100, 400, 13):
        heard = np.zeros(total, bool)
        for first, window in windows([np.zeros(total)], length=100, hop=hop):
            heard[first : first + len(window)] = True
        assert heard[: total - int(100 * predict.REST)].all()


def test_a_rest_of_a_few_samples_is_no_window_of_its_own():
    assert len(list(windows([np.zeros(104)], length=100, hop=50))) == 1
    assert len(list(windows([np.zeros(106)], length=100, hop=50))) == 2


def test_no_more_than_a_few_windows_are_held():
    """Ten hours of audio, a block at a time: more than a gigabyte, were they held."""
    length, block = 30 * RATE, 10 * RATE
    blocks = (np.zeros(block, np.float32) for _ in range(3600))
    tracemalloc.start()
    count = sum(1 for _ in windows(blocks, length=length, hop=length // 2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 2 * 1200 - 1
    assert peak < 5 * np.float32().nbytes * length


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
    assert peaks[1] < 1.2 * peaks[0] + 100_000
    assert peaks[1] < 4 * 4 * len(noise) / 2


# The way from a window to an answer is the one that a track went


@pytest.mark.parametrize("view", ["copies", "segments"])
def test_a_track_becomes_the_pictures_that_it_was_in_training(
    run_settings, session_places, store, tmp_path, view
):
    run = get_run(run_settings(view=view, protocol="track", images_per_track=2), progress=False)
    network, dataset = trained_of(run, store), make_dataset(store, run.settings, progress=False)
    for genre in store.genres:
        audio = play(genre, 3, RATE)
        position = 2 * store.position(f"{genre}.00003")
        images = dataset.images[position : position + len(pictures(audio, network))]
        np.testing.assert_array_equal(pictures(audio, network), images)
    assert len(images) == {"copies": 1, "segments": 2}[view]


def test_a_test_track_gets_the_answer_that_the_run_gave_it(run, trained, tmp_path):
    originals = run.predictions[run.predictions.image == 0]
    for row in originals.to_dict("records"):
        genre, number = row["track_id"].split(".")
        path = write(tmp_path / "a.wav", play(genre, int(number), RATE), subtype="FLOAT")
        answer = predict_file(path, trained)
        listed = [row[f"p_{genre}"] for genre in trained.about.genres]
        np.testing.assert_allclose(answer.probabilities, listed, atol=1e-5)


def test_loudness_changes_nothing(trained):
    audio = song("high")
    np.testing.assert_allclose(
        probabilities_of(audio, trained), probabilities_of(audio / 16, trained), atol=1e-6
    )


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 192000])
@pytest.mark.parametrize("channels", [1, 8])
def test_rate_and_channels_hardly_matter(trained, tmp_path, rate, channels):
    time = np.arange(3 * rate)[:, None] / rate
    audio = np.repeat(0.3 * np.sin(2 * np.pi * 300 * time), channels, axis=1)
    answer = predict_file(write(tmp_path / "a.wav", audio, rate), trained)
    reference = predict_file(write(tmp_path / "b.wav", audio[:: rate // 8000, 0], 8000), trained)
    assert answer.seconds == pytest.approx(3.0, abs=0.01)
    if rate % 8000 == 0:
        np.testing.assert_allclose(answer.probabilities, reference.probabilities, atol=0.05)


def test_the_answer_is_the_mean_over_the_windows(trained, tmp_path):
    audio = np.concatenate([song("low", seconds=4), song("hiss", seconds=6)])
    answer = predict_file(write(tmp_path / "a.wav", audio), trained, every=1.5)
    assert [part.start for part in answer.parts] == [0, 1.5, 3, 4.5, 6, 7.5, 8]
    assert all(part.end - part.start == 2 for part in answer.parts)
    means = np.mean([part.probabilities for part in answer.parts], axis=0)
    np.testing.assert_allclose(answer.probabilities, means)
    assert answer.probabilities.sum() == pytest.approx(1)


def test_half_a_window_is_the_hop_unless_another_is_given(trained, tmp_path):
    path = write(tmp_path / "a.wav", song("low", seconds=6))
    assert [part.start for part in predict_file(path, trained).parts] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("every", [0, -1, 0.01, np.nan, np.inf, 1e6])
def test_a_hop_that_makes_no_sense_is_told_once(trained, tmp_path, every):
    path = write(tmp_path / "a.wav", song("low"))
    with pytest.raises(UserError, match="allowed"):
        list(predict_files([path, path], trained, every=every))


# Short and silent


def test_a_short_file_is_padded_and_told_so(trained, tmp_path):
    audio = song("low", seconds=0.5)
    answer = predict_file(write(tmp_path / "a.wav", audio, subtype="FLOAT"), trained)
    assert (answer.parts[0].start, answer.parts[0].end) == (0, 0.5)
    assert "Only 0.5 s long" in answer.notes[0]
    padded = np.pad(audio, (0, 2 * RATE - len(audio)))
    np.testing.assert_allclose(answer.probabilities, probabilities_of(padded, trained), atol=1e-6)


def test_a_file_that_is_nearly_a_window_is_not_remarked_upon(trained, tmp_path):
    assert predict_file(write(tmp_path / "a.wav", song("low", seconds=1.9)), trained).notes == ()


def test_a_single_sample_is_judged_too(trained, tmp_path):
    assert predict_file(write(tmp_path / "a.wav", np.array([0.5])), trained).notes


@pytest.mark.parametrize("level", [0, 3e-5])
def test_a_silent_file_has_no_genre(trained, tmp_path, level):
    audio = level * np.sign(np.random.default_rng(0).normal(size=5 * RATE))
    with pytest.raises(UserError, match="nothing but silence"):
        predict_file(write(tmp_path / "quiet.wav", audio, subtype="FLOAT"), trained)


def test_windows_of_silence_have_no_say(trained, tmp_path):
    audio = np.concatenate([song("high"), np.zeros(6 * RATE, np.float32)])
    path = write(tmp_path / "a.wav", audio, subtype="FLOAT")
    answer = predict_file(path, trained, every=2)
    assert [part.probabilities is None for part in answer.parts] == [False, True, True, True]
    np.testing.assert_allclose(
        answer.probabilities, probabilities_of(song("high"), trained), atol=1e-6
    )
    assert "silence" in answer.notes[0]
    assert report(answer).count("silence\n") == 3
    assert file_values(answer)["windows"][1]["genre"] is None


# Faults: each is told, and the others are judged


@pytest.fixture
def mixed(tmp_path) -> list[Path]:
    """Files that are fine and files that are not, one after another."""
    good = write(tmp_path / "my söng ♫.wav", song("high"))
    silent = write(tmp_path / "silent.wav", np.zeros(RATE))
    bad = tmp_path / "no audio.wav"
    bad.write_text("no audio\n" * 100)
    return [tmp_path / "missing.wav", good, silent, tmp_path, bad, good]


# audioread, which librosa asks last, leaves the file open when it gives up.
leaky = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@leaky
def test_a_fault_does_not_keep_the_others_waiting(trained, mixed):
    answers = list(predict_files(mixed, trained, progress=False))
    assert [answer.path for answer in answers] == mixed
    kinds = [type(answer) for answer in answers]
    assert kinds == [Fault, Answer, Fault, Fault, Fault, Answer]
    for answer in answers:
        if isinstance(answer, Fault):
            assert str(answer.path) in answer.error
            assert "\n" not in answer.error


def test_damaged_weights_are_no_fault_of_a_file(folder, tmp_path, mixed):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match="no weights of this network"):
        list(predict_files(mixed, read_trained(copy)))


# What is printed


def command(monkeypatch, capsys, *arguments) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["genre-book", "predict", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    printed = capsys.readouterr()
    return stopped.value.code or 0, printed.out, printed.err


def check_best(values: dict) -> None:
    probabilities = values["probabilities"]
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert list(probabilities.values()) == sorted(probabilities.values(), reverse=True)
    assert values["genre"] == next(iter(probabilities))
    assert values["probability"] == probabilities[values["genre"]]


def test_json_is_one_object_that_says_all(monkeypatch, capsys, folder, trained, tmp_path):
    path = write(tmp_path / "a b.wav", song("low", seconds=5))
    code, out, err = command(monkeypatch, capsys, path, "--json", "--weights", folder)
    values = json.loads(out)
    assert (code, err) == (0, "")
    assert set(values) == {"model", "files"}
    assert values["model"] == model_values(trained)
    assert values["model"]["corpus"] == "small"
    assert values["model"]["protocol"] == "track"
    assert values["model"]["seed"] == 0
    assert values["model"]["test_accuracy"] == trained.about.answers.model_dump()
    (file,) = values["files"]
    assert set(file) == {
        "file", "seconds", "genre", "probability", "probabilities", "windows", "notes"
    }  # fmt: skip
    assert file["file"] == str(path)
    assert file["seconds"] == 5
    for part in (file, *file["windows"]):
        check_best(part)
    assert [part["start"] for part in file["windows"]] == [0, 1, 2, 3]


@leaky
def test_faults_are_in_the_json_on_standard_error_and_in_the_exit_code(
    monkeypatch, capsys, folder, mixed
):
    code, out, err = command(monkeypatch, capsys, *mixed, "--json", "--weights", folder)
    assert code == 1
    files = json.loads(out)["files"]
    assert [file["file"] for file in files] == list(map(str, mixed))
    assert ["error" in file for file in files] == [True, False, True, True, True, False]
    assert err.count("\n") == 4
    assert "Traceback" not in err
    for file in files:
        if "error" in file:
            assert set(file) == {"file", "error"}
            assert file["error"] in err


@leaky
def test_text_says_which_network_how_sure_and_what_it_heard(
    monkeypatch, capsys, folder, trained, mixed
):
    code, out, err = command(monkeypatch, capsys, *mixed, "--weights", folder)
    assert code == 1
    assert out.startswith(header(trained))
    assert "trained on small: copies x track, seed 0, best of 4 epochs" in out
    assert "95 % interval" in out
    assert "always answers with one of 3 genres" in out
    assert out.count("my söng ♫.wav (0:02): ") == 2
    assert err.count("\n") == 4


def test_one_window_has_no_course_over_time(trained, tmp_path):
    short = report(predict_file(write(tmp_path / "a.wav", song("low")), trained))
    long = report(predict_file(write(tmp_path / "a.wav", song("low", seconds=4)), trained))
    assert "over time" not in short
    assert "over time" in long
    assert long.count(" to ") == 3


def test_the_genres_are_sorted(trained, tmp_path):
    answer = predict_file(write(tmp_path / "a.wav", song("low")), trained)
    lines = report(answer).splitlines()
    shown = [line.split()[0] for line in lines[1:4]]
    best_first = np.argsort(-answer.probabilities)
    assert shown == [trained.about.genres[i] for i in best_first]
    assert lines[0].split(": ")[-1].split()[0] == shown[0]


def test_another_hop_is_taken_from_the_command_line(monkeypatch, capsys, folder, tmp_path):
    path = write(tmp_path / "a.wav", song("low", seconds=6))
    _, out, _ = command(monkeypatch, capsys, path, "--json", "--every", 2, "--weights", folder)
    assert len(json.loads(out)["files"][0]["windows"]) == 3


def test_a_run_can_be_asked_as_well(monkeypatch, capsys, run, tmp_path):
    path = write(tmp_path / "a.wav", song("low"))
    code, out, _ = command(monkeypatch, capsys, path, "--weights", run.path)
    assert code == 0
    assert run.path.name in out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--weights", "nowhere"], "There are no weights at nowhere"),
        (["--weights", "."], "neither packaged weights nor a complete run"),
    ],
)
def test_wrong_weights_end_in_one_sentence(monkeypatch, capsys, tmp_path, more, message):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "a.wav", song("low"))
    code, out, err = command(monkeypatch, capsys, path, *more)
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_name_that_is_no_text_can_be_shown_and_put_into_json(trained, tmp_path):
    path = tmp_path / "bad\udcff.wav"
    try:
        write(tmp_path / "a.wav", song("low")).rename(path)
    except OSError:
        pytest.skip("this file system takes no such names")
    answer = predict_file(path, trained)
    report(answer).encode()
    json.dumps(file_values(answer)).encode()


def test_a_bar_is_drawn_for_people_only(trained, tmp_path, capsys):
    path = write(tmp_path / "a.wav", song("low", seconds=10))
    list(predict_files([path], trained))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (187, "3:07"), (3787, "1:03:07")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_a_network_of_composed_music_says_so(trained):
    composed = trained.about.model_copy(update={"corpus": "synthetic"})
    assert "composed by a program" in header(replace(trained, about=composed))


# The weights that come with the package


@pytest.mark.skipif(not PACKAGED.is_dir(), reason="no weights are packaged")
def test_the_packaged_network_judges_a_file(monkeypatch, capsys, tmp_path):
    rng = np.random.default_rng(0)
    path = write(tmp_path / "hiss.flac", rng.uniform(-0.5, 0.5, 40 * 22050), 22050)
    code, out, _ = command(monkeypatch, capsys, path, "--json")
    (file,) = json.loads(out)["files"]
    assert code == 0
    assert [part["start"] for part in file["windows"]] == [0, 10]
    check_best(file)
