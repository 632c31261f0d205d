"""Audio to mel spectrogram (Section IV-A)."""

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from genre_lib.config import SpectrogramSettings, UserError
from genre_lib.corpus import Track
from genre_lib.corpus.sound import SILENT, level

CHUNK = 16  # frames that are transformed at a time
HEARD = 0.05  # of the frames; a band that is black in more of them than the others is missing
EDGE, LIKE = 4, 8  # bands at the edge, which are too soft, and below it, which the missing are like


@functools.lru_cache(maxsize=16)  # sliders ask for many
def mel_filterbank(settings: SpectrogramSettings) -> np.ndarray:
    """Mel filters as librosa makes them, float32, shape (n_mels, 1 + n_fft // 2).

    What librosa imports for filters and STFT takes longer than a network to answer.
    """
    edges = mel_edges(settings.model_dump())
    bins = np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate)
    ramps, widths = np.subtract.outer(edges, bins), np.diff(edges)[:, None]
    weights = np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]).clip(0).astype("f4")
    weights *= (2.0 / (edges[2:] - edges[:-2]))[:, None]  # each has the same area
    return weights


def mel_edges(recipe: Mapping[str, Any]) -> np.ndarray:
    """Where mel bands begin, peak and end in Hz, shape (n_mels + 2,), on Slaney's scale.

    Each band peaks where the next one begins. A recipe has n_mels, fmin and fmax.
    """
    step, growth = 200 / 3, np.log(6.4) / 27  # Hz a mel up to 1 kHz; above, a factor of 1.07
    knee = 1000 / step
    low, high = (
        knee + np.log(hz / 1000) / growth if hz >= 1000 else hz / step
        for hz in (recipe["fmin"], recipe["fmax"])
    )
    mel = np.linspace(low, high, recipe["n_mels"] + 2)
    return np.where(mel < knee, step * mel, 1000 * np.exp(growth * (mel - knee)))


def mel_decibels(audio: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Mel spectrogram in dB against its own maximum (Section IV-A).

    Of mono audio at ``settings.sample_rate``, shape (samples,), it is float32, shape
    (n_mels, 1 + samples // hop_length), between -top_db and 0. Silence is -top_db throughout.
    """
    power, filters = _power_of(audio, settings), mel_filterbank(settings)
    bands = np.empty((len(filters), power.shape[1]), np.float32)
    # Nearly all weights are 0. A matrix product would depend, in its last digits, on the number of
    # BLAS threads, and with it a store on the number of workers that make it.
    for band, weights in zip(bands, filters, strict=True):
        used = np.flatnonzero(weights)
        np.sum(weights[used, None] * power[used], axis=0, out=band)
    loudest = float(bands.max())
    if loudest == 0.0:
        return np.full(bands.shape, -settings.top_db, np.float32)
    decibels = 10.0 * np.log10(np.maximum(bands / loudest, 1e-20))
    return np.maximum(decibels, decibels.max() - settings.top_db).astype(np.float32, copy=False)


def _power_of(audio: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Power of ``librosa.stft`` to the last digit, float32, shape (1 + n_fft // 2, frames)."""
    size = settings.n_fft
    window = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, size + 1)[:-1])  # Hann's
    frames = sliding_window_view(np.pad(audio, size // 2), size)[:: settings.hop_length]
    power = np.empty((1 + size // 2, len(frames)), np.float32)
    for start in range(0, len(frames), CHUNK):
        part = np.fft.rfft(window * frames[start : start + CHUNK]).astype(np.complex64)
        power[:, start : start + CHUNK] = (part.real**2 + part.imag**2).T
    return power


def to_gray(decibels: np.ndarray, *, top_db: float) -> np.ndarray:
    """Quantise dB in [-top_db, 0] to uint8 gray levels 0 to 255."""
    scaled = np.clip(1.0 + decibels / top_db, 0.0, 1.0) * 255.0
    return np.rint(scaled).astype(np.uint8)


def to_decibels(gray: np.ndarray, *, top_db: float) -> np.ndarray:
    """Undo `to_gray`, to within half a gray level, as float32."""
    return ((gray.astype(np.float32) / 255.0) - 1.0) * np.float32(top_db)


def highest_band(gray: np.ndarray) -> int:
    """The highest mel band with energy; there is less above a low sample rate or bitrate."""
    heard = gray[:, gray.any(axis=0)] > 0  # in frames that are not silent
    return int(np.flatnonzero(heard.sum(axis=1) > HEARD * heard.shape[1]).max(initial=-1))


def fill_bands(gray: np.ndarray, top: int) -> np.ndarray:
    """A copy with bands above the highest one, `top`, that continue those below it.

    Frame by frame they are the mean of some bands, a gray level softer from band to band. On
    validation tracks a network is right more often so than with black bands, or with typical ones.
    """
    first = max(LIKE, top + 1 - EDGE)
    filled = gray.copy()
    softer = np.arange(len(gray) - first)[:, None] + (LIKE + 1) / 2
    filled[first:] = np.rint(np.clip(gray[first - LIKE : first].mean(axis=0) - softer, 0, 255))
    return filled


def spectrogram_of(track: Track, settings: SpectrogramSettings) -> tuple[np.ndarray, dict]:
    """Gray-level spectrogram of a track, shape (n_mels, frames), and its row of the index.

    Of a file no more is decoded than is used, so its seconds are those that are used. A `UserError`
    is raised if it cannot be read, or is silent: a black image shows nothing of its genre.
    """
    if track.path:
        audio = track.load(settings.sample_rate, seconds=settings.seconds)
        with track.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256")
    else:
        audio = track.load(settings.sample_rate)
        sha256 = hashlib.sha256(audio.tobytes())
    seconds = len(audio) / settings.sample_rate
    silence = np.zeros(round(settings.seconds * settings.sample_rate), np.float32)
    audio = np.concatenate((audio, silence))[: len(silence)]
    if level(audio) < SILENT:
        raise UserError(f"{track.path or track.track_id} is silent throughout.")
    gray = to_gray(mel_decibels(audio, settings), top_db=settings.top_db)
    row = {"track_id": track.track_id, "genre": track.genre, "frames": gray.shape[1]}
    row |= {"seconds": round(seconds, 4), "sha256": sha256.hexdigest()}
    return gray, row | ({"group": track.group} if track.group else {})
