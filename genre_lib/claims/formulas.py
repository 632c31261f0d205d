"""Claims about formulas and shapes, which live code decides (Table I, Equations 1 to 4)."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from genre_lib import paper
from genre_lib.claims import arithmetic, judging
from genre_lib.claims.judging import FAILS, HOLDS, IN_PART, Evidence, Finding, graded
from genre_lib.config import TrainingSettings, configure

if TYPE_CHECKING:
    from torch import Tensor

claim = partial(judging.claim, page="sec4c_training")


@judging.claim(
    section="IV-B, Table I",
    says="The layers of Table I give the output shapes that it prints.",
    confirmed_if="A live network of these layers has the printed shape at every row.",
    page="sec4b_architecture",
)
def table_1_shapes(runs: Evidence) -> Finding:
    """In part if it has them at some rows."""
    from genre_lib.model import HybridNet, count_parameters, table_1_rows

    network, rows = HybridNet(configure().model), paper.TABLE_1
    live = table_1_rows(network, batch_size=paper.BATCH_SIZE)
    agreeing = [
        (ours.layer, ours.output) == (row.layer, row.output)
        for ours, row in zip(live, rows, strict=True)
    ]
    found = f"{sum(agreeing)} of {len(rows)} rows; {count_parameters(network):,} parameters in all."
    return Finding(found, graded(agreeing))


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


@claim(
    section="IV-C, Eq. 1",
    says="AdamW takes the step of Equation 1, with epsilon inside the root.",
    confirmed_if="The formula and PyTorch's optimizer take the same steps.",
)
def equation_1(runs: Evidence) -> Finding:
    """In part if the steps of clipped gradients differ by less than a hundredth."""
    import torch

    settings, generator, size = TrainingSettings(), torch.Generator(), typical_gradient()
    generator.manual_seed(0)
    theta = torch.randn(1000, generator=generator, dtype=torch.double)
    gradients = size * torch.randn(10, 1000, generator=generator, dtype=torch.double)
    by_formula = adamw_by_hand(theta, gradients, settings, inside=True)
    by_pytorch = adamw_by_pytorch(theta, gradients, settings)
    difference = float(((by_formula - by_pytorch) / (by_pytorch - theta)).abs().median())
    found = f"For gradients of size {size:.1e} the ways differ by {difference:.1e}, in the median."
    return Finding(found, HOLDS if difference < 1e-6 else IN_PART if difference < 0.01 else FAILS)


def shares_of_the_peak(*, steps: int = 1000) -> np.ndarray:
    """Learning rate of every step by OneCycleLR as a share of its peak, shape (steps,)."""
    from genre_lib.training import planned_rates

    settings = TrainingSettings()
    return planned_rates(settings, total_steps=steps) / settings.learning_rate


@claim(
    section="IV-C",
    says="OneCycleLR raises the learning rate linearly.",
    confirmed_if="The planned rates lie on a straight line up to the peak, within a hundredth of "
    "it.",
)
def linear_warm_up(runs: Evidence) -> Finding:
    """Else it does not hold."""
    rates = shares_of_the_peak()
    up = rates[: int(np.argmax(rates)) + 1]
    difference = float(np.abs(up - np.linspace(up[0], up[-1], len(up))).max())
    found = f"The planned warm-up leaves a straight line by up to {difference:.0%} of the peak."
    return Finding(found, HOLDS if difference < 0.01 else FAILS)


@claim(
    section="IV-C, Eq. 2",
    says="The learning rate is Equation 2, where t counts steps and T is their total number.",
    confirmed_if="After the peak the planned rates are those of Equation 2, within a hundredth of "
    "the peak.",
)
def equation_2(runs: Evidence) -> Finding:
    """In part if they are those of Equation 2 when t and T count from the peak on."""
    rates = shares_of_the_peak()
    top, steps = int(np.argmax(rates)), len(rates)
    literal, shifted = (
        max(
            abs(rates[step] - arithmetic.equation_2((step - start) / (end - start)))
            for step in range(top, steps)
        )
        for start, end in ((0, steps), (top, steps - 1))
    )
    found = (
        f"After the peak the plan leaves Equation 2 by up to {literal:.0%} of the peak; by "
        f"{shifted:.1%} if t and T count from the peak."
    )
    return Finding(found, HOLDS if literal < 0.01 else IN_PART if shifted < 0.01 else FAILS)


@claim(
    section="IV-C, Eq. 3",
    says="Label smoothing mixes the cross-entropy with that of a uniform distribution.",
    confirmed_if="Equation 3 and PyTorch's label smoothing give the same loss.",
)
def equation_3(runs: Evidence) -> Finding:
    """The same are losses that differ by less than a millionth."""
    import torch

    from genre_lib.training import smoothed_loss

    alpha, generator = 0.1, torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(128, 10, generator=generator, dtype=torch.double)
    labels = torch.randint(10, (128,), generator=generator)
    log_p = logits.log_softmax(1)
    cross_entropy, uniform = -log_p[torch.arange(128), labels].mean(), -log_p.mean(1).mean()
    by_formula = (1 - alpha) * cross_entropy + alpha * uniform
    difference = float((by_formula - smoothed_loss(logits, labels, smoothing=alpha)).abs())
    found = f"Formula and code differ by {difference:.1e}."
    return Finding(found, HOLDS if difference < 1e-6 else FAILS)


@claim(
    section="IV-C, Eq. 4",
    says=f"Clipping keeps the length of the gradient at {paper.CLIP_NORM} or below.",
    confirmed_if="A larger gradient has this length after PyTorch's clipping, and its old "
    "direction.",
)
def equation_4(runs: Evidence) -> Finding:
    """Else it does not hold."""
    import torch

    parameter = torch.nn.Parameter(torch.zeros(1000))
    before = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    parameter.grad = before.clone()
    torch.nn.utils.clip_grad_norm_([parameter], paper.CLIP_NORM)
    length = float(parameter.grad.norm())
    cosine = float(torch.cosine_similarity(before, parameter.grad, dim=0))
    found = f"A gradient of length {float(before.norm()):.1f} gets the length {length:.4f}."
    kept = length <= paper.CLIP_NORM * (1 + 1e-6) and cosine > 1 - 1e-6
    return Finding(found, HOLDS if kept else FAILS)
