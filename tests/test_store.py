import csv
import dataclasses
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import joblib
import librosa
import numpy as np
import pytest
from PIL import Image
from tiny import SMALL, play, small_corpus

from genre_lib import store as store_module
from genre_lib.config import UserError, configure, data_dir
from genre_lib.corpus import Corpus, Track, read_audio
from genre_lib.corpus.sound import SILENT
from genre_lib.spectrogram import mel_decibels, to_gray
from genre_lib.store import open_store, read_store, write_store

# A store that was written


def test_a_store_is_read_as_it_was_made(store, store_path):
    corpus = small_corpus()
    assert store.path == store_path
    assert store.name == "small"
    assert store.track_ids == tuple(track.track_id for track in corpus.tracks)
    assert store.genres == ("high", "hiss", "low")
    assert [store.genres[label] for label in store.labels] == [t.genre for t in corpus.tracks]
    assert store.images.dtype == np.uint8
    for image, track in zip(store.images, corpus.tracks, strict=True):
        audio = track.load(SMALL.sample_rate)
        expected = to_gray(mel_decibels(audio, SMALL), top_db=SMALL.top_db)
        np.testing.assert_array_equal(image, expected)
    decibels = store.decibels(store.position("low.00002"))
    exact = mel_decibels(play("low", 2, SMALL.sample_rate), SMALL)
    np.testing.assert_allclose(decibels, exact, atol=0.5 * SMALL.top_db / 255 + 1e-3)


def test_low_tones_lie_in_low_rows(store):
    loudest = store.images.mean(2).argmax(1)
    low, high = (store.genres.index(name) for name in ("low", "high"))
    assert loudest[store.labels == low].max() < loudest[store.labels == high].min()


def test_a_viewer_sees_the_highest_band_at_the_top(store, store_path):
    with Image.open(store_path / "high" / "high.00000.png") as image:
        assert image.mode == "L"
        assert image.size == (store.images.shape[2], store.images.shape[1])
        seen = np.asarray(image)
    np.testing.assert_array_equal(seen[::-1], store.images[store.position("high.00000")])
    assert seen.mean(1).argmax() < len(seen) / 2


def test_the_manifest_says_how_the_store_was_made(store, store_path):
    manifest = json.loads((store_path / "store.json").read_text())
    assert manifest == store.manifest
    assert {name: manifest[name] for name in SMALL.model_dump()} == SMALL.model_dump()
    assert manifest["librosa"] == librosa.__version__
    assert manifest["tracks"] == 18
    assert store.frame_period == SMALL.hop_length / SMALL.sample_rate


def test_the_index_lists_every_image_and_nothing_else_lies_there(store, store_path):
    with open(store_path / "index.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["track_id"] for row in rows] == list(store.track_ids)
    assert {int(row["frames"]) for row in rows} == {store.images.shape[2]}
    assert {float(row["seconds"]) for row in rows} == {2.0}
    assert len({row["sha256"] for row in rows}) == len(rows)
    images = {Path(row["genre"]) / f"{row['track_id']}.png" for row in rows}
    files = {p.relative_to(store_path) for p in store_path.rglob("*") if p.is_file()}
    assert files == images | {Path("store.json"), Path("index.csv")}


def content(folder: Path) -> dict[Path, bytes]:
    """All files of a folder."""
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_two_processes_write_what_one_writes(store_path, tmp_path):
    write_store(small_corpus(), tmp_path / "small", SMALL, jobs=2, progress=False)
    assert content(tmp_path / "small") == content(store_path)


def test_the_digest_is_that_of_the_content(store, store_path, tmp_path):
    copy = tmp_path / "another name"
    shutil.copytree(store_path, copy)
    assert read_store(copy).digest == store.digest
    file = copy / "low" / "low.00003.png"
    gray = np.array(Image.open(file))
    gray[0, 0] ^= 1
    Image.fromarray(gray).save(file)
    assert read_store(copy).digest != store.digest


def test_the_digest_is_the_hash_of_names_genres_and_gray_levels(store):
    parts = "\n".join((*store.genres, *store.track_ids)).encode()
    whole = hashlib.sha256(parts + store.labels.tobytes() + store.images.tobytes())
    assert store.digest == whole.hexdigest()[:16]
    assert store.labels.dtype == np.int64


def test_a_store_is_read_the_same_however_it_is_read(store, store_path, monkeypatch):
    for jobs in (1, 2, 4):
        for limit in (0, 2**40):
            monkeypatch.setattr(store_module, "MAPPED_ABOVE", limit)
            with joblib.parallel_config(n_jobs=jobs):
                again = read_store(store_path)
            assert again.digest == store.digest
            np.testing.assert_array_equal(again.images, store.images)
            np.testing.assert_array_equal(again.decibels(3), store.decibels(3))


def test_a_damaged_image_is_named_also_where_threads_read_it(store_path, tmp_path):
    path = tmp_path / "copy"
    shutil.copytree(store_path, path)
    truncate(path / "low" / "low.00003.png")
    with joblib.parallel_config(n_jobs=3), pytest.raises(UserError, match=r"low\.00003\.png"):
        read_store(path)


@pytest.mark.parametrize(("old", "new"), [("low.00003", "low.00009"), (",low,", ",slow,")])
def test_the_digest_counts_names_and_genres(store, store_path, tmp_path, old, new):
    copy = tmp_path / "copy"
    shutil.copytree(store_path, copy)
    index = copy / "index.csv"
    index.write_text(index.read_text().replace(old, new))
    for file in list((copy / "low").iterdir()):
        target = copy / ("slow" if "slow" in new else "low") / file.name.replace(old, new)
        target.parent.mkdir(exist_ok=True)
        file.rename(target)
    assert read_store(copy).digest != store.digest


def test_the_first_track_of_each_genre_is_found_in_any_order(store):
    assert {store.genres[store.labels[store.position(name)]] for name in store.firsts} == set(
        store.genres
    )
    mixed = dataclasses.replace(store, labels=store.labels[::-1].copy())
    for label, name in enumerate(mixed.firsts):
        assert mixed.position(name) == mixed.labels.tolist().index(label)


def test_names_that_need_quoting_survive(tmp_path):
    tracks = tuple(
        Track(name, genre, partial(play, "low", number))
        for number, (genre, name) in enumerate([('R "n" B', 'a, "b"'), ("Größe", "夜 曲.1")])
    )
    write_store(Corpus("odd", tracks), tmp_path / "odd", SMALL, jobs=1, progress=False)
    store = read_store(tmp_path / "odd")
    assert store.track_ids == ('a, "b"', "夜 曲.1")
    assert set(store.genres) == {'R "n" B', "Größe"}


# A store that is not written


def test_what_exists_is_not_overwritten(tmp_path):
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.write_text("mine")
    for path in (folder, file):
        with pytest.raises(UserError, match="exists already"):
            write_store(small_corpus(1), path, SMALL, jobs=1, progress=False)
    assert list(folder.iterdir()) == []
    assert file.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == [file, folder]


def test_a_store_of_a_store_is_refused(store_path, tmp_path):
    with pytest.raises(UserError, match="already"):
        write_store(Corpus("x", store=store_path), tmp_path / "x", SMALL, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_runs_full_is_reported_and_nothing_is_left(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(UserError, match=r"store cannot be written \(No space left"):
        write_store(small_corpus(1), tmp_path / "store", SMALL, jobs=1, progress=False)
    assert list(tmp_path.iterdir()) == []


def fail_to_load(sample_rate: int) -> np.ndarray:
    raise UserError("track 2 is bad")


def test_a_track_that_fails_in_a_worker_is_reported(tmp_path, capsys):
    tracks = (*small_corpus(1).tracks, Track("low.2", "low", fail_to_load))
    with pytest.raises(UserError, match=r"^1 of 4 tracks of bad cannot be used"):
        write_store(Corpus("bad", tracks), tmp_path / "store", SMALL, jobs=2, progress=False)
    assert "  low.2: track 2 is bad" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_track_that_fails_leaves_nothing_behind(tmp_path):
    for error in (UserError("track 2 is bad"), KeyboardInterrupt()):

        def fail(sample_rate: int, error: BaseException = error) -> np.ndarray:
            raise error

        tracks = (*small_corpus(1).tracks, Track("low.2", "low", fail))
        with pytest.raises(type(error)):
            write_store(Corpus("bad", tracks), tmp_path / "store", SMALL, jobs=1, progress=False)
        assert list(tmp_path.iterdir()) == []


# A store that cannot be read


def edit_index(path: Path, **changes: str | None) -> None:
    """Change columns of the first row; None drops a column."""
    with open(path / "index.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for name, value in changes.items():
        for row in rows[:1] if value is not None else rows:
            row[name] = value
            if value is None:
                del row[name]
    with open(path / "index.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def edit_manifest(path: Path, **changes) -> None:
    manifest = json.loads((path / "store.json").read_text()) | changes
    kept = {name: value for name, value in manifest.items() if value is not None}
    (path / "store.json").write_text(json.dumps(kept))


def keep_first_line(path: Path) -> None:
    path.write_text(path.read_text().splitlines()[0] + "\n")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def reshape(path: Path, shape: tuple[int, int], mode: str = "L") -> None:
    Image.new(mode, shape[::-1]).save(path)


IMAGE = "hiss/hiss.00000.png"  # the first row of the index
DAMAGES = {
    "no manifest": (lambda p: (p / "store.json").unlink(), "store.json"),
    "manifest that is no JSON": (lambda p: (p / "store.json").write_text("{"), "store.json"),
    "manifest that is no mapping": (lambda p: (p / "store.json").write_text("3"), "store.json"),
    "no n_mels": (lambda p: edit_manifest(p, n_mels=None), r"store.json.*n_mels"),
    "no top_db": (lambda p: edit_manifest(p, top_db=None), r"store.json.*top_db"),
    "another n_mels": (lambda p: edit_manifest(p, n_mels=64), r"hiss/.*png.*32, 161.*64, 161"),
    "n_mels in words": (lambda p: edit_manifest(p, n_mels="many"), r"store.json.*many"),
    "no index": (lambda p: (p / "index.csv").unlink(), "index.csv"),
    "empty index": (lambda p: keep_first_line(p / "index.csv"), "index.csv.*empty"),
    "negative frames": (lambda p: edit_index(p, frames="-5"), "index.csv"),
    "index of no bytes": (lambda p: (p / "index.csv").write_text(""), "index.csv"),
    "index of other bytes": (lambda p: (p / "index.csv").write_bytes(b"\xff\xfe\xfd"), "index.csv"),
    "no column frames": (lambda p: edit_index(p, frames=None), "index.csv.*frames"),
    "no column genre": (lambda p: edit_index(p, genre=None), "index.csv.*genre"),
    "frames in words": (lambda p: edit_index(p, frames="many"), "index.csv.*many"),
    "other frames": (lambda p: edit_index(p, frames="5"), rf"{IMAGE}.*32, 161.*32, 5"),
    "a track twice": (lambda p: edit_index(p, track_id="hiss.00001"), r"index.csv.*hiss.00001"),
    "no image": (lambda p: (p / IMAGE).unlink(), IMAGE),
    "empty image": (lambda p: (p / IMAGE).write_bytes(b""), IMAGE),
    "image that is text": (lambda p: (p / IMAGE).write_text("text"), IMAGE),
    "truncated image": (lambda p: truncate(p / IMAGE), IMAGE),
    "image of another shape": (lambda p: reshape(p / IMAGE, (32, 160)), rf"{IMAGE}.*32, 160"),
    "image in colour": (lambda p: reshape(p / IMAGE, (32, 161), "RGB"), rf"{IMAGE}.*RGB"),
    "image of two levels": (lambda p: reshape(p / IMAGE, (32, 161), "1"), IMAGE),
}


def test_a_damaged_store_is_refused_with_the_name_of_the_file(store_path, tmp_path):
    for number, (damage, words) in enumerate(DAMAGES.values()):
        path = tmp_path / str(number)
        shutil.copytree(store_path, path)
        damage(path)
        with pytest.raises(UserError, match=words):
            read_store(path)


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    for name in ("nowhere", "."):
        with pytest.raises(UserError, match=r"store\.json"):
            read_store(tmp_path / name)


def test_an_image_of_noise_in_its_middle_is_refused(store_path, tmp_path):
    path = tmp_path / "copy"
    shutil.copytree(store_path, path)
    content = bytearray((path / IMAGE).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 50] = bytes(50)
    (path / IMAGE).write_bytes(content)
    with pytest.raises(UserError, match=IMAGE):
        read_store(path)


def test_a_shorter_track_ends_in_black(store, store_path, tmp_path):
    path = tmp_path / "copy"
    shutil.copytree(store_path, path)
    gray = np.array(Image.open(path / IMAGE))
    Image.fromarray(gray[:, :100]).save(path / IMAGE)
    edit_index(path, frames="100")
    image = read_store(path).images[0]
    assert image.shape == store.images[0].shape
    np.testing.assert_array_equal(image[:, :100], store.images[0, :, :100])
    assert (image[:, 100:] == 0).all()


def test_a_store_of_short_clips_says_so(tmp_path, capsys):
    clips = Corpus("clips", tuple(small_corpus(1).tracks))
    write_store(clips, tmp_path / "fits", SMALL, progress=False)
    assert "shorter" not in capsys.readouterr().err
    longer = SMALL.model_copy(update={"seconds": 5.0})
    write_store(clips, tmp_path / "short", longer, progress=False)
    said = capsys.readouterr().err
    assert "3 of 3 tracks are shorter than 5 s, the shortest 2.0 s; their images end in" in said


# Tracks that cannot be used


def silent(sample_rate: int) -> np.ndarray:
    return np.full(2 * sample_rate, 0.9 * SILENT, np.float32)


def faulty_corpus(folder: Path, *, dispensable: frozenset[str] = frozenset()) -> Corpus:
    """Three good tracks; a file that is empty, one that is cut short, and one that is silent."""
    import soundfile

    folder.mkdir(parents=True)
    (folder / "empty.wav").touch()
    soundfile.write(folder / "cut Größe.wav", play("low", 8, 8000), 8000)
    content = (folder / "cut Größe.wav").read_bytes()
    (folder / "cut Größe.wav").write_bytes(content[:9000])
    bad = [
        Track(f"low.{path.stem}", "low", partial(read_audio, path), path)
        for path in sorted(folder.iterdir())
    ]
    bad.append(Track("quiet.0", "quiet", silent))
    good = small_corpus(1).tracks
    return Corpus("faulty", (bad[0], *good[:2], *bad[1:], *good[2:]), dispensable=dispensable)


FAULTS = ("low.cut Größe", "low.empty", "quiet.0")


@pytest.mark.parametrize("jobs", [1, 3])
def test_all_faults_are_listed_and_no_store_is_made(tmp_path, capsys, jobs):
    corpus = faulty_corpus(tmp_path / "audio")
    with pytest.raises(UserError, match=r"3 of 6 tracks of faulty .*--on-error skip") as caught:
        write_store(corpus, tmp_path / "s", SMALL, jobs=jobs, progress=False)
    assert "\n" not in str(caught.value)
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == "genre-book: 3 of 6 tracks of faulty cannot be used:"
    for line, name, file, fault in zip(
        lines,
        FAULTS,
        (tmp_path / "audio" / "cut Größe.wav", tmp_path / "audio" / "empty.wav", ""),
        ("is cut short", "is an empty file", "silent"),
        strict=True,
    ):
        assert line.startswith(f"  {name}: ")
        assert str(file) in line
        assert fault in line
        assert line.count(str(tmp_path)) == bool(file)
    assert [path.name for path in tmp_path.iterdir()] == ["audio"]


def test_a_store_can_be_made_without_them_and_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GENRE_ON_ERROR", "skip")
    corpus = faulty_corpus(tmp_path / "audio")
    path = tmp_path / "s"
    assert write_store(corpus, path, SMALL, progress=False) == FAULTS
    assert "They are left out" in capsys.readouterr().err
    store = read_store(path)
    assert store.manifest["skipped"] == list(FAULTS)
    assert store.track_ids == tuple(track.track_id for track in small_corpus(1).tracks)
    assert "quiet" not in store.genres
    assert not (path / "quiet").exists()
    assert store.manifest["tracks"] == 3
    write_store(small_corpus(1), tmp_path / "good", SMALL, progress=False)
    assert read_store(tmp_path / "good").digest == store.digest
    assert read_store(tmp_path / "good").manifest["skipped"] == []


def test_another_answer_to_faults_is_refused(tmp_path, monkeypatch):
    corpus = faulty_corpus(tmp_path / "audio")
    monkeypatch.setenv("GENRE_ON_ERROR", "skpi")
    with pytest.raises(UserError, match=r"'skpi'.*Did you mean 'skip'"):
        write_store(corpus, tmp_path / "other", SMALL, progress=False)


def test_a_store_of_nothing_is_not_made(tmp_path, monkeypatch):
    for answer in ("stop", "skip"):
        monkeypatch.setenv("GENRE_ON_ERROR", answer)
        corpus = Corpus("quiet", (Track("quiet.0", "quiet", silent),))
        with pytest.raises(UserError, match="1 of 1 tracks of quiet cannot be used"):
            write_store(corpus, tmp_path / "s", SMALL, progress=False)
        assert list(tmp_path.iterdir()) == []


def test_a_corpus_can_do_without_a_dispensable_track(tmp_path, capsys):
    corpus = faulty_corpus(tmp_path / "a", dispensable=frozenset(FAULTS[:2]))
    with pytest.raises(UserError, match="3 of 6 tracks"):
        write_store(corpus, tmp_path / "s", SMALL, progress=False)
    corpus = faulty_corpus(tmp_path / "b", dispensable=frozenset(FAULTS))
    assert write_store(corpus, tmp_path / "s", SMALL, progress=False) == FAULTS
    assert "low.empty" in capsys.readouterr().err


def test_what_a_corpus_says_of_itself_comes_before_its_store_is_made(tmp_path, capsys):
    tracks = small_corpus(1).tracks
    write_store(Corpus("x", tracks, passed_over="a.txt"), tmp_path / "s", SMALL, progress=False)
    assert "genre-book: a.txt" in capsys.readouterr().err


def test_genres_of_which_no_track_is_left_are_named_and_one_genre_is_no_corpus(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("GENRE_ON_ERROR", "skip")
    tracks = small_corpus(2).tracks
    genres = sorted({track.genre for track in tracks})

    def silent(sample_rate: int) -> np.ndarray:
        return np.zeros(sample_rate, np.float32)

    some = [replace(it, load=silent) if it.genre == genres[0] else it for it in tracks]
    write_store(Corpus("x", tuple(some)), tmp_path / "some", SMALL, progress=False)
    assert f"so is all of {genres[0]}." in capsys.readouterr().err
    one = [it if it.genre == genres[0] else replace(it, load=silent) for it in tracks]
    with pytest.raises(UserError, match=f"No track of {genres[1]}.* is left"):
        write_store(Corpus("x", tuple(one)), tmp_path / "one", SMALL, progress=False)
    assert not (tmp_path / "one").exists()


# The store of a configuration


def settings_for(corpus: Path, **overrides):
    return configure(
        corpus=str(corpus), overrides=SMALL.model_dump() | {"seconds": 1.0} | overrides
    )


@pytest.fixture
def music(tmp_path) -> Path:
    import soundfile

    for genre in ("low", "high"):
        (tmp_path / "music" / genre).mkdir(parents=True)
        for number in range(2):
            audio = play(genre, number, 8000, seconds=1.0)
            soundfile.write(tmp_path / "music" / genre / f"{number}.wav", audio, 8000)
    return tmp_path / "music"


@pytest.fixture
def counted(monkeypatch) -> list[Path]:
    """Where stores were written; one process, for it is quicker here."""
    written: list[Path] = []

    def write(corpus, path, settings, **_):
        written.append(path)
        write_store(corpus, path, settings, jobs=1, progress=False)

    monkeypatch.setattr("genre_lib.store.write_store", write)
    return written


def test_a_store_is_made_once(music, counted):
    first = open_store(settings_for(music), progress=False)
    assert data_dir() in first.path.parents
    assert first.track_ids == ("high.0", "high.1", "low.0", "low.1")
    second = open_store(settings_for(music), progress=False)
    assert second.digest == first.digest
    assert counted == [first.path]


def test_a_store_without_some_tracks_is_not_used_unless_they_may_be_left_out(
    music, counted, monkeypatch, capsys
):
    (music / "low" / "1.wav").write_bytes(b"")
    with pytest.raises(UserError, match="1 of 4 tracks"):
        open_store(settings_for(music), progress=False)
    assert list((data_dir() / "stores").iterdir()) == []
    monkeypatch.setenv("GENRE_ON_ERROR", "skip")
    store = open_store(settings_for(music), progress=False)
    assert store.track_ids == ("high.0", "high.1", "low.0")
    capsys.readouterr()
    monkeypatch.delenv("GENRE_ON_ERROR")
    with pytest.raises(UserError, match=r"1 of 4 tracks.*--on-error skip"):
        open_store(settings_for(music), progress=False)
    assert "low.1" in capsys.readouterr().err
    given = configure(corpus=str(store.path))
    assert open_store(given, progress=False).digest == store.digest
    shutil.copy(music / "low" / "0.wav", music / "low" / "1.wav")
    assert len(open_store(settings_for(music), progress=False).track_ids) == 4


def test_a_file_that_is_gone_is_a_fault_like_others(music, counted, capsys):
    (music / "low" / "2.wav").symlink_to(music / "nowhere.wav")
    with pytest.raises(UserError, match="1 of 5 tracks"):
        open_store(settings_for(music), progress=False)
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "skipped"),
    [
        ("jazz.00054", b"this is no audio" * 99, True),
        ("jazz.00054", None, False),
        ("jazz.00055", b"this is no audio" * 99, None),
    ],
)
def test_the_only_track_of_gtzan_that_may_be_undecodable(
    music, counted, monkeypatch, capsys, name, content, skipped
):
    folder = data_dir() / "gtzan" / "genres"
    shutil.copytree(music / "low", folder / "jazz")
    shutil.copy(music / "low" / "0.wav", folder / "jazz" / f"{name}.wav")
    if content:
        (folder / "jazz" / f"{name}.wav").write_bytes(content)
    settings = settings_for(Path("gtzan"))
    if skipped is None:
        with pytest.raises(UserError, match="1 of 3 tracks"):
            open_store(settings, progress=False)
    else:
        for _ in range(2):
            store_module._read_once.cache_clear()
            store = open_store(settings, progress=False)
            assert store.manifest["skipped"] == [name] * skipped
            assert len(store.track_ids) == 3 - skipped
    assert (f"{name}.wav cannot be decoded" in capsys.readouterr().err) == bool(content)


def test_other_settings_or_other_files_make_another_store(music, counted):
    first = open_store(settings_for(music), progress=False)
    other = open_store(settings_for(music, n_mels=16), progress=False)
    assert other.images.shape[1] == 16
    shutil.copy(music / "low" / "0.wav", music / "low" / "2.wav")
    larger = open_store(settings_for(music), progress=False)
    assert len(larger.track_ids) == 5
    assert len(set(counted)) == len(counted) == 3
    assert len({first.digest, other.digest, larger.digest}) == 3


def test_a_store_that_is_given_is_read_where_it_lies(store_path, counted, run_settings):
    assert open_store(run_settings(), progress=False).path == store_path
    assert counted == []


def test_a_store_is_not_used_for_other_spectrograms_than_it_has(store_path):
    stored = SMALL.n_mels
    same = configure(corpus=str(store_path), overrides={"n_mels": stored})
    assert open_store(same).images.shape[1] == stored
    other = configure(corpus=str(store_path), overrides={"n_mels": stored + 1})
    with pytest.raises(UserError, match=f"n_mels = {stored + 1}.* made with {stored}"):
        open_store(other)


# Workers, here and on a cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator:
    """Two worker processes of a Dask cluster."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers,
        Client(workers) as client,
    ):
        yield client


def play_and_sign(folder: Path, genre: str, number: int, sample_rate: int) -> np.ndarray:
    """Like `play`, and leaves the number of the process that played."""
    (folder / str(os.getpid())).touch()
    return play(genre, number, sample_rate)


@pytest.mark.slow
def test_a_cluster_writes_what_one_process_writes(cluster, store_path, tmp_path):
    played = tmp_path / "played"
    played.mkdir()
    tracks = (
        Track(track.track_id, track.genre, partial(play_and_sign, played, *track.load.args))
        for track in small_corpus().tracks
    )
    with joblib.parallel_config(backend="dask"):
        write_store(Corpus("small", tuple(tracks)), tmp_path / "small", SMALL, progress=False)
    assert content(tmp_path / "small") == content(store_path)
    workers = set(cluster.run(os.getpid).values())
    assert len(workers) == 2
    assert {int(path.name) for path in played.iterdir()} == workers


@pytest.mark.slow
def test_a_track_that_fails_on_a_cluster_is_reported_and_leaves_nothing(cluster, tmp_path):
    tracks = (*small_corpus(1).tracks, Track("low.2", "low", fail_to_load))
    with (
        joblib.parallel_config(backend="dask"),
        pytest.raises(UserError, match=r"^1 of 4 tracks of bad cannot be used"),
    ):
        write_store(Corpus("bad", tracks), tmp_path / "store", SMALL, progress=False)
    assert list(tmp_path.iterdir()) == []


# Two processes that want the same store


def test_a_store_that_appears_meanwhile_is_kept(store_path, tmp_path):
    path = tmp_path / "store"

    def load(sample_rate: int) -> np.ndarray:
        shutil.copytree(store_path, path)
        return play("low", 0, sample_rate)

    with pytest.raises(UserError, match=r"store cannot be written \("):
        write_store(Corpus("x", (Track("a", "low", load),)), path, SMALL, jobs=1, progress=False)
    assert content(path) == content(store_path)
    assert list(tmp_path.iterdir()) == [path]


OPENING = """
import sys
from genre_lib import store
from genre_lib.config import configure, SpectrogramSettings

def write(corpus, path, settings, **_):
    print("writing", flush=True)
    sys.stdin.readline()
    write_store(corpus, path, settings, jobs=1, progress=False)

write_store, store.write_store = store.write_store, write
small = SpectrogramSettings.model_validate_json(sys.argv[2])
settings = configure(corpus=sys.argv[1], overrides=small.model_dump())
print(store.open_store(settings, progress=False).digest)
"""


def opening(music: Path) -> subprocess.Popen:
    """A process that opens a store and, before it writes it, says so and waits for a line."""
    settings = SMALL.model_copy(update={"seconds": 1.0}).model_dump_json()
    return subprocess.Popen(
        [sys.executable, "-c", OPENING, str(music), settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "killed", [pytest.param(False, marks=pytest.mark.slow, id="finishes"), True]
)
def test_a_store_that_another_process_is_making_is_waited_for(music, killed):
    with opening(music) as first:
        assert first.stdout.readline() == "writing\n"
        with opening(music) as second:
            message = second.stderr.readline()
            assert "another process is making the store" in message
            assert str(data_dir() / "stores") in message
            if killed:
                first.kill()
            digest, _ = first.communicate("\n")
            output, errors = second.communicate("\n")
    assert (second.returncode, errors) == (0, "")
    store = open_store(settings_for(music), progress=False)
    assert output == (f"writing\n{store.digest}\n" if killed else f"{store.digest}\n")
    assert digest == ("" if killed else f"{store.digest}\n")
    assert [path for path in (data_dir() / "stores").iterdir() if path.is_dir()] == [store.path]


def test_a_place_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match=r"cannot be written .*choose another place"):
        write_store(small_corpus(1), tmp_path / "file" / "store", SMALL, progress=False)
