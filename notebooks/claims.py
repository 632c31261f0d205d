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
# **What you will learn.** What became of every statement of the paper that can be checked. Each has
# a verdict, what we found, what would confirm it, and a link to the page with the evidence. You can
# filter the list.
#
# ```{admonition} Read this before any verdict
# :class: important
# No verdict was typed. Each is computed by a function with a written rule, from the numbers that
# the paper printed, from live code, or from trainings on GTZAN whose results this book holds.
# {glue:text}`runs_note`
# ```

# %% tags=["hide-input"]
import pandas as pd
from IPython.display import HTML

from genre_lib import claims
from genre_lib.book import figures
from genre_lib.book.references import REFERENCES, stored_runs
from genre_lib.book.statements import glue_numbers
from genre_lib.book.tables import csv_link
from genre_lib.claims.page import to_html

runs = stored_runs()
table = claims.ledger(runs)

# %% [markdown]
# ## The verdicts
#
# - **holds**: the evidence fulfils the condition under *confirmed if*.
# - **holds in part**: it fulfils some of it, or in some of the runs.
# - **does not hold**: the evidence speaks against it.
# - **cannot be known**: the paper gives too little to judge by, a run that would decide is missing,
#   or the runs differ by no more than chance. This says nothing against the paper.
#
# {numref}`fig-verdicts` counts them.

# %% tags=["hide-input", "remove-output"]
counts = pd.Series(claims.counts_by_verdict(table))
figures.show("verdicts", figures.verdicts(dict(counts)))

# %% [markdown]
# ```{glue:figure} verdicts
# :name: fig-verdicts
#
# The claims of the paper by verdict. {glue:text}`most` is the most frequent one.
# ```
#
# ## The ledger

# %% tags=["hide-input"]
figures.save(table, "claims")
HTML(csv_link("claims", table) + to_html(table))

# %% [markdown]
# ## How to read it
#
# *{term}`Runs <run>`* are named after what is dealt (`image`, `track`, or the published
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
# *Budget.* Most runs are short: {glue:text}`epochs` epochs, where the paper allowed far more.
# So a run that falls short of a printed score proves nothing, and the verdict is then *cannot be
# known* unless a run with the paper's own budget is held. A run that reaches the score
# does prove that it can be reached.
#
# *Both ways.* Rules were written to be fair in both directions. A score counts as reached if it
# lies in the interval or below. A part of the recipe is said to help, or to harm, only if the
# interval excludes no difference.
#
# To judge anew with other runs, see {doc}`rerun`. The whole list, with the runs that each verdict
# rests on, is the file above the ledger.
#
# ## What was found
#
# - Of {glue:text}`claims` claims, {glue:text}`holds` hold, {glue:text}`in_part` hold in part,
#   {glue:text}`fails` do not hold, and {glue:text}`unknown` cannot be known.
# - {glue:text}`from_print` of them are decided by the paper's own numbers or by live code, and need
#   no data; {glue:text}`from_runs` rest on trainings.
# - The test accuracy: {glue:text}`verdict_accuracy`. That it is one on unseen data:
#   {glue:text}`verdict_unseen`. Strong generalization: {glue:text}`verdict_generalization`.
# - Learned features against handcrafted ones: {glue:text}`verdict_handcrafted`.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
verdict = table.set_index("key").verdict
verdict_names = pd.Series(["holds", "in_part", "fails", "unknown"])
budgets = sorted({
    run.settings.training.epochs for run in runs.values() if run.settings.method == "network"
})  # fmt: skip
glue_numbers(
    runs_note=(
        f"{len(runs)} of {len(REFERENCES)} planned trainings are held; a verdict that needs "
        "another one says so."
        if len(runs) < len(REFERENCES)
        else f"All {len(REFERENCES)} planned trainings are held."
    ),
    most=counts.idxmax().capitalize(),
    epochs=" or ".join(map(str, budgets)) or "no",
    claims=len(table),
    **dict(zip(verdict_names, counts, strict=True)),
    from_runs=(table.runs != "").sum(),
    from_print=((table.runs == "") & ~table.measured.str.startswith("Nothing:")).sum(),
    verdict_accuracy=verdict["accuracy"],
    verdict_unseen=verdict["unseen_test_data"],
    verdict_generalization=verdict["strong_generalization"],
    verdict_handcrafted=verdict["deep_beats_handcrafted"],
)
