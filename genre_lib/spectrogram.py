"""Audio to mel spectrogram (Section IV-A)."""

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import librosa
import numpy as np
from scipy.sparse import csr_array

from genre_lib.config import SpectrogramSettings, UserError
from genre_lib.corpus import Track

SILENT = 1e-4  # of full scale, -80 dB; what never gets louder is silence


@functools.lru_cache(maxsize=16)  # sliders ask for many
def mel_filterbank(settings: SpectrogramSettings) -> csr_array:
    """Mel filters as librosa makes them, float32, sparse, shape (n_mels, 1 + n_fft // 2).

    Nearly all weights are 0. A dense product would depend, in its last digits, on the number of
    BLAS threads, and with it a store on the number of workers that make it.
    """
    shape = settings.model_dump(include={"n_fft", "n_mels", "fmin", "fmax"})
    return csr_array(librosa.filters.mel(sr=settings.sample_rate, **shape))


def mel_centres(recipe: Mapping[str, Any]) -> np.ndarray:
    """Middle of each mel band in Hz, shape (n_mels,); a recipe has n_mels, fmin and fmax."""
    n_mels, fmin, fmax = (recipe[key] for key in ("n_mels", "fmin", "fmax"))
    return librosa.mel_frequencies(n_mels=n_mels + 2, fmin=fmin, fmax=fmax)[1:-1]


def mel_decibels(audio: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Mel spectrogram in dB against its own maximum (Section IV-A).

    Parameters
    ----------
    audio
        Mono samples at ``settings.sample_rate``, shape (samples,).

    Returns
    -------
    np.ndarray
        float32, shape (n_mels, 1 + samples // hop_length), between -top_db and 0.
        Silence is -top_db throughout.
    """
    stft = librosa.stft(audio, n_fft=settings.n_fft, hop_length=settings.hop_length)
    power = mel_filterbank(settings) @ (stft.real**2 + stft.imag**2)
    loudest = float(power.max())
    if loudest == 0.0:
        return np.full(power.shape, -settings.top_db, np.float32)
    decibels = librosa.power_to_db(power / loudest, ref=1.0, amin=1e-20, top_db=settings.top_db)
    return decibels.astype(np.float32, copy=False)


def to_gray(decibels: np.ndarray, *, top_db: float) -> np.ndarray:
    """Quantise dB in [-top_db, 0] to uint8 gray levels 0 to 255."""
    scaled = np.clip(1.0 + decibels / top_db, 0.0, 1.0) * 255.0
    return np.rint(scaled).astype(np.uint8)


def to_decibels(gray: np.ndarray, *, top_db: float) -> np.ndarray:
    """Undo `to_gray`, to within half a gray level, as float32."""
    return ((gray.astype(np.float32) / 255.0) - 1.0) * np.float32(top_db)


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
    audio = librosa.util.fix_length(audio, size=round(settings.seconds * settings.sample_rate))
    if np.abs(audio).max() < SILENT:
        raise UserError(f"{track.path or track.track_id} is silent throughout.")
    gray = to_gray(mel_decibels(audio, settings), top_db=settings.top_db)
    row = {"track_id": track.track_id, "genre": track.genre, "frames": gray.shape[1]}
    row |= {"seconds": round(seconds, 4), "sha256": sha256.hexdigest()}
    return gray, row | ({"group": track.group} if track.group else {})
