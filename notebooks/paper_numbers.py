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
# # What the paper's numbers say by themselves
#
# **What you will learn.** How much can be learned from printed numbers alone, with no data and no
# network. Percentages hide whole numbers of images, and whole numbers can be checked. You see which
# of the paper's numbers fit together, which one cannot be, and where text and tables disagree.
#
# ```{admonition} About this page
# :class: note
# Nothing is trained here, and no music is needed: everything follows from what the paper printed,
# by arithmetic. Only the number of parameters comes from a live network.
# ```

# %% tags=["hide-input"]
import math

import numpy as np
import pandas as pd

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import configure
from genre_lib.evaluation import wilson_interval
from genre_lib.model import HybridNet, count_parameters
from genre_lib.training import planned_rates

# %% [markdown]
# ## Table II, cell by cell
#
# A recall of {glue:text}`jazz_recall:.4f` for {glue:text}`support` jazz images can only mean that
# {glue:text}`jazz_correct` of them were right: one image more or fewer gives another number. And if
# these are {glue:text}`jazz_precision:.4f` of all images that were called jazz, then
# {glue:text}`jazz_called` were. So the printed table determines the counts behind it.

# %%
correct, called = paper.correct_counts(), paper.predicted_counts()
cells = pd.DataFrame([(*cell, cell.agrees) for cell in paper.recomputed_cells()])
cells.columns = ["class", "score", "printed", "recomputed", "agrees"]

# %% tags=["hide-input"]
counts = pd.DataFrame(
    {
        "genre": genre,
        "images": paper.TABLE_2[0].support,
        "correct": correct[genre],
        "taken for others": missed,
        "others taken for it": extra,
        "scores that recompute": "{} of {}".format(
            *cells.agrees[cells["class"] == genre].agg(["sum", "size"])
        ),
    }
    for genre, (missed, extra) in paper.mistakes().items()
)
figures.tabulate("printed_counts", counts)

# %% [markdown]
# From these counts we compute every score anew, for the single genres and for the last three lines
# of the table: {glue:text}`agreeing` of {glue:text}`cells` round to what is printed. The images
# that got a label add up to {glue:text}`predicted_total`, as they must, and the right ones to
# {glue:text}`correct_total`. Is there another number of right images that rounds to
# {glue:text}`accuracy:.2%`? {glue:text}`only_count`
#
# Three small observations.
#
# - The {term}`macro F1`-score, {glue:text}`macro_f1:.4f`, is the mean of the F1-scores of the
#   genres. The F1-score of macro precision and macro recall, another quantity of the same name,
#   would be {glue:text}`f1_of_means:.4f`.
# - The macro averages also come out right from the rounded cells: the largest difference is
#   {glue:text}`rounding:.0e`.
# - The line *weighted avg* repeats the line *macro avg*, and recall repeats the accuracy. With
#   the same number of images for each genre it cannot be otherwise.
#
# So Table II is consistent to the last digit
# (<a href="claims.html#claim-table_2_cells">in the ledger</a>).
#
# ## How many images is a track?
#
# The paper has {glue:text}`tracks` tracks, and tests on {glue:text}`test_share:.0%`. These are
# {glue:text}`test_tracks`, but the table counts {glue:text}`test_images` images. So
# {glue:text}`per_track` images were made of each track, and the whole collection has
# {glue:text}`all_images:,d`: {glue:text}`train_images:,d` for training,
# {glue:text}`validation_images:,d` for validation, {glue:text}`test_images:,d` for the test. The
# paper says that altered copies are for training. If the images are of whole tracks, as its figures
# show, then {glue:text}`altered` of {glue:text}`per_track` test images are altered copies, too
# (<a href="claims.html#claim-augmented_for_training">in the ledger</a>). If they are slices, the
# figures show something else than the network saw.
#
# ## How sure is the accuracy?
#
# It depends on what counts as one observation. Images of one track are right or wrong together
# more often than chance has it. In the extreme, {glue:text}`per_track` images of a track are worth
# one.

# %% tags=["hide-input"]
share_unknown = (1 - paper.SUBSET_SHARES["test"]) ** paper.implied_images_per_track()
observations = pd.Series(
    {
        "every image is independent": paper.TEST_IMAGES,
        "every track counts once, images were dealt": round(paper.TRACKS * (1 - share_unknown)),
        "every track counts once, tracks were dealt": round(
            paper.TRACKS * paper.SUBSET_SHARES["test"]
        ),
    }
)
units = pd.DataFrame(
    {"if": name, "observations": count, "low": low, "high": high}
    for name, count in observations.items()
    for low, high in [wilson_interval(round(paper.ACCURACY * count), count)]
)
figures.tabulate("units", units, formats={"low": "{:.1%}", "high": "{:.1%}"})

# %% [markdown]
# The 95 % interval ({term}`Wilson interval`, {cite:t}`wilson1927inference`) reaches from
# {glue:text}`images_low:.1%` to {glue:text}`images_high:.1%` if we believe in independent images,
# and from {glue:text}`tracks_low:.1%` to {glue:text}`tracks_high:.1%` if only tracks count and
# whole tracks were dealt. If images were dealt, nearly every test track has images in training, and
# the interval is about known tracks: see {doc}`what_does_84_mean`.
#
# ## Which genres are hard?
#
# {numref}`fig-printed-recalls` draws the same two intervals for each genre.

# %% tags=["hide-input", "remove-output"]
per_genre = round(paper.TRACKS_PER_GENRE * paper.SUBSET_SHARES["test"])


def both_intervals(row):
    """Recall of a row of Table II with its interval by images and by tracks."""
    by_image = wilson_interval(correct[row.genre], row.support)
    by_track = wilson_interval(round(row.recall * per_genre), per_genre)
    names = ("images_low", "images_high", "tracks_low", "tracks_high")
    ends = dict(zip(names, (*by_image, *by_track), strict=True))
    return {"genre": row.genre, "recall": row.recall, **ends}


recalls = pd.DataFrame(map(both_intervals, paper.TABLE_2))
figures.show("printed_recalls", figures.printed_recalls(recalls))

# %% [markdown]
# ```{glue:figure} printed_recalls
# :name: fig-printed-recalls
#
# Printed recall of each genre. If images are independent, {glue:text}`apart_images` of the genres
# lie clearly above or below the accuracy of all; if only tracks are, {glue:text}`apart_tracks`.
# ```
#
# What the text says about single genres, against the table:
#
# - **Rock and country** are its hard genres, and by F1-score they are the last two. By recall it is
#   otherwise: the last are {glue:text}`lowest_recalls`, and country comes
#   {glue:text}`country_place` from the top, with {glue:text}`country_correct` images right. What
#   is low is its precision: {glue:text}`country_extra` images of others were called country. The
#   next genre by F1-score is {glue:text}`third_hardest`, only {glue:text}`third_gap:.4f` away.
# - Their mistakes are called **minor**. Rock has {glue:text}`rock_missed` of
#   {glue:text}`all_mistakes` mistakes, more than any other genre; country has
#   {glue:text}`country_missed`, where the mean is {glue:text}`mean_mistakes:.1f`.
# - They are said to **overlap**. The table allows anything from
#   {glue:text}`rock_country_low` to {glue:text}`rock_country_high` rock images that were taken for
#   country, and from {glue:text}`country_rock_low` to {glue:text}`country_rock_high` the other way.
#   Only the confusion matrix can tell.
# - **Jazz and reggae** "performed well", with {glue:text}`quoted_jazz` and
#   {glue:text}`quoted_reggae` right. {glue:text}`passed_over` not mentioned.
# - **Classical and jazz** are given "high precision and recall values",
#   {glue:text}`quoted_precision:.4f` and {glue:text}`quoted_recall:.4f`, "respectively". In the
#   table, the first is the {glue:text}`first_owner`, the second the {glue:text}`second_owner`.
#   The two numbers are no pair of one genre, and no score of both genres.
#
# ## A validation accuracy that cannot be
#
# The text gives {glue:text}`validation:.2%` as the best validation accuracy.
# {glue:text}`validation_share:.0%` of {glue:text}`all_images:,d` images are
# {glue:text}`validation_images:,d`. One after the other: {glue:text}`fewer` right ones give
# {glue:text}`fewer_share:.2%`, {glue:text}`more` give {glue:text}`more_share:.2%`. The printed
# number lies between. So it is not the share of all validation images. What else may it be?

# %% tags=["hide-input"]
images = paper.implied_images()["validation"]
batch = paper.BATCH_SIZE
without_one = round(
    (paper.TRACKS - 1) * paper.implied_images_per_track() * paper.SUBSET_SHARES["validation"]
)
readings = pd.DataFrame(
    [
        ("all images", images, paper.fitting_counts(paper.VALIDATION_ACCURACY, images)),
        (
            "mean over batches, the last one smaller",
            images,
            [sum(way) for way in paper.fits_mean_of_batches(
                paper.VALIDATION_ACCURACY, images, batch)],
        ),
        (
            "whole batches only, the rest dropped",
            images // batch * batch,
            paper.fitting_counts(paper.VALIDATION_ACCURACY, images // batch * batch),
        ),
        (
            "one vote a track",
            round(paper.TRACKS * paper.SUBSET_SHARES["validation"]),
            paper.fitting_counts(
                paper.VALIDATION_ACCURACY, round(paper.TRACKS * paper.SUBSET_SHARES["validation"])
            ),
        ),
        (
            "one track unreadable",
            without_one,
            paper.fitting_counts(paper.VALIDATION_ACCURACY, without_one),
        ),
    ],
    columns=["reading", "images", "right"],
)  # fmt: skip
readings["possible"] = readings.right.map(bool).map({True: "yes", False: "no"})
readings["right"] = readings.right.map(lambda ways: ", ".join(map(str, ways)))
figures.tabulate("validation_readings", readings)

# %% [markdown]
# A loop that averages over its batches gives the images of a small last batch more weight. With
# batches of {glue:text}`batch` that {glue:text}`mean_possible`. Dropping the images that do not
# fill a batch {glue:text}`whole_possible`: {glue:text}`whole_right` of {glue:text}`whole_images:,d`
# are {glue:text}`whole_share:.2%`. Then {glue:text}`dropped` validation images were never looked
# at. A track that could not be read would explain the number as well, but then Table II could not
# count {glue:text}`support` test images for every genre.
#
# How much is such a fit worth? Among the numbers of images near this one,
# {glue:text}`by_chance:.0%` fit some share that rounds to {glue:text}`validation:.2%`. So a fit is
# a hint, no proof. That the full set does *not* fit is certain.
#
# The test accuracy is {glue:text}`test_above:.2f` points above the best validation accuracy, though
# the model was chosen by the latter. This is {glue:text}`test_errors:.1f` standard errors of the
# difference, {glue:text}`test_luck`.
#
# ## Where on the plan did training end?
#
# It stopped in epoch {glue:text}`stopped` of {glue:text}`epochs`, after {glue:text}`patience`
# epochs without a better validation loss. So the best loss was that of epoch
# {glue:text}`best_epoch`. The model that was kept is the one with the best validation *accuracy*,
# which may be another.

# %% tags=["hide-input", "remove-output"]
training = configure(profile="paper").training
steps = math.ceil(paper.implied_images()["train"] / paper.BATCH_SIZE)
planned = planned_rates(training, total_steps=steps * paper.MAX_EPOCHS)[steps - 1 :: steps]
epochs = np.arange(1, paper.MAX_EPOCHS + 1)
plan = pd.DataFrame(
    {
        "OneCycleLR, warm-up as PyTorch has it": planned / training.learning_rate,
        "Equation 2 as printed": [paper.equation_2(epoch / paper.MAX_EPOCHS) for epoch in epochs],
    },
    index=epochs,
)
marks = pd.Series({"lowest loss": paper.best_epoch(), "stopped": paper.STOPPED_EPOCH})
figures.show("stopped_on_plan", figures.stopped_on_plan(plan, dict(marks)))

# %% [markdown]
# ```{glue:figure} stopped_on_plan
# :name: fig-stopped
#
# The learning rate on the plan, and where the paper's training ended.
# ```
#
# By {numref}`fig-stopped` the learning rate had then fallen to {glue:text}`rate_stopped:.1%` of its
# peak (by Equation 2 as printed, {glue:text}`rate_stopped_printed:.1%`). When steps are that small,
# the loss hardly changes any more, and {glue:text}`patience` epochs without a better one are no
# surprise. "Converged" and "the plan ran out" look the same here. The early stop saved
# {glue:text}`saved` epochs, {glue:text}`saved_share:.0%` of them.
#
# ## What the losses allow
#
# Label smoothing puts a floor under the loss: a network that gives exactly the softened labels
# still pays their entropy. With $\alpha$ = {glue:text}`alpha` the floor is {glue:text}`floor:.2f`.
# The printed validation loss of {glue:text}`validation_loss` can only be reached with $\alpha$ up
# to {glue:text}`largest_alpha:.2f`, if validation used the smoothed loss as well. The paper does
# not print $\alpha$.
#
# The text ends the network with a softmax, Table I with a linear layer. PyTorch's loss contains the
# softmax already. A network that applies it twice cannot get below a loss of
# {glue:text}`twice_floor:.2f`. Both printed losses, {glue:text}`train_loss` and
# {glue:text}`validation_loss`, are lower. So {glue:text}`twice`.
#
# ## The text against Table I

# %% tags=["hide-input"]
blocks = [row for row in paper.TABLE_1 if row.layer.startswith("Conv")]
table_1 = pd.DataFrame([(row.layer, row.output[-1]) for row in paper.TABLE_1])
table_1.columns = ["layer", "width"]
first_linear = int(table_1.layer.str.startswith("Linear").idxmax())
names = table_1.layer[table_1.layer.str.startswith("Dropout")]
against = pd.DataFrame(
    [
        (
            "dropout of the convolutions",
            f"{paper.TEXT_CONV_DROPOUT}, after each block",
            f"{paper.TABLE_CONV_DROPOUT}, once after the second block",
        ),
        (
            "batch normalization",
            "in both blocks" if paper.TEXT_BATCH_NORM else "not mentioned",
            f"in {sum('BN' in row.layer for row in blocks)} blocks",
        ),
        (
            "LSTM",
            f"{paper.LSTM_UNITS_PER_DIRECTION} units in each direction",
            f"{paper.TABLE_1[3].output[-1]} in both together",
        ),
        (
            "first linear layer",
            f"reduces the features to {table_1.width[first_linear]}",
            f"{table_1.width[first_linear - 1]} before, {table_1.width[first_linear]} after",
        ),
        ("dropout between the linear layers", "not mentioned", str(paper.TABLE_LINEAR_DROPOUT)),
        ("last layer", "softmax", paper.TABLE_1[-1].layer),
    ],
    columns=["part", "text", "Table I"],
)
figures.tabulate("text_against_table", against)

# %% [markdown]
# The units of the LSTM are the same thing, counted once for each direction or for both. The linear
# layer reduces nothing. Dropout and normalization are real differences: they make two networks, and
# we build the one of the table.
#
# The table also tells what it does not say. The first pooling leaves {glue:text}`pooled` points of
# each side, so the input has {glue:text}`side` x {glue:text}`side`. It leaves open which axis the
# LSTM reads as its sequence of {glue:text}`sequence` elements: after the second block
# {glue:text}`axes` have this length. We take time. If an image holds a whole track of
# {glue:text}`seconds` seconds, one element then covers {glue:text}`step_seconds:.2f` seconds. A
# rhythm within a bar is for the convolutions; the LSTM sees how a piece goes on.
#
# A live network of these layers, with one input channel, has {glue:text}`parameters:,d` parameters.
# The number of attention heads is not printed, and does not change this: with one head it is
# {glue:text}`parameters_one_head:,d`.
#
# ## Compared with what?
#
# The paper speaks of "significant improvements in classification accuracy". An improvement needs
# something to improve on. The paper prints {glue:text}`baselines` of another method on its test
# images (<a href="claims.html#claim-significant_improvements">in the ledger</a>). It also calls its
# architecture "novel". Yet its own related work says that attention is "often integrated into
# hybrid architectures, such as CNN-LSTM models", and it cites convolutional recurrent networks for
# music {cite:p}`choi2017crnn` (<a href="claims.html#claim-novel_architecture">in the ledger</a>).
#
# ## What was found
#
# - Table II is consistent: {glue:text}`agreeing` of {glue:text}`cells` scores follow from whole
#   counts, {glue:text}`correct_total` right images of {glue:text}`test_images:,d`.
# - The validation accuracy, {glue:text}`validation:.2%`, is not a share of
#   {glue:text}`validation_images:,d` images. It {glue:text}`whole_verdict` if an incomplete last
#   batch was dropped.
# - The accuracy is known to about {glue:text}`images_half:.0f` points either way if images are
#   independent, and to about {glue:text}`tracks_half:.0f` if only tracks are.
# - The sentence about classical and jazz pairs a precision of one with a recall of the other;
#   praise for reggae passes over {glue:text}`passed_over_names`; the mistakes of rock are not
#   minor.
# - Text and Table I describe two networks that differ in dropout and normalization.
# - Training ended where the planned learning rate was down to {glue:text}`rate_stopped:.0%` of its
#   peak.
#
# {doc}`claims` lists what became of each statement.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
rows = pd.DataFrame(paper.TABLE_2).set_index("genre")
wrong = pd.DataFrame(paper.mistakes(), index=["missed", "extra"])
total = sum(correct.values())
macro = pd.Series(
    {
        "precision": paper.MACRO_PRECISION,
        "recall": paper.MACRO_RECALL,
        "f1": paper.MACRO_F1,
    }
)
fitting = paper.fitting_counts(paper.ACCURACY, paper.TEST_IMAGES)
implied = paper.implied_images()
glue_numbers(
    support=paper.TABLE_2[0].support,
    jazz_recall=rows.recall["jazz"],
    jazz_precision=rows.precision["jazz"],
    jazz_correct=correct["jazz"],
    jazz_called=called["jazz"],
    agreeing=cells.agrees.sum(),
    cells=len(cells),
    predicted_total=sum(called.values()),
    correct_total=total,
    accuracy=paper.ACCURACY,
    only_count="No." if fitting == [total] else f"Yes: {', '.join(map(str, fitting))}.",
    macro_f1=paper.MACRO_F1,
    f1_of_means=2 * macro.precision * macro.recall / (macro.precision + macro.recall),
    rounding=max(abs(paper.mean_of_printed(name) - value) for name, value in macro.items()),
)
glue_numbers(
    tracks=paper.TRACKS,
    test_share=paper.SUBSET_SHARES["test"],
    test_tracks=round(paper.TRACKS * paper.SUBSET_SHARES["test"]),
    test_images=paper.TEST_IMAGES,
    per_track=paper.implied_images_per_track(),
    altered=paper.implied_images_per_track() - 1,
    all_images=sum(implied.values()),
    **{f"{name}_images": implied[name] for name in ("train", "validation")},
    images_low=units.low.iloc[0],
    images_high=units.high.iloc[0],
    images_half=50 * (units.high.iloc[0] - units.low.iloc[0]),
    tracks_low=units.low.iloc[-1],
    tracks_high=units.high.iloc[-1],
    tracks_half=50 * (units.high.iloc[-1] - units.low.iloc[-1]),
)


def owner(number):
    """Whose score in Table II a quoted number is."""
    return " and the ".join(
        f"{score} of {row['class']}" for _, row in cells.iterrows()
        for score in [row.score] if row.printed == number
    )  # fmt: skip


ordinals = pd.Series(["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
                      "ninth", "last"])  # fmt: skip
by_f1 = paper.ranked("f1", lowest_first=True)
least = min(paper.QUOTED_CORRECT.values())
passed = [name for name in correct if name not in paper.QUOTED_CORRECT and correct[name] >= least]
bounds = pd.Series(
    {
        "rock_country": paper.confusion_bounds("rock", "country"),
        "country_rock": paper.confusion_bounds("country", "rock"),
    }
)
glue_numbers(
    **{
        f"apart_{unit}": int(
            (
                (recalls[f"{unit}_low"] > paper.ACCURACY)
                | (recalls[f"{unit}_high"] < paper.ACCURACY)
            ).sum()
        )
        for unit in ("images", "tracks")
    },
    lowest_recalls=" and ".join(paper.ranked("recall", lowest_first=True)[:2]),
    country_place=ordinals[paper.ranked("recall").index("country")],
    country_correct=correct["country"],
    country_extra=wrong.country.extra,
    country_missed=wrong.country.missed,
    rock_missed=wrong.rock.missed,
    all_mistakes=wrong.loc["missed"].sum(),
    mean_mistakes=wrong.loc["missed"].mean(),
    third_hardest=by_f1[2],
    third_gap=rows.f1[by_f1[2]] - rows.f1[by_f1[1]],
    **{f"{name}_low": low for name, (low, _) in bounds.items()},
    **{f"{name}_high": high for name, (_, high) in bounds.items()},
    **{f"quoted_{name}": count for name, count in paper.QUOTED_CORRECT.items()},
    passed_over=(
        f"As many or more images were right of {' and '.join(passed)} "
        f"({' and '.join(str(correct[name]) for name in passed)}),"
        if passed
        else "No other genre but classical has as many, so none is"
    ),
    passed_over_names=" and ".join(passed) or "nobody",
    quoted_precision=paper.QUOTED_PRECISION_AND_RECALL[0],
    quoted_recall=paper.QUOTED_PRECISION_AND_RECALL[1],
    first_owner=owner(paper.QUOTED_PRECISION_AND_RECALL[0]),
    second_owner=owner(paper.QUOTED_PRECISION_AND_RECALL[1]),
)
fewer = math.floor(paper.VALIDATION_ACCURACY * implied["validation"])
whole = readings.iloc[2]
error = math.sqrt(
    sum(
        share * (1 - share) / count
        for share, count in (
            (paper.ACCURACY, paper.TEST_IMAGES),
            (paper.VALIDATION_ACCURACY, implied["validation"]),
        )
    )
)
above = paper.ACCURACY - paper.VALIDATION_ACCURACY
glue_numbers(
    validation=paper.VALIDATION_ACCURACY,
    validation_share=paper.SUBSET_SHARES["validation"],
    fewer=fewer,
    fewer_share=fewer / implied["validation"],
    more=fewer + 1,
    more_share=(fewer + 1) / implied["validation"],
    batch=paper.BATCH_SIZE,
    mean_possible=(
        "explains it" if readings.possible[1] == "yes" else "does not explain the number either"
    ),
    whole_possible="explains it" if whole.possible == "yes" else "does not explain it",
    whole_verdict="is possible" if whole.possible == "yes" else "is not possible either",
    whole_right=whole.right,
    whole_images=whole.images,
    whole_share=int(whole.right) / whole.images if whole.right else math.nan,
    dropped=implied["validation"] - whole.images,
    by_chance=paper.share_of_totals_that_fit(
        paper.VALIDATION_ACCURACY, range(implied["validation"] - 100, implied["validation"] + 101)
    ),
    test_above=100 * above,
    test_errors=above / error,
    test_luck="so luck can explain it" if above < 2 * error else "more than luck can explain",
)
glue_numbers(
    stopped=paper.STOPPED_EPOCH,
    epochs=paper.MAX_EPOCHS,
    patience=paper.PATIENCE,
    best_epoch=paper.best_epoch(),
    rate_stopped=plan.iloc[:, 0][paper.STOPPED_EPOCH],
    rate_stopped_printed=plan.iloc[:, 1][paper.STOPPED_EPOCH],
    saved=paper.MAX_EPOCHS - paper.STOPPED_EPOCH,
    saved_share=1 - paper.STOPPED_EPOCH / paper.MAX_EPOCHS,
    alpha=training.label_smoothing,
    floor=paper.smoothing_floor(training.label_smoothing),
    largest_alpha=paper.largest_smoothing(paper.VALIDATION_LOSS),
    train_loss=paper.TRAIN_LOSS,
    validation_loss=paper.VALIDATION_LOSS,
    twice_floor=paper.softmax_twice_floor(),
    twice=(
        "the softmax was not applied twice"
        if max(paper.TRAIN_LOSS, paper.VALIDATION_LOSS) < paper.softmax_twice_floor()
        else "it may have been applied twice"
    ),
    baselines=f"{len(paper.BASELINES) or 'no'} accuracy",
    pooled=blocks[0].output[-1],
    side=paper.input_side(),
    sequence=paper.sequence_steps(),
    axes=", ".join(paper.sequence_axes()),
    seconds=paper.CLIP_SECONDS,
    step_seconds=paper.CLIP_SECONDS / paper.sequence_steps(),
    parameters=count_parameters(HybridNet(configure().model)),
    parameters_one_head=count_parameters(HybridNet(configure(overrides={"heads": 1}).model)),
)
