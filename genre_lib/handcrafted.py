"""The baselines of Section II-C: statistics of timbre, or an untrained network, and a classifier.

Each value of the setting `method` but ``network`` is one of them:

- ``handcrafted``: a support vector machine, never tuned, on MFCCs of the network's images;
- ``mfcc``: one that is tuned on validation images, on MFCCs of what the images are cut from;
- ``nearest``: the label of the training image with the nearest MFCCs;
- ``untrained``: a tuned support vector machine on what the network yields before its training.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from genre_lib.config import RunSettings
from genre_lib.spectrogram import to_decibels
from genre_lib.splits import Dataset
from genre_lib.store import Store, take

COEFFICIENTS = 20
GRID = {"svc__C": [1, 3, 10, 30], "svc__gamma": [0.003, 0.01, 0.03]}


def mfcc_statistics(mel_db: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean and deviation of mel-frequency cepstral coefficients (MFCCs), and of their changes.

    Of a mel spectrogram in dB, shape (n_mels, frames), these are float64, shape
    (4 * `COEFFICIENTS`,): over time, of the orthonormal DCT-II of every frame, as in
    ``librosa.feature.mfcc(S=mel_db)``, and then of the differences from frame to frame. No audio is
    needed, so the baseline also runs on stored spectrograms.
    """
    mfcc = fft.dct(mel_db.astype(np.float64), type=2, axis=0, norm="ortho")[:COEFFICIENTS]
    change = np.diff(mfcc, axis=1)
    return np.concatenate([mfcc.mean(1), mfcc.std(1), change.mean(1), change.std(1)])


def baseline() -> Pipeline:
    """Standardization and an RBF support vector machine, with settings that are never tuned."""
    return make_pipeline(StandardScaler(), SVC(kernel="rbf", C=10.0, gamma="scale"))


def features(dataset: Dataset, store: Store, settings: RunSettings) -> NDArray[np.floating]:
    """What a baseline knows of each image of a dataset, shape (images, features)."""
    if settings.method == "untrained":
        from torch import nn

        from genre_lib.training import new_state, predict_logits

        network = new_state(settings, dataset).model
        for layer in ("hidden", "output"):  # leaves the means over time that enter them
            setattr(network, layer, nn.Identity())
        return predict_logits(network, dataset.images).numpy()
    if settings.method == "mfcc":
        parts = settings.images_per_track if settings.view == "segments" else 1
        cut = [
            mfcc_statistics(part)
            for position in range(len(store.track_ids))
            for part in np.array_split(store.decibels(position), parts, axis=1)
        ]
        return np.repeat(cut, settings.images_per_track // parts, axis=0)
    images = (take(dataset.images, row) for row in range(len(dataset.labels)))
    top_db = store.manifest["top_db"]
    return np.stack([mfcc_statistics(to_decibels(image, top_db=top_db)) for image in images])


def predicted_labels(dataset: Dataset, store: Store, settings: RunSettings) -> NDArray[np.int64]:
    """Labels of all images by a baseline that learned from training images, shape (images,)."""
    known = features(dataset, store, settings)
    model, train = baseline(), dataset.rows("train")
    if settings.method == "nearest":
        model = make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=1))
    elif settings.method != "handcrafted":
        same = np.column_stack([known, dataset.labels])[train]  # copies of a track count once
        train = train[np.unique(same, axis=0, return_index=True)[1]]
        search = GridSearchCV(model, GRID, cv=[(train, dataset.rows("validation"))], refit=False)
        model.set_params(**search.fit(known, dataset.labels).best_params_)
    return model.fit(known[train], dataset.labels[train]).predict(known)
