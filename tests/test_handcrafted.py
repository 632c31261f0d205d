"""The handcrafted features against independent computations."""

import librosa
import numpy as np
import pytest
from scipy import fft

from genre_lib.handcrafted import baseline, mfcc_statistics


@pytest.fixture
def mel_db() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.uniform(-80, 0, (64, 50)).astype(np.float32)


def test_statistics_equal_a_frame_by_frame_computation(mel_db):
    coefficients = np.array([fft.dct(frame, norm="ortho")[:20] for frame in mel_db.T.astype(float)])
    steps = coefficients[1:] - coefficients[:-1]
    expected = [*coefficients.mean(0), *coefficients.std(0), *steps.mean(0), *steps.std(0)]
    np.testing.assert_allclose(mfcc_statistics(mel_db), expected, atol=1e-9)


def test_coefficients_are_librosas(mel_db):
    expected = librosa.feature.mfcc(S=mel_db.astype(float), n_mfcc=20)
    np.testing.assert_allclose(mfcc_statistics(mel_db)[:20], expected.mean(1), atol=1e-9)


def test_a_louder_recording_changes_only_the_first_mean(mel_db):
    quiet, loud = mfcc_statistics(mel_db), mfcc_statistics(mel_db + 7.0)
    changed = np.flatnonzero(~np.isclose(quiet, loud, atol=1e-4))
    assert changed.tolist() == [0]
    assert loud[0] - quiet[0] == pytest.approx(7.0 * np.sqrt(64), abs=1e-3)


def test_baseline_is_scaled_and_fixed():
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (30, 5)), rng.normal(3, 1, (30, 5))])
    labels = np.repeat(["a", "b"], 30)
    stretched = features * [1, 10, 100, 1000, 10000]
    first, second = baseline().fit(features, labels), baseline().fit(stretched, labels)
    np.testing.assert_array_equal(first.predict(features), second.predict(stretched))
    assert first.score(features, labels) > 0.9
    assert (first[-1].C, first[-1].kernel, first[-1].gamma) == (10.0, "rbf", "scale")
