"""Tracks and corpora; a folder of genre folders with audio files is one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from genre_lib.config import UserError, refusing
from genre_lib.corpus.audio import fault_of, read_audio

AUDIO_SUFFIXES = {".wav", ".au", ".flac", ".mp3", ".ogg", ".m4a", ".aif", ".aiff", ".aac", ".opus"}
NO_TEXT = re.compile("[\0-\x1f\ud800-\udfff]")  # bytes of names that are no UTF-8 among them
GROUPS = "groups.csv"  # beside the genre folders: columns path and group


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
    group: str = ""  # tracks of one group stay in one subset where tracks are split


@dataclass(frozen=True)
class Corpus:
    """A named collection of tracks, or a spectrogram store that was made of one.

    Tracks named in `dispensable` are left out, with a notice, where they cannot be decoded.
    `passed_over` says which files are none of them, and why.
    """

    name: str
    tracks: tuple[Track, ...] = ()
    store: Path | None = None
    dispensable: frozenset[str] = frozenset()
    passed_over: str = ""


def is_store(path: Path) -> bool:
    """Tell whether a folder is a spectrogram store."""
    return (path / "store.json").exists() or (path / "index.csv").exists()


def is_audio(file: PurePath) -> bool:
    """Tell by its name whether a file is audio, and not hidden as macOS's ``._*`` companions."""
    return file.suffix.lower() in AUDIO_SUFFIXES and not file.name.startswith(".")


def folder_corpus(path: Path) -> Corpus:
    """List the audio files of a folder of genre folders; the folder's name is the genre.

    Files may lie deeper: ``rock/artist/album/1.mp3`` is the track ``rock.artist_album_1``. What has
    no suffix of an audio file counts if it can be decoded. `Corpus.passed_over` lists all others.
    Pieces NAME.0, NAME.1, ... are a group, or what ``groups.csv`` says of a path in the folder.

    A `UserError` is raised if there is no audio file in any subfolder, two files give the same
    track, or a folder cannot be read.
    """
    a_corpus = "a corpus is a folder with one subfolder of audio files for each genre, or a store"
    tracks: dict[str, Track] = {}
    passed_over: dict[str, list[str]] = {}  # by the reason
    groups: dict[str, str] = {}
    if (file := path / GROUPS).exists():
        fault = f"{file} is no table of text with columns path and group"
        with refusing(fault, OSError, ValueError, KeyError):
            table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            groups = dict(zip(table["path"], table["group"], strict=True))
    for file in _files(path, a_corpus):
        inner = file.relative_to(path)
        if str(inner) == GROUPS:
            continue
        hidden = any(part.startswith(".") for part in inner.parts)
        fault = "hidden" if hidden else "in no genre folder" if len(inner.parts) == 1 else ""
        if not fault and not is_audio(file):
            fault = fault_of(file)
        if fault:
            passed_over.setdefault(fault, []).append(str(inner))
            continue
        genre, *inside = (NO_TEXT.sub("\ufffd", part) for part in inner.with_suffix("").parts)
        name = "_".join(inside)
        track_id = name if name.startswith(f"{genre}.") else f"{genre}.{name}"
        if track_id in tracks:
            raise UserError(f"{file} and {tracks[track_id].path} are both track {track_id}.")
        group = groups.pop(str(inner), "")
        tracks[track_id] = Track(track_id, genre, partial(read_audio, file), file, group)
    if not tracks:
        suffixes = ", ".join(sorted(AUDIO_SUFFIXES))
        raise UserError(f"{path} holds no audio ({suffixes}) in subfolders; {a_corpus}.")
    if groups:
        raise UserError(f"{path / GROUPS} groups {min(groups)!r}, which is no track of the corpus.")
    for track_id, track in tracks.items():
        song, _, piece = track_id.rpartition(".")
        if not track.group and piece.isdigit() and song != track.genre and f"{song}.0" in tracks:
            tracks[track_id] = replace(track, group=song)
    lines = [f"  {fault}: {len(names)} ({', '.join(names[:20])}{', ...' * (len(names) > 20)})"
             for fault, names in passed_over.items()]  # fmt: skip
    text = "\n".join([f"Files in {path} that are passed over", *lines] if lines else ())
    return Corpus(path.resolve().name, tuple(tracks.values()), passed_over=text)


def _files(path: Path, wanted: str) -> list[Path]:
    """All files below a folder, in an order that does not depend on the file system."""

    def fail(error: OSError) -> None:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}); {wanted}.")

    found: list[Path] = []
    for place, folders, names in os.walk(path, onerror=fail, followlinks=True):
        found += (Path(place, name) for name in names)
        for inner in (Path(place, name) for name in folders):
            if inner.is_symlink() and inner.resolve() in map(Path.resolve, inner.parents):
                raise UserError(f"{inner} is a link to a folder that it lies in; remove the link.")
    return sorted(found)
