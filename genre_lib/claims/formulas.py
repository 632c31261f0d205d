"""Claims about formulas and shapes, which live code decides (Table I, Equations 1 to 4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from genre_lib import paper
from genre_lib.claims.judging import FAILS, HOLDS, IN_PART, Evidence, Finding, graded, judges
from genre_lib.config import TrainingSettings, configure

if TYPE_CHECKING:
    from torch import Tensor, nn


@judges
def table_1_shapes(runs: Evidence, *, rows: Sequence[paper.LayerRow] = paper.TABLE_1) -> Finding:
    """Holds if all rows of the live network have the printed layer and shape, in part if some."""
    from genre_lib.model import HybridNet, count_parameters, table_1_rows

    network = HybridNet(configure().model)
    live = table_1_rows(network, batch_size=rows[0].output[0])
    agreeing = [
        (own.layer, own.output) == (row.layer, row.output)
        for own, row in zip(live, rows, strict=True)
    ]
    told = f"{sum(agreeing)} of {len(rows)} rows; {count_parameters(network):,} parameters in all."
    return Finding(told, graded(agreeing))


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
    import torch

    from genre_lib.training import make_optimizer

    layer = torch.nn.Linear(len(theta), 1, bias=False).to(theta.dtype)
    layer.weight.data = theta.clone()[None]
    optimizer = make_optimizer(layer, settings)
    for gradient in gradients:
        layer.weight.grad = gradient.clone()[None]
        optimizer.step()
    return layer.weight.data[0]


def typical_gradient() -> float:
    """Root mean square of a gradient of the network that clipping has cut to its length."""
    from genre_lib.model import HybridNet, count_parameters

    return paper.CLIP_NORM / math.sqrt(count_parameters(HybridNet(configure().model)))


@judges
def equation_1(runs: Evidence, *, inside: bool = True, size: float | None = None) -> Finding:
    """Holds if the steps are the same; in part if they differ by less than a hundredth.

    Parameters
    ----------
    size
        Of the gradients; by default, of clipped ones.
    """
    import torch

    settings, generator = TrainingSettings(), torch.Generator().manual_seed(0)
    size = typical_gradient() if size is None else size
    theta = torch.randn(1000, generator=generator, dtype=torch.double)
    gradients = size * torch.randn(10, 1000, generator=generator, dtype=torch.double)
    by_formula = adamw_by_hand(theta, gradients, settings, inside=inside)
    by_pytorch = adamw_by_pytorch(theta, gradients, settings)
    difference = float(((by_formula - by_pytorch) / (by_pytorch - theta)).abs().median())
    told = f"For gradients of size {size:.1e} the ways differ by {difference:.1e}, in the median."
    return Finding(told, HOLDS if difference < 1e-6 else IN_PART if difference < 0.01 else FAILS)


def shares_of_the_peak(*, steps: int = 1000) -> np.ndarray:
    """Learning rate of every step by OneCycleLR as a share of its peak, shape (steps,)."""
    from genre_lib.training import planned_rates

    settings = TrainingSettings()
    return planned_rates(settings, total_steps=steps) / settings.learning_rate


@judges
def linear_warm_up(runs: Evidence, *, rates: Sequence[float] | None = None) -> Finding:
    """Holds if the rates up to the peak lie on a line, within a hundredth of the peak.

    Parameters
    ----------
    rates
        Of every step, as shares of the peak; by default those of OneCycleLR.
    """
    values = shares_of_the_peak() if rates is None else np.asarray(rates)
    up = values[: int(np.argmax(values)) + 1]
    line = np.linspace(up[0], up[-1], len(up))
    difference = float(np.abs(up - line).max())
    told = f"The planned warm-up leaves a straight line by up to {difference:.0%} of the peak."
    return Finding(told, HOLDS if difference < 0.01 else FAILS)


@judges
def equation_2(runs: Evidence, *, rates: Sequence[float] | None = None) -> Finding:
    """Holds if the rates after the peak are Equation 2 as printed.

    In part if they are when t and T count from the peak on.

    Parameters
    ----------
    rates
        Of every step, as shares of the peak; by default those of OneCycleLR.
    """
    values = shares_of_the_peak() if rates is None else np.asarray(rates)
    top, steps = int(np.argmax(values)), len(values)
    after = np.arange(top, steps)
    printed = np.array([paper.equation_2(step / steps) for step in after])
    from_top = [paper.equation_2((step - top) / max(1, steps - 1 - top)) for step in after]
    literal = float(np.abs(values[top:] - printed).max())
    shifted = float(np.abs(values[top:] - np.array(from_top)).max())
    told = (
        f"After the peak the plan leaves Equation 2 by up to {literal:.0%} of the peak; by "
        f"{shifted:.1%} if t and T count from the peak."
    )
    return Finding(told, HOLDS if literal < 0.01 else IN_PART if shifted < 0.01 else FAILS)


def equation_3_printed(cross_entropy: Tensor, uniform: Tensor, alpha: float) -> Tensor:
    """Equation 3 as printed."""
    return (1 - alpha) * cross_entropy + alpha * uniform


@judges
def equation_3(
    runs: Evidence,
    *,
    formula: Callable[[Tensor, Tensor, float], Tensor] = equation_3_printed,
    alpha: float = 0.1,
) -> Finding:
    """Holds if formula and code differ by less than a millionth, else not."""
    import torch

    from genre_lib.training import smoothed_loss

    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(128, 10, generator=generator, dtype=torch.double)
    labels = torch.randint(10, (128,), generator=generator)
    log_p = logits.log_softmax(1)
    cross_entropy = -log_p[torch.arange(128), labels].mean()
    by_formula = formula(cross_entropy, -log_p.mean(1).mean(), alpha)
    difference = float((by_formula - smoothed_loss(logits, labels, smoothing=alpha)).abs())
    told = f"Formula and code differ by {difference:.1e}."
    return Finding(told, HOLDS if difference < 1e-6 else FAILS)


def pytorch_clip(parameters: Iterable[nn.Parameter], max_norm: float) -> None:
    """Clip gradients as the training loop does."""
    from torch.nn.utils import clip_grad_norm_

    clip_grad_norm_(parameters, max_norm)


@judges
def equation_4(
    runs: Evidence,
    *,
    max_norm: float = paper.CLIP_NORM,
    clip: Callable[[Iterable[nn.Parameter], float], None] = pytorch_clip,
) -> Finding:
    """Holds if a long gradient is cut to the length and keeps its direction, else not."""
    import torch

    generator = torch.Generator().manual_seed(0)
    parameter = torch.nn.Parameter(torch.zeros(1000))
    parameter.grad = torch.randn(1000, generator=generator)
    before = parameter.grad.clone()
    clip([parameter], max_norm)
    length = float(parameter.grad.norm())
    cosine = float(torch.cosine_similarity(before, parameter.grad, dim=0))
    told = f"A gradient of length {float(before.norm()):.1f} gets the length {length:.4f}."
    kept = length <= max_norm * (1 + 1e-6) and cosine > 1 - 1e-6
    return Finding(told, HOLDS if kept else FAILS)
