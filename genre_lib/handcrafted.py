"""The handcrafted baseline of Section II-C: statistics of timbre and a support vector machine."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tqdm import tqdm

from genre_lib.spectrogram import to_decibels
from genre_lib.splits import Dataset
from genre_lib.store import BAR_AFTER, take

COEFFICIENTS = 20


def mfcc_statistics(mel_db: NDArray[np.floating]) -> NDArray[np.float64]:
    """Summarize a mel spectrogram by its mel-frequency cepstral coefficients (MFCCs).

    The coefficients are the orthonormal DCT-II of every frame, as in
    ``librosa.feature.mfcc(S=mel_db)``. No audio is needed, so the baseline also runs on stored
    spectrograms.

    Parameters
    ----------
    mel_db
        In dB, shape (n_mels, frames).

    Returns
    -------
    numpy.ndarray
        float64, shape (4 * `COEFFICIENTS`,): mean over time of the coefficients, their standard
        deviation, and the same two of their differences from frame to frame.
    """
    mfcc = fft.dct(mel_db.astype(np.float64), type=2, axis=0, norm="ortho")[:COEFFICIENTS]
    change = np.diff(mfcc, axis=1)
    return np.concatenate([mfcc.mean(1), mfcc.std(1), change.mean(1), change.std(1)])


def baseline() -> Pipeline:
    """Standardization and an RBF support vector machine, with settings that are never tuned."""
    return make_pipeline(StandardScaler(), SVC(kernel="rbf", C=10.0, gamma="scale"))


def predicted_labels(
    dataset: Dataset, *, top_db: float, progress: bool = True
) -> NDArray[np.int64]:
    """Labels of training and test images by the baseline, which learns from the former.

    Shape (images,); -1 for images in neither subset.
    """
    train = dataset.rows("train")
    rows = np.concatenate([train, dataset.rows("test")])
    bar = tqdm(
        rows, desc="handcrafted features", unit="image", delay=BAR_AFTER, disable=not progress
    )
    images = (take(dataset.images, np.array([row]))[0] for row in bar)
    features = np.stack([mfcc_statistics(to_decibels(image, top_db=top_db)) for image in images])
    model = baseline().fit(features[: len(train)], dataset.labels[train])
    labels = np.full(len(dataset.labels), -1)
    labels[rows] = model.predict(features)
    return labels
