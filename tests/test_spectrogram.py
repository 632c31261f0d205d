import hashlib
from functools import partial

import librosa
import numpy as np
import pytest
from threadpoolctl import threadpool_limits
from tiny import SMALL, play

from genre_lib import spectrogram
from genre_lib.config import SpectrogramSettings, UserError
from genre_lib.corpus import Track
from genre_lib.corpus.sound import SILENT
from genre_lib.spectrogram import (
    mel_decibels,
    mel_filterbank,
    spectrogram_of,
    to_decibels,
    to_gray,
)

PAPER = SpectrogramSettings()


def noise(seconds: float = 1.0, *, settings: SpectrogramSettings = PAPER) -> np.ndarray:
    rng = np.random.default_rng(5)
    audio = rng.normal(0, 0.1, round(seconds * settings.sample_rate))
    return audio.astype(np.float32)


def sine(frequency: float, settings: SpectrogramSettings = PAPER) -> np.ndarray:
    time = np.arange(settings.sample_rate) / settings.sample_rate
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


# Decibels


def test_decibels_equal_librosas():
    for settings in (
        PAPER,
        SMALL,
        SpectrogramSettings(n_fft=1024, hop_length=256, n_mels=64, fmin=40.0, fmax=8000.0),
        SpectrogramSettings(top_db=60.0),
    ):
        for sound in ("noise", "decaying tone"):
            audio = noise(settings=settings)
            if sound == "decaying tone":
                fall = np.exp(-np.arange(len(audio)) / len(audio) * 12)
                audio = (sine(440, settings) * fall + 1e-4 * audio).astype(np.float32)
            power = librosa.feature.melspectrogram(
                y=audio,
                sr=settings.sample_rate,
                n_fft=settings.n_fft,
                hop_length=settings.hop_length,
                n_mels=settings.n_mels,
                fmin=settings.fmin,
                fmax=settings.fmax,
            )
            expected = librosa.power_to_db(power, ref=np.max, top_db=settings.top_db)
            decibels = mel_decibels(audio, settings)
            assert decibels.dtype == np.float32
            np.testing.assert_allclose(decibels, expected, atol=1e-3)


def test_filters_and_powers_are_librosas_to_the_last_digit():
    for settings in (PAPER, SpectrogramSettings(n_fft=1023, hop_length=300, n_mels=40, fmax=999.0)):
        shape = settings.model_dump(include={"n_fft", "n_mels", "fmin", "fmax"})
        filters = librosa.filters.mel(sr=settings.sample_rate, **shape)
        np.testing.assert_array_equal(mel_filterbank(settings), filters)
        audio = noise()
        stft = librosa.stft(audio, n_fft=settings.n_fft, hop_length=settings.hop_length)
        power = spectrogram._power_of(audio, settings)
        np.testing.assert_array_equal(power, stft.real**2 + stft.imag**2)


def test_shape():
    for samples in (4096, 22050, 22051, 22050 + 511, 22050 + 512):
        decibels = mel_decibels(noise(2.0)[:samples], PAPER)
        assert decibels.shape == (128, 1 + samples // 512)
        assert decibels.max() == pytest.approx(0, abs=1e-4)
        assert decibels.min() >= -80 - 1e-4


def test_loudness_does_not_matter():
    for gain in (1e-4, 0.01, 3.0, 1e4):
        audio = sine(440) + noise()
        expected = mel_decibels(audio, PAPER)
        np.testing.assert_allclose(
            mel_decibels(np.float32(gain) * audio, PAPER), expected, atol=2e-3
        )


def test_a_tone_is_loudest_in_the_band_whose_centre_is_nearest():
    for frequency in (220, 440, 1000, 2500, 6000, 10000):
        for n_mels in (64, 128):
            settings = SpectrogramSettings(n_mels=n_mels, n_fft=4096)
            edges = librosa.mel_frequencies(n_mels + 2, fmin=settings.fmin, fmax=settings.fmax)
            nearest = np.abs(librosa.hz_to_mel(edges[1:-1]) - librosa.hz_to_mel(frequency)).argmin()
            # The filters have equal area, so a tone is compared with noise, which fills every band.
            height = mel_filterbank(settings).max(1, keepdims=True)
            power = 10 ** (mel_decibels(sine(frequency), settings) / 10) / height
            assert power[:, 20].argmax() == nearest


def test_higher_tones_lie_in_higher_rows():
    rows = [mel_decibels(sine(f), PAPER)[:, 20].argmax() for f in (200, 500, 1000, 4000, 9000)]
    assert rows == sorted(set(rows))


def test_silence_is_the_bottom_throughout():
    for top_db in (40.0, 80.0):
        settings = SpectrogramSettings(top_db=top_db)
        decibels = mel_decibels(np.zeros(22050, np.float32), settings)
        assert decibels.shape == (128, 44)
        assert (decibels == -top_db).all()
        assert (to_gray(decibels, top_db=top_db) == 0).all()


def test_a_later_sound_is_the_same_columns_later():
    sound = np.concatenate([np.zeros(8 * 512), noise(), np.zeros(40 * 512)]).astype(np.float32)
    later = np.roll(sound, 20 * 512)
    first, second = mel_decibels(sound, PAPER), mel_decibels(later, PAPER)
    np.testing.assert_allclose(second[:, 20:], first[:, :-20], atol=1e-3)
    assert not np.allclose(second[:, :60], first[:, :60], atol=1)


def test_decibels_do_not_depend_on_the_number_of_threads():
    for threads in (1, 3):
        audio = noise(30.0)
        with threadpool_limits(2):
            expected = mel_decibels(audio, PAPER)
        with threadpool_limits(threads):
            np.testing.assert_array_equal(mel_decibels(audio, PAPER), expected)


# Gray levels


def test_gray_levels_survive_decibels():
    gray = np.arange(256, dtype=np.uint8)
    for top_db in (40.0, 80.0):
        np.testing.assert_array_equal(
            to_gray(to_decibels(gray, top_db=top_db), top_db=top_db), gray
        )


def test_decibels_survive_gray_levels_within_half_a_level():
    for top_db in (40.0, 80.0):
        decibels = np.linspace(-top_db, 0, 10_001, dtype=np.float32)
        gray = to_gray(decibels, top_db=top_db)
        assert gray.dtype == np.uint8
        assert (gray[0], gray[-1]) == (0, 255)
        assert (np.diff(gray.astype(int)) >= 0).all()
        error = np.abs(to_decibels(gray, top_db=top_db) - decibels)
        assert error.max() <= 0.5 * top_db / 255 + 1e-4


def test_what_is_out_of_range_does_not_wrap_around():
    assert to_gray(np.array([-200.0, -80.1, 0.1, 5.0]), top_db=80.0).tolist() == [0, 0, 255, 255]


# Tracks


def test_a_short_track_ends_in_silence_and_its_length_is_recorded():
    whole, row = spectrogram_of(Track("a", "low", partial(play, "low", 0)), SMALL)
    half = Track("a", "low", partial(play, "low", 0, seconds=1.0))
    padded, short_row = spectrogram_of(half, SMALL)
    assert padded.shape == whole.shape
    assert (row["seconds"], short_row["seconds"]) == (2.0, 1.0)
    assert row["sha256"] != short_row["sha256"]
    # A window reaches n_fft / 2 = 256 samples, so three columns, over the end.
    assert (padded[:, 80 + 4 :] == 0).all()
    assert (padded[:, :76].max(0) > 0).all()


def test_a_long_track_is_cropped_at_the_end():
    def load(sample_rate: int) -> np.ndarray:
        return np.concatenate([play("low", 0, sample_rate), play("hiss", 0, sample_rate)])

    whole, _ = spectrogram_of(Track("a", "low", partial(play, "low", 0)), SMALL)
    cropped, row = spectrogram_of(Track("a", "low", load), SMALL)
    np.testing.assert_array_equal(cropped, whole)
    assert row["seconds"] == 4.0


def test_the_checksum_is_that_of_the_audio_file(tmp_path):
    import soundfile

    path = tmp_path / "a.wav"
    soundfile.write(path, play("low", 0, 8000), 8000)
    _, row = spectrogram_of(Track("a", "low", partial(play, "low", 0), path), SMALL)
    assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_silence_is_what_nowhere_reaches_the_threshold():
    for level, silence in ((0.0, True), (0.9, True), (1.1, False)):

        def load(sample_rate: int, level: float = level) -> np.ndarray:
            audio = np.zeros(3 * sample_rate, np.float32)
            audio[sample_rate] = level * SILENT
            audio[-1] = 1.0  # behind the two seconds that count
            return audio

        if silence:
            with pytest.raises(UserError, match=r"low\.0 is silent"):
                spectrogram_of(Track("low.0", "low", load), SMALL)
        else:
            spectrogram_of(Track("low.0", "low", load), SMALL)


def test_bands_above_the_highest_with_energy_continue_those_below():
    gray = np.zeros((128, 40), np.uint8)
    gray[:90] = np.arange(40) + 100
    gray[100, 0] = 200  # a click is no band
    assert spectrogram.highest_band(gray) == 89
    filled = spectrogram.fill_bands(gray, 89)
    np.testing.assert_array_equal(filled[:86], gray[:86])
    for frame in (0, 39):
        assert filled[86, frame] == np.rint(gray[0, frame] - 4.5)
        assert (np.diff(filled[86:, frame].astype(int)) <= 0).all()
    assert (np.diff(filled[86:].astype(int), axis=1) >= 0).all()
    assert spectrogram.highest_band(filled) == 127
    assert spectrogram.highest_band(np.zeros_like(gray)) == -1
    assert spectrogram.fill_bands(gray, -1).shape == gray.shape
