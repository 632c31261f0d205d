"""Tracks and corpora; a folder of genre folders with audio files is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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


def folder_corpus(path: Path) -> Corpus:
    """List the audio files of a folder of genre folders; the folder's name is the genre.

    Hidden files, such as the ``._*`` companions that macOS archives hold, are passed over.

    Raises
    ------
    UserError
        If there is no audio file in any subfolder, two files give the same track, or a folder
        cannot be read.
    """
    tracks: dict[str, Track] = {}
    for folder in _listed(path):
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        for file in _listed(folder):
            if file.name.startswith(".") or file.suffix.lower() not in AUDIO_SUFFIXES:
                continue
            genre = folder.name
            stem = file.stem
            track_id = stem if stem.startswith(f"{genre}.") else f"{genre}.{stem}"
            if track_id in tracks:
                raise UserError(f"{file} and {tracks[track_id].path} are both track {track_id}.")
            tracks[track_id] = Track(track_id, genre, partial(read_audio, file), file)
    if not tracks:
        raise UserError(
            f"{path} holds no audio: a corpus is a folder with one subfolder for each genre, "
            f"holding files such as {', '.join(sorted(AUDIO_SUFFIXES))}."
        )
    return Corpus(path.resolve().name, tuple(tracks.values()))


def _listed(folder: Path) -> list[Path]:
    """What a folder holds, in an order that does not depend on the file system."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise UserError(
            f"{folder} cannot be read ({error.strerror}); mend its permissions, or move it away."
        ) from None
