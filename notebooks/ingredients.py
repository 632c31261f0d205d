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
# # Does each ingredient help?
#
# **Question.** The paper credits its LSTM, attention, CutMix, augmentation, label smoothing,
# clipping and learning-rate schedule, and prints no run without them. Does each of them help on
# tracks that are new to the network?
#
# **Answer.** After a short training, none of the {glue:text}`ablations` improves the network by a
# difference that {glue:text}`part_seeds` seeds can tell from zero{glue:text}`none_is_settled`. The
# largest difference, that of clipping, points the other way{glue:text}`clipping_stands_out`. Two
# trainings of the very same network on the very same split already differ by up to
# {glue:text}`spread:.1f` points ({numref}`fig-ingredients`).
#
# ```{glue:figure} ingredients
# :name: fig-ingredients
#
# No ingredient stands out from the chance in training{glue:text}`few_are_outside`. Right of zero
# the ingredient helps; bars are 95 % intervals over the seeds, hollow marks include zero. The
# gray band is what two networks that differ in nothing but their random numbers would differ by.
# ```

# %% tags=["hide-input"]
import numpy as np

from genre_lib import claims
from genre_lib.book import comparisons, figures
from genre_lib.book.references import stored_runs
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.evaluation import accuracy, accuracy_difference

runs = stored_runs()

# %% [markdown]
# Each ingredient is left out in turn ({term}`ablation`), with the same split and seed. Both
# networks answer the same test images, so what counts is the difference: how many more of them the
# whole network names. All trainings are short, {glue:text}`short_epochs` epochs, and split by
# track. Without its schedule, the learning rate stays at its peak; without clipping, gradients may
# be as long as they are.

# %% tags=["hide-input", "remove-output"]
ingredients = comparisons.ingredients(runs)
floor = comparisons.noise_floor(runs)
drawn = figures.forest(
    ingredients.reset_index(), xlabel="What it adds (points)", band=floor["points"]
)
figures.show("ingredients", drawn)

# %% [markdown]
# ## How much is chance?
#
# A training draws random numbers: first weights, order of the images, altered copies, dropout.
# {glue:text}`again` networks were trained on one split with the same settings and different random
# numbers. They name between {glue:text}`worst:.1%` and {glue:text}`best:.1%` of the same test
# images, with a standard deviation of {glue:text}`deviation:.1f` points. So the mean over
# {glue:text}`part_seeds` seeds of a difference between two networks that are equally good lies
# within {glue:text}`floor:.1f` points of zero 95 times of 100. {glue:text}`outside_the_band` of the
# {glue:text}`ablations` differences lie outside this band.

# %% tags=["hide-input"]
table = ingredients.reset_index().drop(columns="scored")
points = dict.fromkeys(("difference", "low", "high"), "{:+.1%}")
figures.tabulate("ingredients_table", table, formats=points | {"p": "{:.3f}"})

# %% [markdown]
# In the table, `difference` is what the ingredient adds, with the interval of a t-test of the seeds
# (deviation of all ingredients), `p` its p-value after Holm's correction: if none of
# {glue:text}`ablations` independent ingredients helped, one or more of their uncorrected intervals
# would still exclude zero with a probability of {glue:text}`false_alarm:.0%`. The smallest
# corrected p-value is {glue:text}`smallest_p:.3f`.
#
# ## Why one seed is not enough
#
# With the first seed alone, attention seems to add {glue:text}`first_attention:+.1f` points
# ({glue:text}`first_attention_low:+.1f` to {glue:text}`first_attention_high:+.1f`), an interval
# that excludes zero{glue:text}`first_seed_misleads`. Two more seeds bring it down to
# {glue:text}`attention_adds:+.1f` ({glue:text}`attention_adds_low:+.1f` to
# {glue:text}`attention_adds_high:+.1f`), which includes zero{glue:text}`attention_is_open`. The
# interval of the first seed is that of its test tracks. It does not know that the same network,
# trained again, would answer otherwise.
#
# Two ingredients point the other way. Augmentation while training adds {glue:text}`augmenting:+.1f`
# points ({glue:text}`augmenting_low:+.1f` to {glue:text}`augmenting_high:+.1f`), clipping
# {glue:text}`clipping:+.1f` ({glue:text}`clipping_low:+.1f` to {glue:text}`clipping_high:+.1f`).
# Clipping loses with each seed{glue:text}`clipping_loses_each_time`, and its interval excludes
# zero, but not after the correction{glue:text}`clipping_is_open`. Both may be a matter of budget:
# altered images take longer to learn from, shortened steps take longer to arrive, and
# {glue:text}`short_epochs` epochs are few. Whether they pay in a long training, these runs cannot
# tell. Chance in training alone could do as much{glue:text}`clipping_is_inside`.

# %% tags=["hide-input", "remove-output"]
# The numbers of the text, and what the text claims beyond them.
(first,) = comparisons.paired_differences(
    runs, [("", "track-0", "track-0-no-attention")], by=("image",)
).to_dict("records")
parts = ["hybrid_beats_cnn", "augmentation_helps", "attention_helps", "lstm_helps",
         "smoothing_helps", "cutmix_helps", "schedule_helps"]  # fmt: skip
verdict = {key: claims.judged(key, runs).verdict for key in parts}
clipping = ingredients.loc["gradient clipping"]
by_seed = [
    accuracy(runs[f"track-{seed}"].predictions)
    - accuracy(runs[f"track-{seed}-no-clipping"].predictions)
    for seed in range(3)
]
outside = int((ingredients.difference.abs() > floor["points"]).sum())
glue_numbers(
    short_epochs=runs["track-0"].settings.training.epochs,
    part_seeds=int(ingredients.pairs.max()),
    ablations=len(ingredients),
    false_alarm=1 - 0.95 ** len(ingredients),
    smallest_p=ingredients.p.min(),
    again=floor["trainings"],
    worst=floor["worst"],
    best=floor["best"],
    deviation=100 * floor["deviation"],
    floor=100 * floor["points"],
    spread=100 * (floor["best"] - floor["worst"]),
    outside_the_band=outside,
    first_attention=first,
    attention_adds=ingredients.loc["attention"],
    augmenting=ingredients.loc["augmentation while training"],
    clipping=clipping,
)
statements(
    none_is_settled={verdict[key] for key in parts} == {"undecided"}
    and clipping.p > 0.05
    and bool((ingredients.pairs == 3).all()),
    clipping_stands_out=ingredients.difference.abs().idxmax() == "gradient clipping"
    and clipping.difference < 0,
    clipping_is_open=clipping.high < 0 and clipping.p > 0.05,
    clipping_loses_each_time=max(by_seed) < 0,
    clipping_is_inside=abs(clipping.difference) < floor["points"],
    few_are_outside=outside < len(ingredients) / 2,
    first_seed_misleads=first["low"] > 0,
    attention_is_open=verdict["attention_helps"] == "undecided",
)

# %% [markdown]
# ## What was found
#
# - No ingredient improves the network on new tracks by a difference that {glue:text}`part_seeds`
#   seeds of a short training can tell from zero. Clipping, if anything, harms it.
# - Chance in training alone moves an accuracy by some points. A table of single runs, one a
#   variant, cannot show what an ingredient is worth.
#
# ## Exercises
#
# (exercise-noise)=
# **Two trainings, one network.** Compare the {glue:text}`again` networks that differ in their
# random numbers alone, each with `track-0`. How many of the intervals exclude zero, although there
# is nothing to find?

# %% tags=["hide-cell"]
for name, run in runs.items():
    if name.startswith("track-0-again"):
        change = accuracy_difference(run.predictions, runs["track-0"].predictions)
        print(
            f"{name}: {change['difference']:+.1%} ({change['low']:+.1%} to {change['high']:+.1%})"
        )

# %% [markdown]
# (exercise-seeds)=
# **How many seeds?** An ingredient that adds two points would be worth having. From the standard
# deviation of the accuracies above, how many seeds does it take until the mean difference of two
# equally good networks stays within two points 95 times of 100?

# %% tags=["hide-cell"]
found = [run.accuracy for name, run in runs.items()
         if name == "track-0" or name.startswith("track-0-again")]  # fmt: skip
deviation = 100 * np.std(found, ddof=1)
for seeds in (1, 3, 5, 10, 20):
    # The difference of two means has twice the variance of one.
    print(f"{seeds:2} seeds: {1.96 * deviation * np.sqrt(2 / seeds):.1f} points")

# %% [markdown]
# (exercise-best-of-many)=
# **Choose by the test set.** Somebody tries all variants with one seed and reports the best. How
# much higher is that accuracy than the one of the whole network, on average over the seeds?

# %% tags=["hide-cell"]
for seed in range(3):
    tried = [run for name, run in runs.items() if name.startswith(f"track-{seed}-no-")]
    best = max(accuracy(run.predictions) for run in tried)
    print(f"seed {seed}: {best:.1%} instead of {runs[f'track-{seed}'].accuracy:.1%}")
