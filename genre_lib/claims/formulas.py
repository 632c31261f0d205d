"""Claims about formulas and shapes, which live code decides (Table I, Equations 1 to 4)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from genre_lib import paper, training
from genre_lib.book import figures
from genre_lib.claims import arithmetic
from genre_lib.claims.judging import Evidence, Finding
from genre_lib.config import TrainingSettings, configure
from genre_lib.model import HybridNet, count_parameters


def table_1_shapes(runs: Evidence) -> Finding:
    table = figures.table_1(HybridNet(configure().model))
    agrees, parameters = table.agrees, table.parameters.sum()
    found = f"{agrees.sum()} of {len(agrees)} rows; {parameters:,} parameters in all."
    return Finding(found, bool(agrees.all()))


def adamw_by_hand(
    theta: Tensor,
    gradients: Tensor,
    settings: TrainingSettings,
    *,
    inside: bool,
    epsilon: float = 1e-8,
) -> Tensor:
    """Follow Equation 1 for a sequence of gradients; epsilon inside the root, or outside it."""
    beta1, beta2 = 0.9, 0.999
    m = v = theta.new_zeros(theta.shape)
    for t, gradient in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        root = (v_hat + epsilon).sqrt() if inside else v_hat.sqrt() + epsilon
        theta = theta - settings.learning_rate * (m_hat / root + settings.weight_decay * theta)
    return theta


def adamw_by_pytorch(theta: Tensor, gradients: Tensor, settings: TrainingSettings) -> Tensor:
    """Let the optimizer of the training loop take the same steps."""
    layer = torch.nn.Linear(len(theta), 1, bias=False).to(theta.dtype)
    layer.weight.data = theta.clone()[None]
    optimizer = training.make_optimizer(layer, settings)
    for gradient in gradients:
        layer.weight.grad = gradient.clone()[None]
        optimizer.step()
    return layer.weight.data[0]


def adamw(runs: Evidence, *, inside: bool) -> Finding:
    """Whether ten steps of the formula are those of PyTorch, for clipped gradients."""
    settings, generator = TrainingSettings(), torch.Generator().manual_seed(0)
    size = paper.CLIP_NORM / math.sqrt(count_parameters(HybridNet(configure().model)))
    theta = torch.randn(1000, generator=generator, dtype=torch.double)
    gradients = size * torch.randn(10, 1000, generator=generator, dtype=torch.double)
    by_formula = adamw_by_hand(theta, gradients, settings, inside=inside)
    by_pytorch = adamw_by_pytorch(theta, gradients, settings)
    difference = float(((by_formula - by_pytorch) / (by_pytorch - theta)).abs().median())
    found = f"For gradients of size {size:.1e} the ways differ by {difference:.1e}, in the median."
    return Finding(found, difference < 1e-6)


def shares_of_the_peak(*, steps: int = 1000) -> np.ndarray:
    """Learning rate of every step by OneCycleLR as a share of its peak, shape (steps,)."""
    settings = TrainingSettings()
    return training.planned_rates(settings, total_steps=steps) / settings.learning_rate


def learning_rate_curve(runs: Evidence) -> Finding:
    rates = shares_of_the_peak()
    top, steps = int(np.argmax(rates)), np.diff(rates)
    so = 0 < top < len(steps) and (steps[:top] > 0).all() and (steps[top:] < 0).all()
    return Finding(f"The peak comes after {top / len(rates):.0%} of the steps.", bool(so))


def early_stopping_converged(runs: Evidence) -> Finding:
    """Inconsistent if it did not stop; else it cannot be told: the schedule had run out, too."""
    stopped = paper.STOPPED_EPOCH / paper.MAX_EPOCHS
    rates = shares_of_the_peak()
    rate = float(rates[min(int(stopped * len(rates)), len(rates) - 1)])
    found = f"In epoch {paper.STOPPED_EPOCH} the learning rate had {rate:.1%} of its peak."
    return Finding(found, False if stopped >= 1 else True if rate > 0.1 else None)


def linear_warm_up(runs: Evidence) -> Finding:
    rates = shares_of_the_peak()
    up = rates[: int(np.argmax(rates)) + 1]
    difference = float(np.abs(up - np.linspace(up[0], up[-1], len(up))).max())
    found = f"The planned warm-up leaves a straight line by up to {difference:.0%} of the peak."
    return Finding(found, difference < 0.01)


def annealing(runs: Evidence, *, from_peak: bool) -> Finding:
    """Whether the rates after the peak are those of Equation 2, with t and T from it or not."""
    rates = shares_of_the_peak()
    top, steps = int(np.argmax(rates)), len(rates)
    start, end = (top, steps - 1) if from_peak else (0, steps)
    shares = (np.arange(top, steps) - start) / (end - start)
    difference = np.abs(rates[top:] - [arithmetic.equation_2(share) for share in shares]).max()
    found = f"After the peak the schedule leaves the formula by up to {difference:.1%} of the peak."
    return Finding(found, bool(difference < 0.01))


def equation_3(runs: Evidence) -> Finding:
    alpha, generator = 0.1, torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(128, 10, generator=generator, dtype=torch.double)
    labels = torch.randint(10, (128,), generator=generator)
    log_p = logits.log_softmax(1)
    cross_entropy, uniform = -log_p[torch.arange(128), labels].mean(), -log_p.mean(1).mean()
    by_formula = (1 - alpha) * cross_entropy + alpha * uniform
    difference = float((by_formula - training.smoothed_loss(logits, labels, smoothing=alpha)).abs())
    return Finding(f"Formula and code differ by {difference:.1e}.", difference < 1e-6)


def equation_4(runs: Evidence) -> Finding:
    parameter = torch.nn.Parameter(torch.zeros(1000))
    before = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    parameter.grad = before.clone()
    torch.nn.utils.clip_grad_norm_([parameter], paper.CLIP_NORM)
    length = float(parameter.grad.norm())
    cosine = float(torch.cosine_similarity(before, parameter.grad, dim=0))
    found = f"A gradient of length {float(before.norm()):.1f} gets the length {length:.4f}."
    kept = length <= paper.CLIP_NORM * (1 + 1e-6) and cosine > 1 - 1e-6
    return Finding(found, kept)
