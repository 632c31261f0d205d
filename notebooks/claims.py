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
# # Claims ledger
#
# **Question.** What became of every statement of the paper that can be checked?
#
# **Answer.** What the paper prints is consistent more often than inconsistent; few of its
# conclusions are supported by our runs on new tracks. Of {glue:text}`arithmetic` statements about
# print and formulas, {glue:text}`consistent` are consistent, {glue:text}`inconsistent` not, and
# {glue:text}`no_print` not decidable from the paper{glue:text}`mostly_consistent`. Of
# {glue:text}`numbers` numbers and curves, {glue:text}`reproduced` were reproduced,
# {glue:text}`not_reproduced` not, and {glue:text}`number_open` stay undecided. Of
# {glue:text}`conclusions` conclusions, runs on new tracks support {glue:text}`supported`, do not
# support {glue:text}`not_supported`, and leave {glue:text}`conclusion_open`
# undecided{glue:text}`seldom_supported` ({numref}`fig-verdicts`).
#
# ```{glue:figure} verdicts
# :name: fig-verdicts
#
# Most conclusions stay undecided{glue:text}`mostly_open`: our runs are too few, or differ by no
# more than chance. Each bar counts the claims of one kind with one verdict.
# ```
#
# Each claim is one statement of one kind, and each kind has a scale of its own:
#
# - *Arithmetic*, by the paper's own print or by live code: **consistent**, **inconsistent**, or
#   **not decidable from the paper**, where it leaves out what would decide.
# - *Number*, against trainings by the paper's recipe with its whole budget: **reproduced** if one
#   of them gives it, split by image or by track; **not reproduced** if neither split does;
#   otherwise **undecided**.
# - *Conclusion*, against trainings on new tracks and new artists: **supported on new tracks** if
#   all speak for it; **not supported** if some clearly speak against it and none for it;
#   **undecided** if a run is missing or the difference is no larger than chance. This says nothing
#   against the paper.
#
# No verdict was typed. Each is computed by a function with a written rule, from the numbers that
# the paper printed, from live code, or from {glue:text}`runs` runs on GTZAN, of the network and of
# simpler methods, whose results are stored with this book.

# %% tags=["hide-input"]
import re

import pandas as pd
from IPython.display import HTML

from genre_lib import claims
from genre_lib.book import comparisons, figures
from genre_lib.book.references import stored_runs
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.book.tables import csv_link

runs = stored_runs()
table = claims.ledger(runs)
ingredients = comparisons.ingredients(runs)

# %% tags=["hide-input", "remove-output"]
counts = claims.counts_by_verdict(table)
drawn = figures.bars(counts, ylabel="Kind and verdict", xlabel="Claims of the paper (number)")
figures.show("verdicts", drawn)

# %% [markdown]
# ## How to read it
#
# *{term}`Runs <run>`* are named after their split (`image`, `track`, or the published
# `fault-filtered` lists) and the seed. What follows the seed was left out (`no-attention`, for
# example) or replaced: `cnn` has neither LSTM nor attention, `handcrafted` is the method of
# {doc}`sec2_related_work`.
#
# *Intervals* are 95 % intervals, from drawing whole test tracks ({term}`bootstrap interval`),
# because images of one track tend to be right or wrong together. Two networks are compared on the
# same draws. What another start of the training would change, such an interval does not say; where
# several seeds were run, all of them count. A genre is among the easiest or hardest if it is so in
# nearly all draws, and not if in nearly none.
#
# *Printed numbers* have an error, too. If their images were independent, it would be small; if only
# tracks are, it is more than three times as large. A number counts as reproduced if even the small
# one explains the difference to ours, and as not reproduced if not even the large one does.
#
# *Parts of the recipe.* Each was left out with three seeds, which differ in test tracks and in
# chance in training; interval and p-value are those of a t-test of the seeds. Whoever tests so many
# finds one by chance. So a part is said to help only if its p-value, after Holm's correction for
# the number of parts, is below one in twenty.
#
# *Budget.* Most trainings have {glue:text}`short_epochs` epochs, where the paper allowed
# {glue:text}`full_epochs`. They serve to compare splits, seeds and parts of the recipe; printed
# numbers are judged by the whole budget alone.
#
# To judge anew with other runs, see {doc}`rerun`. The whole list, with the runs that each verdict
# rests on, is the file above the ledger.

# %% [markdown]
# ## The ledger

# %% tags=["hide-input"]
figures.save(table, "claims")
HTML(csv_link("claims", table) + claims.to_html(table))

# %% [markdown]
# ## What was found
#
# - Strong generalization, little overfitting and robustness to new artists are not supported: on
#   new tracks and new artists the network is clearly worse{glue:text}`not_general`.
# - None of the {glue:text}`parts` parts of the recipe, clipping and schedule among them, makes a
#   difference on new tracks that three seeds can see{glue:text}`no_part_helps`.
# - Hard and easy genres are roughly those of Table II on new tracks; with new artists the order
#   changes{glue:text}`genres_change`, and whether country and rock are taken for each other most
#   often stays open{glue:text}`overlap_is_open`.
#
# ## Exercises
#
# (exercise-claims-by-page)=
# **Where do claims fail?** Count the verdicts for each page with evidence.

# %% tags=["hide-cell"]
pd.crosstab(table.page, table.kind + ": " + table.verdict)

# %% [markdown]
# (exercise-one-of-many)=
# **One test of many.** What do the intervals of attention and of clipping say by themselves, and
# what does the p-value after Holm's correction add?

# %% tags=["hide-cell"]
ingredients.filter(["attention", "gradient clipping"], axis=0)

# %% [markdown]
# (exercise-without-budget)=
# **Judge without the whole budget.** Take the runs with the paper's budget away. Which verdicts
# change?

# %% tags=["hide-cell"]
short = {name: run for name, run in runs.items() if run.settings.profile != "paper"}
both = table.merge(claims.ledger(short), on="key", suffixes=("", "_without"))
both.loc[both.verdict != both.verdict_without, ["key", "verdict", "verdict_without"]]

# %% tags=["hide-input", "remove-output"]
# The numbers in the text, the verdicts for other pages, and what the text claims beyond them.
verdict = table.set_index("key").verdict
profile = re.findall(r"p = (\S+\d)", table.set_index("key").measured["genre_profile"])
budgets = [run.settings.training.epochs for run in runs.values()]
kinds = table.kind.value_counts()
names = ["consistent", "inconsistent", "no_print", "reproduced", "not_reproduced", "number_open",
         "supported", "not_supported", "conclusion_open"]  # fmt: skip
count = dict(zip(names, counts.values(), strict=True))
glue_numbers(
    runs=len(runs),
    claims=len(table),
    parts=len(ingredients),
    arithmetic=kinds["arithmetic"],
    numbers=kinds["number"],
    conclusions=kinds["conclusion"],
    **count,
    **{f"verdict_{key}": word for key, word in verdict.items()},
    short_epochs=min(budgets, default=0),
    full_epochs=max(budgets, default=0),
)
statements(
    mostly_consistent=count["consistent"] > count["inconsistent"],
    seldom_supported=4 * count["supported"] < kinds["conclusion"],
    mostly_open=2 * count["conclusion_open"] > kinds["conclusion"],
    not_general=set(verdict[["strong_generalization", "minimal_overfitting", "robust_artists"]])
    == {"not supported"},
    no_part_helps=len(ingredients) == len(comparisons.LEFT_OUT) and ingredients.p.min() >= 0.05,
    genres_change=verdict["genre_profile"] == "undecided"
    and [float(p) < 0.025 for p in profile] == [True, False],
    overlap_is_open=verdict["rock_country_overlap"] == "undecided",
)
