# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # IV-C. Training and optimization
#
# **Do the paper's equations describe the code that trains?** The paper prints four equations and
# describes a loss in words. On this page each of them is computed by hand, on random numbers, and
# then by the code that trains the network of this book.
#
# **Two of the four do as printed, one lacks the warm-up, and one has a constant in another place.**
# In the form that PyTorch gives them, hand and code agree to rounding ({glue:text}`rounding:.1e` at
# most), but for the clipping, where PyTorch adds a millionth to the
# length{glue:text}`only_rounding`. Equation 2 as printed starts at the peak, while the schedule
# that the paper names rises to it first{glue:text}`starts_at_peak`. The constant of Equation 1
# would slow down all parameters with small gradients, which are most of
# them{glue:text}`epsilon_matters`.
#
# ```{glue:figure} schedules
# :name: fig-schedules
#
# Equation 2 as printed (dash-dotted) has no warm-up; OneCycleLR, which the paper names, has one.
# Left: the learning rate over all steps, with the reading of a linear warm-up. Right: how likely a
# batch is mixed by CutMix.
# ```

# %% tags=["parameters", "hide-input"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {}

# %% tags=["hide-input"]
import inspect

import numpy as np
import pandas as pd
import torch
from torch import nn

from genre_lib import paper
from genre_lib.augment import cutmix
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers, glue_settings, statements
from genre_lib.claims.arithmetic import smoothing_floor
from genre_lib.claims.formulas import adamw_by_hand, adamw_by_pytorch
from genre_lib.config import configure
from genre_lib.model import HybridNet
from genre_lib.training import mixed_loss, planned_rates, smoothed_loss

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)
training = settings.training

# %% [markdown]
# ```{admonition} What this page was computed from
# :class: note
# Nothing is trained here, and no music is needed: formulas meet code on random numbers, with the
# settings of profile {glue:text}`profile` and seed {glue:text}`seed`.
# ```
#
# ## Training in one paragraph
#
# Give the network a batch of pictures. Compare its scores with the right answers: the **loss** says
# how wrong they are. Ask for the **gradient**: in which direction must each parameter move to lower
# the loss? Take a small step. Repeat some thousand times. All that follows is about making
# these steps neither too large nor too small, and about not learning by heart.
#
# ## Equation 1: the step
#
# AdamW {cite:p}`loshchilov2019adamw` keeps two running averages for every parameter: of its
# gradient, $m$, and of the gradient's square, $v$. It steps along the first, divided by the root of
# the second, so that all parameters move at a similar pace. Besides, it pulls every parameter a
# little towards zero (*weight decay*, $\lambda$). The paper prints
#
# $$
# \theta_{t+1} = \theta_t - \eta \left(
#   \frac{\hat{m}_t}{\sqrt{\hat{v}_t + \epsilon}} + \lambda \theta_t
# \right).
# $$
#
# PyTorch {cite:p}`paszke2019pytorch` has the tiny $\epsilon$, which only prevents a division by
# zero, outside of the root. We compute both, for a few steps with random gradients.

# %%
print(inspect.getsource(adamw_by_hand))

# %% [markdown]
# `adamw_by_pytorch` lets the optimizer of the training loop take the same steps:

# %%
generator = torch.Generator().manual_seed(settings.seed)
theta = torch.randn(1000, generator=generator, dtype=torch.double)
gradients = torch.randn(10, 1000, generator=generator, dtype=torch.double)
by_pytorch = adamw_by_pytorch(theta, gradients, training)
outside = adamw_by_hand(theta, gradients, training, inside=False)
(outside - by_pytorch).abs().max()

# %% [markdown]
# With $\epsilon$ outside the root, formula and PyTorch agree: after {glue:text}`steps` steps of
# {glue:text}`values` parameters they differ by at most {glue:text}`adam_difference:.1e`. Inside the
# root, $\epsilon$ acts like its own square root, which is far larger. So it depends on the size of
# the gradients how much slower the printed formula moves.


# %% tags=["hide-input"]
def epsilon_effect(size):
    """Median relative difference that the place of epsilon makes, for gradients of a size."""
    by_pytorch = adamw_by_pytorch(theta, size * gradients, training)
    inside = adamw_by_hand(theta, size * gradients, training, inside=True)
    return ((inside - by_pytorch).abs() / (by_pytorch - theta).abs()).median().item()


torch.manual_seed(settings.seed)
network, answers = HybridNet(settings.model), torch.arange(32) % 10
smoothed_loss(network(torch.rand(32, 1, 128, 128)), answers, smoothing=0.1).backward()
nn.utils.clip_grad_norm_(network.parameters(), training.clip_norm)
typical = torch.cat([each.grad.flatten() for each in network.parameters()]).abs().median().item()
effects = pd.DataFrame({"gradient": [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5]})
effects["difference"] = effects["gradient"].map(epsilon_effect)
figures.tabulate("epsilon", effects, formats={"gradient": "{:.0e}", "difference": "{:.1e}"})

# %% [markdown]
# For large gradients the place of $\epsilon$ is of no consequence. For gradients smaller than
# $\sqrt{\epsilon}$, {glue:text}`epsilon_root:.0e`, it is. And our network? Fresh from its random
# weights, and after clipping (Equation 4), half of its gradients on a batch of random pictures are
# smaller than {glue:text}`typical:.1e`. There the printed formula moves a parameter
# {glue:text}`typical_effect:.0%` less far, and the more slowly the smaller its gradient. PyTorch's
# place for $\epsilon$ is the usual one, so we take Equation 1 for its shorthand.
#
# ## Equation 2: how large a step
#
# The {term}`learning rate` $\eta$ rises to a peak, {glue:text}`learning_rate`, then falls along a
# cosine. This is the *one-cycle* policy {cite:p}`smith2019superconvergence`: large steps once the
# training is under way, small ones at its end. The paper prints the second half,
#
# $$
# \eta_t = \eta_{\max} \cdot \frac{1 + \cos(\pi t / T)}{2},
# $$
#
# and calls the warm-up linear. PyTorch's OneCycleLR warms up along a cosine, too. It starts from
# the peak divided by {glue:text}`start_factor`, and ends at the start divided by
# {glue:text}`end_factor:,.0f`:


# %%
def one_cycle(total, *, start_factor=25, end_factor=1e4):
    """Learning rate of every step: cosine up, cosine down."""
    peak = training.learning_rate
    start, end = peak / start_factor, peak / start_factor / end_factor
    step, top = np.arange(total), training.warmup_share * total - 1
    up = start + (peak - start) * (1 - np.cos(np.pi * step / top)) / 2
    progress = (step - top) / (total - 1 - top)
    down = end + (peak - end) * (1 + np.cos(np.pi * progress)) / 2
    return np.where(step <= top, up, down)


by_formula = one_cycle(1000)
by_code = planned_rates(training.model_copy(update={"schedule": "onecycle"}), total_steps=1000)
np.abs(by_formula - by_code).max()

# %% tags=["hide-input", "remove-output"]
figures.show("schedules", figures.schedules(training, settings.augmentation))

# %% [markdown]
# At every step, formula and code differ by at most {glue:text}`schedule_difference:.1e`. A straight
# warm-up would differ by up to {glue:text}`linear_difference:.0%` of the peak. Equation 2 taken
# literally differs by up to {glue:text}`printed_difference:.0%`, because it starts at the peak
# ({numref}`fig-schedules`). We use the schedule named {glue:text}`schedule`.
#
# ## Equation 3: a softer loss
#
# The cross-entropy loss is content only when the network is absolutely sure.
# {term}`Label smoothing <label smoothing>` {cite:p}`szegedy2016inception` asks it to keep a little
# doubt: a share $\alpha$ of the loss compares with *all genres alike*.
#
# $$
# \mathcal{L}_{\text{smoothed}} = (1 - \alpha) \, \mathcal{L}_{CE} + \alpha \,
# \mathcal{L}_{\text{uniform}}
# $$

# %%
logits = 3 * torch.randn(128, 10, generator=generator, dtype=torch.double)
labels = torch.randint(10, (128,), generator=generator)

log_p = logits - logits.exp().sum(1, keepdim=True).log()
cross_entropy = -log_p[torch.arange(128), labels].mean()
uniform = -log_p.mean(1).mean()
alpha = torch.tensor(training.label_smoothing, dtype=torch.double)
smoothed = (1 - alpha) * cross_entropy + alpha * uniform
by_loss = smoothed_loss(logits, labels, smoothing=training.label_smoothing)
smoothed, by_loss

# %% [markdown]
# The paper does not give $\alpha$. We take {glue:text}`label_smoothing`. Mind that a smoothed loss
# cannot reach zero, so the losses of Figures 4 and 5 must not be compared with ordinary ones.
#
# ## CutMix's loss
#
# When a box of another picture covers a part of the area, both labels count, each by its area
# {cite:p}`yun2019cutmix`. The paper calls it a weighted sum. We mix a batch, and sum image by
# image.

# %%
rng = np.random.default_rng(settings.seed)
pictures = rng.integers(0, 256, (len(labels), 128, 128), np.uint8)
_, partner, kept = cutmix(pictures, alpha=1.0, rng=rng)
others, smoothing = labels[torch.from_numpy(partner)], {"smoothing": training.label_smoothing}
one_by_one = sum(
    kept * smoothed_loss(logits[[i]], labels[[i]], **smoothing)
    + (1 - kept) * smoothed_loss(logits[[i]], others[[i]], **smoothing)
    for i in range(len(labels))
) / len(labels)
at_once = mixed_loss(logits, labels, others, kept=kept, **smoothing)
one_by_one, at_once

# %% [markdown]
# The probability of mixing falls over the epochs, so the paper, "ensuring that the model gradually
# focused more on clean samples". It does not say from where to where. Ours falls from
# {glue:text}`cutmix_first:.0%` to {glue:text}`cutmix_last:.0%` ({numref}`fig-schedules`, right).
#
# ## Equation 4: no step too large
#
# Now and then a batch gives an enormous gradient, most of all in recurrent networks
# {cite:p}`pascanu2013difficulty`. The whole gradient is then scaled down such that its length is at
# most {glue:text}`clip_norm`:
#
# $$
# \lVert \nabla_\theta \mathcal{L} \rVert_2 \le \mathrm{max\_norm}
# $$

# %%
torch.manual_seed(settings.seed)
layer = nn.Linear(128, 10).double()
inputs = 100 * torch.randn(128, 128, generator=generator, dtype=torch.double)
smoothed_loss(layer(inputs), labels, **smoothing).backward()
flat = torch.cat([parameter.grad.flatten() for parameter in layer.parameters()])
by_hand = flat * min(1.0, training.clip_norm / float(flat.norm()))
nn.utils.clip_grad_norm_(layer.parameters(), training.clip_norm)
clipped = torch.cat([parameter.grad.flatten() for parameter in layer.parameters()])
flat.norm(), clipped.norm()

# %% [markdown]
# The gradient had a length of {glue:text}`norm_before:.1f` before clipping and has
# {glue:text}`norm_after:.4f` after it. PyTorch divides by a hair more than the length, to be safe.
#
# ## All of them together

# %% tags=["hide-input"]
differences = pd.Series(
    {
        "Equation 1, AdamW": (outside - by_pytorch).abs().max(),
        "Equation 2, OneCycleLR": np.abs(by_formula - by_code).max(),
        "Equation 3, label smoothing": (smoothed - by_loss).abs(),
        "CutMix's weighted sum": (one_by_one - at_once).abs(),
        "Equation 4, clipped gradient": (by_hand - clipped).abs().max(),
    }
).astype(float)
equations = differences.rename("largest difference").rename_axis("formula").reset_index()
figures.tabulate("equations", equations, formats={"largest difference": "{:.1e}"})

# %% [markdown]
# ## The rest of the recipe
#
# Batches have {glue:text}`batch_size` images (paper: {glue:text}`paper_batch`). Training goes on
# for at most {glue:text}`epochs` {term}`epochs <epoch>` (paper: {glue:text}`paper_epochs`), and
# stops ({term}`early stopping`) when the {term}`validation` loss has not improved for
# {glue:text}`patience` (paper: {glue:text}`paper_patience`). The model with the best validation
# accuracy is kept. On a graphics card the arithmetic runs in mixed precision
# {cite:p}`micikevicius2018mixed`; on a processor it stays in single precision.
#
# ## What was found
#
# - The training code computes the equations as PyTorch writes them. The largest difference,
#   {glue:text}`worst:.1e`, is that of the clipping.
# - Equation 1 has its $\epsilon$ in another place than PyTorch, and Equation 2 describes OneCycleLR
#   only after its warm-up, which is a cosine and not a line.
# - Weight decay, label smoothing and CutMix's probabilities are not printed; ours are
#   {glue:text}`weight_decay`, {glue:text}`label_smoothing`, and {glue:text}`cutmix_first:.0%`
#   falling to {glue:text}`cutmix_last:.0%`.
#
# ## Exercises
#
# (exercise-lowest-loss)=
# **The lowest loss.** A network predicts exactly the softened labels of Equation 3. What is its
# loss? No network can have a lower one.

# %% tags=["hide-cell"]
classes, share = len(paper.TABLE_2), training.label_smoothing
softened = np.full(classes, share / classes)
softened[0] += 1 - share
float(-(softened * np.log(softened)).sum()), smoothing_floor(share)

# %% [markdown]
# (exercise-clipping)=
# **Only the length.** Show that clipping changes the length of a gradient, and not its direction.

# %% tags=["hide-cell"]
torch.cosine_similarity(flat, clipped, dim=0)

# %% [markdown]
# (exercise-half-way)=
# **Half way.** After which share of all steps is the learning rate of OneCycleLR at its peak? And
# how much of the peak is left after half of the steps?

# %% tags=["hide-cell"]
float(by_code.argmax() / len(by_code)), float(by_code[len(by_code) // 2] / by_code.max())

# %% tags=["hide-input", "remove-output"]
# The numbers in the text, and a check of what it says about them.
printed = training.learning_rate * (1 + np.cos(np.pi * np.arange(1000) / 1000)) / 2
line = np.interp(np.arange(1000), [0, by_code.argmax()], [by_code[0], by_code.max()])
readings = {"printed": printed, "linear": np.where(line < by_code.max(), line, by_code)}
glue_settings(settings)
glue_numbers(
    paper_batch=paper.BATCH_SIZE,
    paper_epochs=paper.MAX_EPOCHS,
    paper_patience=paper.PATIENCE,
    **training.model_dump(),
    steps=len(gradients),
    values=len(theta),
    adam_difference=differences["Equation 1, AdamW"],
    epsilon_root=np.sqrt(adamw_by_hand.__kwdefaults__["epsilon"]),
    typical=typical,
    typical_effect=epsilon_effect(typical),
    **one_cycle.__kwdefaults__,
    schedule_difference=differences["Equation 2, OneCycleLR"],
)
glue_numbers(
    **{
        f"{name}_difference": np.abs(rates - by_code).max() / training.learning_rate
        for name, rates in readings.items()
    },
    cutmix_first=settings.augmentation.cutmix_probability,
    cutmix_last=settings.augmentation.cutmix_final_probability,
    worst=differences.max(),
    rounding=differences.iloc[:-1].max(),
    norm_before=flat.norm().item(),
    norm_after=clipped.norm().item(),
)
statements(
    only_rounding=differences.iloc[:-1].max() < 1e-12 and 1e-12 < differences.iloc[-1] < 1e-5,
    starts_at_peak=printed.argmax() == 0 < by_code.argmax(),
    epsilon_matters=epsilon_effect(typical) > 0.1,
)
