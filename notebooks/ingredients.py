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
# **Answer.** After a short training, none of the {glue:text}`single`, nor LSTM and attention
# together, improves the network by a difference that {glue:text}`part_seeds` seeds can tell from
# zero{glue:text}`none_is_settled`. The largest difference, that of clipping, points the other
# way{glue:text}`clipping_stands_out`, and is no more than chance in training could
# do{glue:text}`clipping_is_inside`: trainings of the very same network on the very same split
# differ by up to {glue:text}`spread:.1f` points ({numref}`fig-ingredients`).
#
# ```{glue:figure} ingredients
# :name: fig-ingredients
#
# No ingredient stands out from the chance in training{glue:text}`none_is_outside`. Right of zero
# the ingredient helps; bars are 95 % intervals over the seeds, hollow marks include zero. The gray
# band is by how much two means of {glue:text}`part_seeds` trainings of one network on one split
# would differ.
# ```

# %% tags=["hide-input"]
import numpy as np
from scipy.stats import t

from genre_lib import claims
from genre_lib.book import comparisons, figures
from genre_lib.book.references import stored_runs
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.config import read_json
from genre_lib.evaluation import accuracy_difference, reversed_difference

runs = stored_runs()

# %% [markdown]
# Each ingredient is left out in turn ({term}`ablation`), with the same split and seed. Both
# networks answer the same test images, so what counts is the difference: how many more of them the
# whole network names. All trainings are short, {glue:text}`short_epochs` epochs, and split by
# track. Without its schedule, the learning rate stays at its peak.

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
# {glue:text}`again` networks of the same settings were trained on one split with other random
# numbers. They name between {glue:text}`worst:.1%` and {glue:text}`best:.1%` of the same test
# images, with a standard deviation of {glue:text}`deviation:.1f` points. Two means of
# {glue:text}`part_seeds` such trainings differ by less than {glue:text}`floor:.1f` points, nineteen
# times of twenty.
#
# The band is a yardstick and no test: networks of a pair share split and seed, and their intervals
# reach only {glue:text}`scatter:.1f` points to each side{glue:text}`pairs_scatter_less`. Nor is it
# all chance: the {glue:text}`again` trainings used {glue:text}`codes` versions of the code and
# {glue:text}`threads` numbers of threads, which round differently; in {glue:text}`mixed_pairs` of
# the {glue:text}`all_pairs` pairs the two networks differ in this way,
# too{glue:text}`not_only_random`.

# %% tags=["hide-input"]
table = ingredients.reset_index().drop(columns=["scored", "pairs"])
points = dict.fromkeys(("difference", "low", "high"), "{:+z.1%}")
figures.tabulate("ingredients_table", table, formats=points | {"p": "{:.3f}"})

# %% [markdown]
# Intervals and `p` are of a t-test over the seeds, with the deviation of all ingredients; `p` after
# Holm's correction, as of {glue:text}`ablations` intervals without an effect one or more would miss
# zero in {glue:text}`false_alarm:.0%` of cases. The smallest is {glue:text}`smallest_p:.2f`.
#
# ## Why one seed is not enough
#
# With the first seed alone, attention seems to add {glue:text}`first_attention:+.1f` points
# ({glue:text}`first_attention_low:+.1f` to {glue:text}`first_attention_high:+.1f`), an interval
# that excludes zero{glue:text}`first_seed_misleads`. Two more seeds bring it down to
# {glue:text}`attention_adds:+.1f` ({glue:text}`attention_adds_low:+.1f` to
# {glue:text}`attention_adds_high:+.1f`), which includes zero{glue:text}`attention_is_open`. The
# first interval is of test tracks: it does not know that a network, trained again, would answer
# otherwise.
#
# With clipping the network is {glue:text}`clipping:.1f` points worse ({glue:text}`clipping_low:.1f`
# to {glue:text}`clipping_high:.1f`), an interval that excludes zero, but not after the
# correction{glue:text}`clipping_is_open`. It may be a matter of budget: shortened steps take longer
# to arrive, and {glue:text}`short_epochs` epochs are few.
#
# ## Half the digits
#
# The paper trains in mixed precision "without sacrificing accuracy" and prints no run without it.
# With the same splits and seeds, {glue:text}`part_seeds` trainings in `bfloat16` name
# {glue:text}`half:.1%` of the images and those in single precision {glue:text}`whole:.1%`, a change
# of {glue:text}`half_changes:+.1f` points ({glue:text}`half_changes_low:+.1f` to
# {glue:text}`half_changes_high:+.1f`). So half the digits cost nothing that shows, and no more than
# five points{glue:text}`half_is_enough`. The `float16` of graphics cards, which the paper used, has
# more digits and needs its gradients scaled; it was not run.

# %% tags=["hide-input", "remove-output"]
# The numbers of the text, and what the text claims beyond them.
first = accuracy_difference(runs["track-0"].predictions, runs["track-0-no-attention"].predictions)
parts = ["hybrid_beats_cnn", "augmentation_helps", "attention_helps", "lstm_helps",
         "smoothing_helps", "cutmix_helps", "schedule_helps"]  # fmt: skip
verdict = {key: claims.judged(key, runs).verdict for key in parts}
clipping = ingredients.loc["gradient clipping"]
single = comparisons.ingredients(runs, single="bfloat16").loc["single"]
half = reversed_difference(single)
again = [name for name in runs if name == "track-0" or name.startswith("track-0-again")]
threads = {runs[name].environment["threads"] for name in again}
pairs = [(f"track-{seed}", f"track-{seed}-{part}") for seed in range(3)
         for part in comparisons.LEFT_OUT.values()]  # fmt: skip
code = {name: read_json(run.path / "config.json")["made_with"] for name, run in runs.items()}
codes = {code[name]["code"] for name in again}
mixed = sum(code[whole] != code[part] for whole, part in pairs)
glue_numbers(
    short_epochs=runs["track-0"].settings.training.epochs,
    part_seeds=int(ingredients.pairs.max()),
    ablations=len(ingredients),
    single=len(ingredients.index.drop("LSTM plus attention")),
    **{"codes": len(codes), "threads": len(threads), "mixed_pairs": mixed, "all_pairs": len(pairs)},
    others=len(again) - 1,
    scatter=50 * (clipping.high - clipping.low),
    false_alarm=1 - 0.95 ** len(ingredients),
    smallest_p=ingredients.p.min(),
    again=floor["trainings"],
    **{name: floor[name] for name in ("worst", "best")},
    deviation=100 * floor["deviation"],
    floor=100 * floor["points"],
    spread=100 * (floor["best"] - floor["worst"]),
    first_attention=first,
    attention_adds=ingredients.loc["attention"],
    clipping=reversed_difference(clipping),
    half_changes=half,
    **{
        name: np.mean([runs[f"track-{seed}{end}"].accuracy for seed in range(3)])
        for name, end in (("whole", ""), ("half", "-bfloat16"))
    },
)
statements(
    none_is_settled={verdict[key] for key in parts} == {"undecided"}
    and clipping.p > 0.05
    and bool((ingredients.pairs == 3).all()),
    clipping_stands_out=ingredients.difference.abs().idxmax() == "gradient clipping"
    and clipping.difference < 0,
    clipping_is_open=clipping.high < 0 and clipping.p > 0.05,
    clipping_is_inside=abs(clipping.difference) < floor["points"],
    none_is_outside=ingredients.difference.abs().max() < floor["points"],
    pairs_scatter_less=50 * (clipping.high - clipping.low) < 100 * floor["points"],
    not_only_random=len(threads) > 1 and len(codes) > 1 and mixed > 0,
    first_seed_misleads=first["low"] > 0,
    half_is_enough=-0.05 < half["low"] < 0 < half["high"]
    and claims.judged("mixed_precision", runs).verdict == "supported on new tracks",
    attention_is_open=verdict["attention_helps"] == "undecided",
)

# %% [markdown]
# ## What was found
#
# - No ingredient improves the network on new tracks by a difference that {glue:text}`part_seeds`
#   seeds of a short training can tell from zero, and none differs by more than chance could do.
# - Chance in training moves an accuracy by some points: single runs cannot show what a part adds.
#
# ## Exercises
#
# (exercise-noise)=
# **Two trainings, one network.** Compare each of the {glue:text}`others` repeated trainings with
# `track-0`. How many of the intervals exclude zero, although there is nothing to find?

# %% tags=["hide-cell"]
for name in again[1:]:
    change = accuracy_difference(runs[name].predictions, runs["track-0"].predictions)
    print(f"{name}: {change['difference']:+.1%} ({change['low']:+.1%} to {change['high']:+.1%})")

# %% [markdown]
# (exercise-seeds)=
# **How many seeds?** An ingredient that adds two points would be worth having. From the standard
# deviation of the accuracies above, how many seeds does it take until the mean difference of two
# equally good networks stays within two points 95 times of 100?

# %% tags=["hide-cell"]
found = [runs[name].accuracy for name in again]
wide = t.ppf(0.975, len(found) - 1) * 100 * np.std(found, ddof=1)
for seeds in (1, 3, 5, 10, 20, 30):
    # The difference of two means has twice the variance of one.
    print(f"{seeds:2} seeds: {wide * np.sqrt(2 / seeds):.1f} points")

# %% [markdown]
# (exercise-best-of-many)=
# **Choose by the test set.** Somebody tries all variants with one seed and reports the best. How
# much higher is that accuracy than the one of the whole network, on average over the seeds?

# %% tags=["hide-cell"]
higher = []
for seed in range(3):
    best = max(runs[f"track-{seed}-{part}"].accuracy for part in comparisons.LEFT_OUT.values())
    higher.append(best - runs[f"track-{seed}"].accuracy)
    print(f"seed {seed}: {best:.1%} instead of {runs[f'track-{seed}'].accuracy:.1%}")
print(f"{100 * np.mean(higher):.1f} points higher on average")
