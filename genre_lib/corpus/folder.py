"""Tracks and corpora; a folder of genre folders with audio files is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

import numpy as np

from genre_lib.config import UserError
from genre_lib.corpus.audio import read_audio

AUDIO_SUFFIXES = {".wav", ".au", ".flac", ".mp3", ".ogg", ".m4a", ".aif", ".aiff"}


@dataclass(frozen=True)
class Track:
    """One recording with one genre label; a composed track has no `path`.

    ``load(sample_rate)`` returns mono float32 audio, shape (samples,); that of a file takes
    ``seconds=``, too (see `read_audio`).
    """

    track_id: str
    genre: str
    load: Callable[..., np.ndarray]
    path: Path | None = None


@dataclass(frozen=True)
class Corpus:
    """A named collection of tracks, or a spectrogram store that was made of one.

    Tracks named in `dispensable` are left out, with a notice, where they cannot be decoded.
    `describe` says what is to be known of the files before a store is made of them.
    """

    name: str
    tracks: tuple[Track, ...] = ()
    store: Path | None = None
    dispensable: frozenset[str] = frozenset()
    describe: Callable[[], str] | None = None


def is_store(path: Path) -> bool:
    """Tell whether a folder is a spectrogram store."""
    return (path / "store.json").exists() or (path / "index.csv").exists()


def is_audio(file: PurePath) -> bool:
    """Tell by its name whether a file is audio, and not hidden as macOS's ``._*`` companions."""
    return file.suffix.lower() in AUDIO_SUFFIXES and not file.name.startswith(".")


def folder_corpus(path: Path) -> Corpus:
    """List the audio files of a folder of genre folders; the folder's name is the genre.

    A `UserError` is raised if there is no audio file in any subfolder, two files give the same
    track, or a folder cannot be read.
    """
    a_corpus = "a corpus is a folder with one subfolder of audio files for each genre, or a store"
    try:  # sorted, so that the order does not depend on the file system
        folders = [it for it in sorted(path.iterdir()) if it.is_dir() and it.name[0] != "."]
        files = [file for folder in folders for file in sorted(folder.iterdir()) if is_audio(file)]
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be read ({error.strerror}); {a_corpus}."
        ) from None
    tracks: dict[str, Track] = {}
    for file in files:
        genre, stem = file.parent.name, file.stem
        track_id = stem if stem.startswith(f"{genre}.") else f"{genre}.{stem}"
        if track_id in tracks:
            raise UserError(f"{file} and {tracks[track_id].path} are both track {track_id}.")
        tracks[track_id] = Track(track_id, genre, partial(read_audio, file), file)
    if not tracks:
        suffixes = ", ".join(sorted(AUDIO_SUFFIXES))
        raise UserError(f"{path} holds no audio ({suffixes}) in subfolders; {a_corpus}.")
    return Corpus(path.resolve().name, tuple(tracks.values()))
