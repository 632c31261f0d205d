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
# **What can be learned from printed numbers alone,** with no data and no network? Percentages hide
# whole numbers of images, and whole numbers can be checked.
#
# **A good deal.** Table II is consistent to the last digit: all {glue:text}`cells` scores follow
# from {glue:text}`correct_total` right images of
# {glue:text}`test_images:,d`{glue:text}`consistent`.
# The best validation accuracy, {glue:text}`validation:.2%`, is no share of
# {glue:text}`validation_images:,d` images{glue:text}`no_share`. And the test accuracy of
# {glue:text}`accuracy:.2%` is known to about {glue:text}`images_half:.0f` points either way if
# every image counts, but only to about {glue:text}`tracks_half:.0f` if every track does.
#
# ```{glue:figure} printed_recalls
# :name: fig-printed-recalls
#
# What counts as one observation decides which genres are hard. If images are independent,
# {glue:text}`apart_images` of the genres lie clearly above or below the accuracy of all; if only
# tracks are, {glue:text}`apart_tracks`. Each dot is a printed recall, with both 95 % intervals.
# ```
#
# Nothing is trained here, and no music is needed: everything follows from what the paper printed.
# Only the number of parameters comes from a live network.

# %% tags=["hide-input"]
import math

import numpy as np
import pandas as pd

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.claims import arithmetic
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
counts = arithmetic.implied_counts()
figures.tabulate("printed_counts", counts.reset_index())

# %% [markdown]
# Here `called` counts the images with that label, `missed` those of the genre that got another one,
# and `extra` those of other genres among the called. From these counts every score can be
# computed anew, for the single genres and for the last three lines of the table.

# %%
cells = arithmetic.recomputed_scores()
cells.agrees.value_counts()

# %% [markdown]
# {glue:text}`agreeing` of {glue:text}`cells` round to what is printed. The images that got a label
# add up to {glue:text}`predicted_total`, as they must, and the right ones to
# {glue:text}`correct_total`. No other number of right images rounds to
# {glue:text}`accuracy:.2%`{glue:text}`only_one_count`. The {term}`macro F1`-score of
# {glue:text}`macro_f1:.4f` is the mean of the F1-scores of the genres; the F1-score of macro
# precision and macro recall, another quantity of the same name, would be
# {glue:text}`f1_of_means:.4f`. The rounded cells give the same macro averages, within
# {glue:text}`rounding:.0e`. So Table II belongs to one classifier and one test set
# (<a href="claims.html#claim-table_2_cells">in the ledger</a>).
#
# ## How many images is a track?
#
# The paper has {glue:text}`tracks` tracks, and tests on {glue:text}`test_share:.0%`. These are
# {glue:text}`test_tracks`, but the table counts {glue:text}`test_images` images. So
# {glue:text}`per_track` images were made of each track, {glue:text}`all_images:,d` in all:
# {glue:text}`train_images:,d` for training, {glue:text}`validation_images:,d` for validation,
# {glue:text}`test_images:,d` for the test. The paper says that altered copies are for training. If
# the images are of whole tracks, as its figures show, then {glue:text}`altered` of
# {glue:text}`per_track` test images are altered copies, too
# (<a href="claims.html#claim-augmented_for_training">in the ledger</a>). If they are slices, the
# figures show something else than the network saw.
#
# ## How sure is the accuracy?
#
# Images of one track are right or wrong together more often than chance has it. In the extreme,
# {glue:text}`per_track` images of a track are worth one. How many tracks are tested depends on the
# split: a split by image puts images of nearly every track into the test set, a split by track
# those of a tenth of them.

# %% tags=["hide-input"]
test_share = paper.SUBSET_SHARES["test"]
share_tested = 1 - (1 - test_share) ** paper.implied_images_per_track()
units = pd.DataFrame(
    [
        ("every image is independent", paper.TEST_IMAGES),
        ("every track counts once, split by image", round(paper.TRACKS * share_tested)),
        ("every track counts once, split by track", round(paper.TRACKS * test_share)),
    ],
    columns=["if", "observations"],
)
ends = [wilson_interval(round(paper.ACCURACY * count), count) for count in units.observations]
units[["low", "high"]] = ends
figures.tabulate("units", units, formats={"low": "{:.1%}", "high": "{:.1%}"})

# %% [markdown]
# The 95 % interval ({term}`Wilson interval`, {cite:t}`wilson1927inference`) reaches from
# {glue:text}`images_low:.1%` to {glue:text}`images_high:.1%` if images are independent, and from
# {glue:text}`tracks_low:.1%` to {glue:text}`tracks_high:.1%` if only tracks count and the split is
# by track. If it is by image, nearly every test track has images in training, and the interval is
# about known tracks: see {doc}`what_does_84_mean`.
#
# ## Which genres are hard?
#
# {numref}`fig-printed-recalls` draws the first and the last of these intervals for each genre.

# %% tags=["hide-input", "remove-output"]
rows = pd.DataFrame(paper.TABLE_2).set_index("genre")
per_genre = round(paper.TRACKS_PER_GENRE * test_share)
by_image = [wilson_interval(*pair) for pair in zip(counts.correct, counts.support, strict=True)]
by_track = [wilson_interval(round(recall * per_genre), per_genre) for recall in rows.recall]
recalls = {
    unit: pd.DataFrame(intervals, columns=["low", "high"]).assign(
        label=rows.index, series=f"if {unit} are independent", accuracy=rows.recall.to_numpy()
    )
    for unit, intervals in (("images", by_image), ("tracks", by_track))
}
marks = {"accuracy of all": paper.ACCURACY}
drawn = figures.comparison(pd.concat(recalls, ignore_index=True), xlabel="Recall", **marks)
figures.show("printed_recalls", drawn)

# %% [markdown]
# What the text says about single genres, against the table:
#
# - **Rock and country** are its hard genres, and by F1-score they are the last
#   two{glue:text}`last_two`. By recall the last are rock and disco{glue:text}`last_by_recall`.
#   Country has {glue:text}`country_correct` images right, the sixth most of all{glue:text}`sixth`;
#   what is low is its precision, for {glue:text}`country_extra` images of others were called
#   country. Disco follows by F1-score, only {glue:text}`third_gap:.4f` away{glue:text}`disco_next`.
# - Their mistakes are called **minor**. Rock has {glue:text}`rock_missed` of
#   {glue:text}`all_mistakes` mistakes, more than any other genre{glue:text}`rock_most`; country has
#   {glue:text}`country_missed`, where the mean is {glue:text}`mean_mistakes:.1f`.
# - They are said to **overlap**. The table allows anything from
#   {glue:text}`rock_country_low` to {glue:text}`rock_country_high` rock images that were taken for
#   country, and from {glue:text}`country_rock_low` to {glue:text}`country_rock_high` the other way.
#   Only the confusion matrix can tell.
# - **Jazz and reggae** "performed well", with {glue:text}`quoted_jazz` and
#   {glue:text}`quoted_reggae` right. Blues has more than reggae, {glue:text}`blues_correct`, and is
#   not mentioned{glue:text}`blues_passed_over`.
# - **Classical and jazz** are given "high precision and recall values",
#   {glue:text}`quoted_precision:.4f` and {glue:text}`quoted_recall:.4f`, "respectively". The first
#   is the precision of classical, the second the recall of jazz{glue:text}`owners`. The two numbers
#   are no pair of one genre, and no score of both.
#
# ## A validation accuracy that cannot be
#
# The text gives {glue:text}`validation:.2%` as the best validation accuracy.
# {glue:text}`validation_share:.0%` of {glue:text}`all_images:,d` images are
# {glue:text}`validation_images:,d`. {glue:text}`fewer` right ones give
# {glue:text}`fewer_share:.2%`, one more gives {glue:text}`more_share:.2%`, and the printed number
# lies between{glue:text}`between`. So it is not the share of all validation images. What else may
# it be?

# %% tags=["hide-input"]
implied, batch = arithmetic.implied_images(), paper.BATCH_SIZE
images = implied["validation"]
whole = images // batch * batch
batches = arithmetic.fits_mean_of_batches(paper.VALIDATION_ACCURACY, images, batch)
ways = {
    ("all images", images): None,
    ("mean over batches, the last one smaller", images): [sum(way) for way in batches],
    ("whole batches only, the rest dropped", whole): None,
    ("one vote a track", round(paper.TRACKS * paper.SUBSET_SHARES["validation"])): None,
    ("one track unreadable", round(images * (1 - 1 / paper.TRACKS))): None,
}
readings = pd.DataFrame(ways, columns=["reading", "images"])
right = [
    arithmetic.fitting_counts(paper.VALIDATION_ACCURACY, total) if found is None else found
    for (_, total), found in ways.items()
]
readings["right"] = [", ".join(map(str, found)) for found in right]
readings["possible"] = ["yes" if found else "no" for found in right]
figures.tabulate("validation_readings", readings)

# %% [markdown]
# A loop that averages over its batches gives the images of a small last batch more weight. With
# batches of {glue:text}`batch` that does not explain the number either{glue:text}`no_mean`.
# Dropping the images that do not fill a batch explains it: {glue:text}`whole_right` of
# {glue:text}`whole_images:,d` are {glue:text}`whole_share:.2%`{glue:text}`whole_fits`. Then
# {glue:text}`dropped` validation images were never looked at. A track that could not be read would
# explain the number as well, but then Table II could not count {glue:text}`support` test images for
# every genre.
#
# How much is such a fit worth? Among the numbers of images near this one,
# {glue:text}`by_chance:.0%` fit some share that rounds to {glue:text}`validation:.2%`. So a fit is
# a hint, no proof. That the full set does *not* fit is certain.
#
# The test accuracy is {glue:text}`test_above:.2f` points above the best validation accuracy, though
# the model was chosen by the latter. This is {glue:text}`test_errors:.1f` standard errors of the
# difference, so luck can explain it{glue:text}`luck`.
#
# ## Where on the plan did training end?
#
# It stopped in epoch {glue:text}`stopped` of {glue:text}`epochs`, after {glue:text}`patience`
# epochs without a better validation loss. So the best loss was that of epoch
# {glue:text}`best_epoch`. The model that was kept is the one with the best validation *accuracy*,
# which may be another.

# %% tags=["hide-input", "remove-output"]
training = configure(profile="paper").training
steps = math.ceil(implied["train"] / batch)
planned = planned_rates(training, total_steps=steps * paper.MAX_EPOCHS)[steps - 1 :: steps]
epochs = np.arange(1, paper.MAX_EPOCHS + 1)
plan = pd.DataFrame(
    {
        "OneCycleLR, warm-up as PyTorch has it": planned / training.learning_rate,
        "Equation 2 as printed": [
            arithmetic.equation_2(epoch / paper.MAX_EPOCHS) for epoch in epochs
        ],
    },
    index=epochs,
)
marks = {"lowest loss": paper.STOPPED_EPOCH - paper.PATIENCE, "stopped": paper.STOPPED_EPOCH}
figures.show("stopped_on_plan", figures.stopped_on_plan(plan, marks))

# %% [markdown]
# ```{glue:figure} stopped_on_plan
# :name: fig-stopped
#
# Training ended where the planned learning rate had almost run out. The curves are two readings of
# the schedule; the vertical lines mark the best loss and the stop.
# ```
#
# By {numref}`fig-stopped` the learning rate had fallen to {glue:text}`rate_stopped:.1%` of its peak
# (by Equation 2 as printed, {glue:text}`rate_stopped_printed:.1%`). When steps are that small, the
# loss hardly changes any more, and {glue:text}`patience` epochs without a better one are no
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
# {glue:text}`validation_loss`, are lower, so the softmax was not applied
# twice{glue:text}`not_twice`.
#
# ## The text against Table I
#
# - **Dropout of the convolutions.** In the text {glue:text}`text_dropout` after each block, in the
#   table {glue:text}`table_dropout` once, after the second.
# - **Batch normalization.** Not mentioned in the text; in both blocks of the table.
# - **Features.** The first linear layer is said to reduce them; the table has
#   {glue:text}`features` before it and as many after it{glue:text}`reduces_nothing`.
# - **Last layer.** A softmax in the text, a linear layer in the table.
#
# The differences in dropout and normalization make two networks, and we build the one of the table.
# The table leaves something open, too: after the second block {glue:text}`axes` are all
# {glue:text}`sequence` long, so any of them can be the sequence that the LSTM
# reads{glue:text}`any_axis`. We take time. If an image, {glue:text}`side` x {glue:text}`side`,
# holds a whole track of {glue:text}`seconds` seconds, one element then covers
# {glue:text}`step_seconds:.2f` seconds: a rhythm within a bar is for the convolutions, and the LSTM
# sees how a piece goes on. A live network of these layers has {glue:text}`parameters:,d`
# parameters, with any number of attention heads{glue:text}`heads_cost_nothing`.
#
# ## Compared with what?
#
# The paper speaks of "significant improvements in classification accuracy". An improvement needs
# something to improve on, and the paper prints no accuracy of another method on its test images
# (<a href="claims.html#claim-significant_improvements">in the ledger</a>). It also calls its
# architecture "novel". Yet its own related work says that attention is "often integrated into
# hybrid architectures, such as CNN-LSTM models", and it cites convolutional recurrent networks for
# music {cite:p}`choi2017crnn` (<a href="claims.html#claim-novel_architecture">in the ledger</a>).
#
# ## What was found
#
# - Table II is consistent: {glue:text}`agreeing` of {glue:text}`cells` scores follow from whole
#   counts. Its accuracy is known to {glue:text}`images_half:.0f` points either way, or to
#   {glue:text}`tracks_half:.0f` if only tracks are independent.
# - The validation accuracy is not a share of {glue:text}`validation_images:,d` images. It is
#   possible if an incomplete last batch was dropped.
# - Some sentences do not fit the tables: which numbers belong to classical and jazz, how minor the
#   mistakes of rock are, and which network was trained. {doc}`claims` lists what became of each.
#
# ## Exercises
#
# **Metal by hand.** Table II gives metal a precision, a recall and a support. How many images of
# other genres were called metal?

# %% tags=["hide-cell"]
metal = rows.loc["metal"]
correct = round(metal.recall * metal.support)
round(correct / metal.precision) - correct

# %% [markdown]
# **Another batch size.** For which usual batch sizes can the validation accuracy be a share of the
# images in whole batches? What does that say about the fit that we found?

# %% tags=["hide-cell"]
pd.Series(
    {
        size: arithmetic.fitting_counts(paper.VALIDATION_ACCURACY, images // size * size)
        for size in (16, 32, 64, 128, 256)
    }
)

# %% [markdown]
# **A pair of genres.** Between which bounds does Table II leave the number of disco images that
# were taken for pop?

# %% tags=["hide-cell"]
arithmetic.confusion_bounds("disco", "pop")

# %% tags=["hide-input", "remove-output"]
# The numbers in the text.
macro = {"precision": paper.MACRO_PRECISION, "recall": paper.MACRO_RECALL, "f1": paper.MACRO_F1}
fewer = math.floor(paper.VALIDATION_ACCURACY * images)
whole_right = right[2][0]
above = paper.ACCURACY - paper.VALIDATION_ACCURACY
variances = [paper.ACCURACY * (1 - paper.ACCURACY) / paper.TEST_IMAGES,
             paper.VALIDATION_ACCURACY * (1 - paper.VALIDATION_ACCURACY) / images]  # fmt: skip
test_errors = above / math.sqrt(sum(variances))
by_f1, by_recall = rows.f1.sort_values(), rows.recall.sort_values()
apart = {
    unit: (intervals.low > paper.ACCURACY) | (intervals.high < paper.ACCURACY)
    for unit, intervals in recalls.items()
}
bounds = {
    "rock_country": arithmetic.confusion_bounds("rock", "country"),
    "country_rock": arithmetic.confusion_bounds("country", "rock"),
}
heads = [count_parameters(HybridNet(configure(overrides={"heads": n}).model)) for n in (1, 4, 8)]
tables = {row.layer: row.output for row in paper.TABLE_1}
sequence = tables["LSTM @ 128 (Bidirectional)"][1]
glue_numbers(
    support=rows.support["jazz"],
    jazz_recall=rows.recall["jazz"],
    jazz_precision=rows.precision["jazz"],
    jazz_correct=counts.correct["jazz"],
    jazz_called=counts.called["jazz"],
    agreeing=cells.agrees.sum(),
    cells=len(cells),
    predicted_total=counts.called.sum(),
    correct_total=counts.correct.sum(),
    accuracy=paper.ACCURACY,
    macro_f1=paper.MACRO_F1,
    f1_of_means=2 / (1 / paper.MACRO_PRECISION + 1 / paper.MACRO_RECALL),
    rounding=max(abs(rows[name].mean() - value) for name, value in macro.items()),
    tracks=paper.TRACKS,
    test_share=test_share,
    test_tracks=round(paper.TRACKS * test_share),
    test_images=paper.TEST_IMAGES,
    per_track=paper.implied_images_per_track(),
    altered=paper.implied_images_per_track() - 1,
    all_images=sum(implied.values()),
    train_images=implied["train"],
    validation_images=images,
    **{f"images_{end}": units[end].iloc[0] for end in ("low", "high")},
    **{f"tracks_{end}": units[end].iloc[-1] for end in ("low", "high")},
    images_half=50 * (units.high - units.low).iloc[0],
    tracks_half=50 * (units.high - units.low).iloc[-1],
    **{f"apart_{unit}": found.sum() for unit, found in apart.items()},
    country_correct=counts.correct["country"],
    country_extra=counts.extra["country"],
    country_missed=counts.missed["country"],
    rock_missed=counts.missed["rock"],
    all_mistakes=counts.missed.sum(),
    mean_mistakes=counts.missed.mean(),
    third_gap=by_f1.iloc[2] - by_f1.iloc[1],
    **{f"{name}_low": low for name, (low, _) in bounds.items()},
    **{f"{name}_high": high for name, (_, high) in bounds.items()},
    quoted_jazz=paper.QUOTED_CORRECT["jazz"],
    quoted_reggae=paper.QUOTED_CORRECT["reggae"],
    blues_correct=counts.correct["blues"],
    quoted_precision=paper.QUOTED_PRECISION_AND_RECALL[0],
    quoted_recall=paper.QUOTED_PRECISION_AND_RECALL[1],
    validation=paper.VALIDATION_ACCURACY,
    validation_share=paper.SUBSET_SHARES["validation"],
    fewer=fewer,
    fewer_share=fewer / images,
    more_share=(fewer + 1) / images,
    batch=batch,
    whole_right=whole_right,
    whole_images=whole,
    whole_share=whole_right / whole,
    dropped=images - whole,
    by_chance=np.mean(
        [
            bool(arithmetic.fitting_counts(paper.VALIDATION_ACCURACY, total))
            for total in range(images - 100, images + 101)
        ]
    ),
    test_above=100 * above,
    test_errors=test_errors,
    stopped=paper.STOPPED_EPOCH,
    epochs=paper.MAX_EPOCHS,
    patience=paper.PATIENCE,
    best_epoch=marks["lowest loss"],
    rate_stopped=plan.iloc[:, 0][paper.STOPPED_EPOCH],
    rate_stopped_printed=plan.iloc[:, 1][paper.STOPPED_EPOCH],
    saved=paper.MAX_EPOCHS - paper.STOPPED_EPOCH,
    saved_share=1 - paper.STOPPED_EPOCH / paper.MAX_EPOCHS,
    alpha=training.label_smoothing,
    floor=arithmetic.smoothing_floor(training.label_smoothing),
    largest_alpha=arithmetic.largest_smoothing(paper.VALIDATION_LOSS),
    train_loss=paper.TRAIN_LOSS,
    validation_loss=paper.VALIDATION_LOSS,
    twice_floor=arithmetic.softmax_twice_floor(),
    text_dropout=paper.TEXT_CONV_DROPOUT,
    table_dropout=paper.TABLE_CONV_DROPOUT,
    features=tables["LayerNorm"][-1],
    side=paper.TABLE_1[0].output[-1] * paper.POOL_KERNEL,
    sequence=sequence,
    axes=", ".join(arithmetic.sequence_axes()),
    seconds=paper.CLIP_SECONDS,
    step_seconds=paper.CLIP_SECONDS / sequence,
    parameters=heads[0],
)

# %% tags=["hide-input", "remove-output"]
# What the text claims beyond the numbers.
statements(
    consistent=cells.agrees.all() and counts.called.sum() == paper.TEST_IMAGES,
    no_share=not right[0],
    only_one_count=arithmetic.fitting_counts(paper.ACCURACY, paper.TEST_IMAGES)
    == [counts.correct.sum()],
    last_two=list(by_f1.index[:2]) == ["rock", "country"],
    disco_next=by_f1.index[2] == "disco",
    last_by_recall=list(by_recall.index[:2]) == ["rock", "disco"],
    sixth=by_recall.index[-6] == "country",
    rock_most=counts.missed.idxmax() == "rock",
    blues_passed_over=counts.correct["blues"] > paper.QUOTED_CORRECT["reggae"]
    and "blues" not in paper.QUOTED_CORRECT,
    owners=(rows.precision["classical"], rows.recall["jazz"]) == paper.QUOTED_PRECISION_AND_RECALL,
    between=fewer / images < paper.VALIDATION_ACCURACY < (fewer + 1) / images,
    no_mean=not right[1],
    whole_fits=len(right[2]) > 0,
    luck=test_errors < 2,
    not_twice=max(paper.TRAIN_LOSS, paper.VALIDATION_LOSS) < arithmetic.softmax_twice_floor(),
    reduces_nothing=tables["LayerNorm"][-1] == tables["Linear @ 128"][-1],
    any_axis=len(arithmetic.sequence_axes()) == 3,
    heads_cost_nothing=len(set(heads)) == 1,
)
