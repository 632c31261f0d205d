"""Where in a picture a trained network looks, and what each moment says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from genre_lib.model import HybridNet


class Moments(NamedTuple):
    """What a network makes of the moments of some pictures.

    Attributes
    ----------
    attention
        Share of all attention that each moment gets, shape (B, 32); the shares of a picture add
        up to 1. Even shares where the network has no attention.
    probabilities
        Of each genre if that moment alone were pooled, shape (B, 32, genres).
    whole
        Of each genre for the whole picture, as the network answers, shape (B, genres).
    """

    attention: np.ndarray
    probabilities: np.ndarray
    whole: np.ndarray


def moments(model: HybridNet, images: np.ndarray) -> Moments:
    """Look into a network: attention and genres over time (Section IV-B, Table I).

    A moment is one step of the sequence that the LSTM reads, a 32nd of the picture. It is not
    deaf to the rest of the picture: LSTM and attention have mixed the other moments in.

    Parameters
    ----------
    images
        uint8, shape (B, 128, 128).
    """
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            device = next(model.parameters()).device
            batch = torch.from_numpy(images)[:, None].to(device).float() / 255
            sequence = model.encode(batch)
            x, shares = model.attend(sequence, weights=True)
            x = model.norm(x)
            each = model.classify(x).softmax(-1)
            whole = model.classify(model.pool(x)).softmax(-1)
    finally:
        model.train(training)
    if shares is None:
        shares = torch.full((*x.shape[:2], x.shape[1]), 1 / x.shape[1])
    return Moments(shares.mean(1).cpu().numpy(), each.cpu().numpy(), whole.cpu().numpy())
