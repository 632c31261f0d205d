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
# **What became of every statement of the paper that can be checked?**
#
# **Few hold as they stand, and few fail outright.** Of {glue:text}`claims` claims,
# {glue:text}`holds` hold, {glue:text}`fails` do not, and {glue:text}`unknown` cannot be known; the
# other {glue:text}`in_part` hold in part: some of what would confirm them is so, or some of our
# runs confirm them{glue:text}`most_in_part`. The accuracy can be reached, but not on data that are
# unseen: strong generalization does not hold{glue:text}`not_general`.
#
# ```{glue:figure} verdicts
# :name: fig-verdicts
#
# More than half of the claims hold in part{glue:text}`more_than_half`. Each bar counts the claims
# with one verdict.
# ```
#
# No verdict was typed. Each is computed by a function with a written rule, from the numbers that
# the paper printed, from live code, or from {glue:text}`runs` trainings on GTZAN whose results are
# stored with this book. {numref}`fig-verdicts` counts them:
#
# - **holds**: the evidence fulfils the condition under *confirmed if*.
# - **holds in part**: it fulfils some of it, or in some of the runs.
# - **does not hold**: the evidence speaks against it.
# - **cannot be known**: the paper gives too little to judge by, a run that would decide is missing,
#   or the runs differ by no more than chance. This says nothing against the paper.

# %% tags=["hide-input"]
import math

import pandas as pd
from IPython.display import HTML

from genre_lib import claims
from genre_lib.book import figures
from genre_lib.book.comparisons import paired_differences
from genre_lib.book.references import SEEDS, stored_runs
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.book.tables import csv_link
from genre_lib.claims.page import to_html

runs = stored_runs()
table = claims.ledger(runs)

# %% tags=["hide-input", "remove-output"]
counts = claims.counts_by_verdict(table)
drawn = figures.bars(counts, ylabel="Verdict", xlabel="Claims of the paper (number)")
figures.show("verdicts", drawn)

# %% [markdown]
# ## The ledger

# %% tags=["hide-input"]
figures.save(table, "claims")
HTML(csv_link("claims", table) + to_html(table))

# %% [markdown]
# ## How to read it
#
# *{term}`Runs <run>`* are named after their split (`image`, `track`, or the published
# `fault-filtered` lists) and the seed. What follows the seed was left out (`no-attention`, for
# example) or replaced: `cnn` has neither LSTM nor attention, `handcrafted` is the method of
# {doc}`sec2_related_work`. {doc}`what_does_84_mean` shows them in pictures.
#
# *Intervals* are 95 % intervals. They come from drawing whole test tracks again and again
# ({term}`bootstrap interval`), because images of one track tend to be right or wrong together. Two
# networks that were tested on the same images are compared on the same draws. What another start of
# the training would change, such an interval does not say; where several seeds were run, all of
# them count.
#
# *Budget.* Most runs have {glue:text}`short_epochs` epochs, where the paper allowed
# {glue:text}`full_epochs`. So a run that falls short of a printed score proves nothing. Where a run
# with the paper's own budget is stored, it decides. A run that reaches the score does prove that it
# can be reached.
#
# *Both ways.* A part of the recipe is said to help, or to harm, only if the interval excludes no
# difference.
#
# To judge anew with other runs, see {doc}`rerun`. The whole list, with the runs that each verdict
# rests on, is the file above the ledger.
#
# ## What was found
#
# - {glue:text}`from_print` claims are decided by the paper's own numbers or by live code, and need
#   no data; {glue:text}`from_runs` rest on trainings.
# - The test accuracy, and that the test data are unseen, hold in part: the number is reached, but
#   only by runs that know the test tracks from training{glue:text}`only_known`.
# - Learned features are clearly ahead of handcrafted ones on new tracks, and clearly behind on
#   known ones{glue:text}`split_decides`.
#
# ## Exercises
#
# **Where do claims fail?** Count the verdicts for each page with evidence.

# %% tags=["hide-cell"]
pd.crosstab(table.page, table.verdict)

# %% [markdown]
# **A narrow verdict.** That attention helps rests on one interval. How far is its lower end from
# zero, in points?

# %% tags=["hide-cell"]
table.set_index("key").measured["attention_helps"]

# %% [markdown]
# **Judge without the whole budget.** Take the run with the paper's budget away. Which verdicts
# change?

# %% tags=["hide-cell"]
fewer = claims.ledger({name: run for name, run in runs.items() if name != "image-full-budget"})
both = table.merge(fewer, on="key", suffixes=("", "_without"))
both.loc[both.verdict != both.verdict_without, ["key", "verdict", "verdict_without"]]

# %% tags=["hide-input", "remove-output"]
# The numbers in the text, and what the text claims beyond them.
verdict = table.set_index("key").verdict
untested = table.measured.str.startswith(("Nothing:", "No run"))
budgets = [run.settings.training.epochs for run in runs.values()]
seeds = [(split, f"{split}-{seed}") for split in ("image", "track") for seed in SEEDS]
differences = paired_differences(runs, [(split, n, f"{n}-handcrafted") for split, n in seeds])
ahead = differences[differences.scored == "image"].set_index("label")
glue_numbers(
    runs=len(runs),
    claims=len(table),
    **dict(zip(("holds", "in_part", "fails", "unknown"), counts.values(), strict=True)),
    from_runs=(table.runs != "").sum(),
    from_print=((table.runs == "") & ~untested).sum(),
    short_epochs=min(budgets, default=0),
    full_epochs=max(budgets, default=0),
)
statements(
    most_in_part=counts["holds in part"] == max(counts.values()),
    more_than_half=2 * counts["holds in part"] > len(table),
    not_general=verdict["strong_generalization"] == "does not hold",
    only_known=verdict["accuracy"] == verdict["unseen_test_data"] == "holds in part",
    split_decides=ahead.high.get("image", math.nan) < 0 < ahead.low.get("track", math.nan),
)
