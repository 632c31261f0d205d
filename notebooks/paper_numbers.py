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
# {glue:text}`test_images:,d`{glue:text}`consistent`. The best validation accuracy,
# {glue:text}`validation:.2%`, is no share of {glue:text}`validation_images:,d`
# images{glue:text}`no_share`. And the test accuracy of {glue:text}`accuracy:.2%` is known to about
# {glue:text}`images_half:.0f` points either way if every image counts, but only to about
# {glue:text}`tracks_half:.0f` if every track does.
#
# ```{glue:figure} printed_recalls
# :name: fig-printed-recalls
#
# Rock is clearly hard even if only tracks are independent{glue:text}`rock_is_hard`. Classical and
# jazz are clearly easy only if all images are{glue:text}`easy_by_images`. Each dot is a printed
# recall, with both 95 % intervals; the line is the accuracy of all.
# ```

# %% tags=["hide-input"]
import math

import numpy as np
import pandas as pd

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.claims import arithmetic
from genre_lib.claims.formulas import shares_of_the_peak
from genre_lib.config import configure
from genre_lib.evaluation import wilson_interval

# %% [markdown]
# ## Table II, cell by cell
#
# A recall of {glue:text}`jazz_recall:.4f` for {glue:text}`support` jazz images can only mean that
# {glue:text}`jazz_correct` of them were right: one image more or fewer gives another number. And if
# these are {glue:text}`jazz_precision:.4f` of all images that were called jazz, then
# {glue:text}`jazz_called` were. So the printed table determines the counts behind it.

# %% tags=["hide-output"]
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
# add up to {glue:text}`predicted_total`, as they must, and no other number of right images than
# {glue:text}`correct_total` rounds to {glue:text}`accuracy:.2%`{glue:text}`only_one_count`. So
# Table II belongs to one classifier and one test set
# (<a href="claims.html#claim-table_2_cells">in the ledger</a>).
#
# ## How many images is a track?
#
# The paper has {glue:text}`tracks` tracks, and tests on {glue:text}`test_share:.0%`. These are
# {glue:text}`test_tracks`, but the table counts {glue:text}`test_images:,d` images. So
# {glue:text}`per_track` images were made of each track: {glue:text}`train_images:,d` for training,
# {glue:text}`validation_images:,d` for validation, {glue:text}`test_images:,d` for the test. The
# paper says that altered copies are for training. If the images are of whole tracks, as its figures
# show, then {glue:text}`altered` of {glue:text}`per_track` test images are altered copies, too
# (<a href="claims.html#claim-augmented_for_training">in the ledger</a>). If they are slices, the
# figures show something else than the network saw.
#
# ## How sure is the accuracy?
#
# Images of one track are right or wrong together more often than chance has it. In the extreme,
# {glue:text}`per_track` images of a track are worth one. The 95 % interval
# ({term}`Wilson interval`, {cite:t}`wilson1927inference`) then has {glue:text}`test_tracks`
# observations instead of {glue:text}`test_images:,d`:

# %%
per_track = paper.implied_images_per_track()
test_tracks = paper.TEST_IMAGES // per_track
if_images, if_tracks = (
    wilson_interval(round(paper.ACCURACY * count), count)
    for count in (paper.TEST_IMAGES, test_tracks)
)
ends = pd.DataFrame({"images": if_images, "tracks": if_tracks})
ends.set_axis(["low", "high"]).map("{:.1%}".format)

# %% [markdown]
# That holds for a split by track. If images are split, nearly every test track has images in
# training, and the interval is about known tracks: see {doc}`what_does_84_mean`.
#
# ## Which genres are hard?
#
# {numref}`fig-printed-recalls` draws both intervals for each genre.

# %% tags=["hide-input", "remove-output"]
rows = pd.DataFrame(paper.TABLE_2).set_index("genre")
recalls = pd.DataFrame(
    {"label": genre, "series": f"if {unit} are independent", "accuracy": recall}
    | dict(zip(("low", "high"), wilson_interval(round(recall * number), number), strict=True))
    for unit, number in (("images", paper.TEST_IMAGES), ("tracks", test_tracks))
    for number in [number // len(rows)]
    for genre, recall in rows.recall.items()
)
marks = {"accuracy of all": paper.ACCURACY}
figures.show("printed_recalls", figures.comparison(recalls, xlabel="Recall", **marks))

# %% [markdown]
# What the text says about single genres, against the table:
#
# - **Rock and country** are its hard genres, and by F1-score they are the last
#   two{glue:text}`last_two`. By recall the last are rock and disco{glue:text}`last_by_recall`.
#   Country has {glue:text}`country_correct` images right, the sixth most of all{glue:text}`sixth`;
#   its precision is low, for {glue:text}`country_extra` images of others were called country.
# - Their mistakes are called **minor**. Rock has {glue:text}`rock_missed` of
#   {glue:text}`all_mistakes` mistakes, more than any other genre{glue:text}`rock_most`; country has
#   {glue:text}`country_missed`, where the mean is {glue:text}`mean_mistakes:.1f`.
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
# The text gives {glue:text}`validation:.2%` as the best validation accuracy, and there are
# {glue:text}`validation_images:,d` validation images. {glue:text}`fewer:,d` right ones give
# {glue:text}`fewer_share:.2%`, one more gives {glue:text}`more_share:.2%`, and the printed number
# lies between{glue:text}`between`. So it is not the share of all validation images. Two other ways
# to compute it are common: the mean over batches of {glue:text}`batch`, in which the images of a
# small last batch weigh more, and the share of the images in whole batches, the rest being dropped.

# %%
images, batch = arithmetic.implied_images()["validation"], paper.BATCH_SIZE
whole = images // batch * batch
best = paper.VALIDATION_ACCURACY
fitting = {
    "all images": arithmetic.fitting_counts(best, images),
    "mean over batches": arithmetic.fits_mean_of_batches(best, images, batch),
    "whole batches": arithmetic.fitting_counts(best, whole),
}
fitting

# %% [markdown]
# The mean over batches does not explain the number{glue:text}`no_mean`. Dropping the rest does:
# {glue:text}`whole_right:,d` of {glue:text}`whole:,d` images are
# {glue:text}`whole_share:.2%`{glue:text}`whole_fits`. Then {glue:text}`dropped` validation images
# were never looked at. How much is such a fit worth? For {glue:text}`by_chance:.0%` of the sizes
# near this one, some count would round to {glue:text}`validation:.2%` by chance. So a fit is a
# hint, no proof. That the full set does *not* fit is certain.
#
# The test accuracy is {glue:text}`test_above:.2f` points above the best validation accuracy, though
# the model was chosen by the latter. This is {glue:text}`test_errors:.1f` standard errors of the
# difference, so luck can explain it{glue:text}`luck`.
#
# ## Where in the schedule did training end?
#
# It stopped in epoch {glue:text}`stopped` of {glue:text}`epochs`, after {glue:text}`patience`
# epochs without a better validation loss. By then, PyTorch's OneCycleLR would have brought the
# learning rate down to {glue:text}`rate_stopped:.1%` of its peak if it warmed up as long as it does
# by default; the paper does not say how long ({doc}`sec4c_training`). With steps that small, no
# better loss is no surprise: "converged" and "the schedule ran out" look the same
# (<a href="claims.html#claim-early_stopping_converged">in the ledger</a>). The early stop saved
# {glue:text}`saved` epochs, {glue:text}`saved_share:.0%` of them.
#
# ## What the losses allow
#
# Label smoothing puts a floor under the loss: a network that gives exactly the softened labels
# still pays their entropy ({doc}`sec4c_training`). The printed validation loss of
# {glue:text}`validation_loss` can only be reached with a smoothing factor $\alpha$ up to
# {glue:text}`largest_alpha:.2f`, if validation used the smoothed loss as well. The paper does not
# print $\alpha$; ours is {glue:text}`alpha`, which is small enough{glue:text}`alpha_fits`.
#
# The text ends the network with a softmax, Table I with a linear layer. PyTorch's loss contains the
# softmax already. A network that applies it twice cannot get below a loss of
# {glue:text}`twice_floor:.2f`. Both printed losses, {glue:text}`train_loss` and
# {glue:text}`validation_loss`, are lower, so the softmax was not applied
# twice{glue:text}`not_twice`.
#
# ## The text against Table I
#
# - **Dropout of the convolutions.** In the text {glue:text}`text_dropout:.0%` after each block, in
#   the table {glue:text}`table_dropout:.0%` once, after the second.
# - **Batch normalization.** Not mentioned in the text; in both blocks of the table.
# - **Features.** The first linear layer is said to reduce them; the table has
#   {glue:text}`features` before it and as many after it{glue:text}`reduces_nothing`.
#
# Dropout and normalization make two networks, and we build the one of the table
# ({doc}`sec4b_architecture`).
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
# (exercise-metal)=
# **Metal by hand.** Table II gives metal a precision, a recall and a support. How many images of
# other genres were called metal?

# %% tags=["hide-cell"]
metal = rows.loc["metal"]
correct = round(metal.recall * metal.support)
round(correct / metal.precision) - correct

# %% [markdown]
# (exercise-batch)=
# **Another batch size.** For which usual batch sizes can the validation accuracy be a share of the
# images in whole batches? What does that say about the fit that we found?

# %% tags=["hide-cell"]
pd.Series(
    {
        size: arithmetic.fitting_counts(paper.VALIDATION_ACCURACY, images // size * size)
        for size in (16, 32, 64, 128, 256)
    }
)
# All five leave out the same images, so the fit says nothing about the size of a batch.

# %% [markdown]
# (exercise-bounds)=
# **A pair of genres.** The paper says that rock and country overlap. Between which bounds does
# Table II leave the number of rock images that were taken for country, and the other way round?

# %% tags=["hide-cell"]
arithmetic.confusion_bounds("rock", "country"), arithmetic.confusion_bounds("country", "rock")

# %% tags=["hide-input", "remove-output"]
# The numbers in the text, and what the text claims beyond them.
implied = arithmetic.implied_images()
whole_right = fitting["whole batches"][0]
fewer = math.floor(paper.VALIDATION_ACCURACY * images)
near = range(images - 100, images + 101)
fits = [arithmetic.fitting_counts(paper.VALIDATION_ACCURACY, number) != [] for number in near]
above = paper.ACCURACY - paper.VALIDATION_ACCURACY
variances = [
    share * (1 - share) / number
    for share, number in ((paper.ACCURACY, paper.TEST_IMAGES), (paper.VALIDATION_ACCURACY, images))
]
test_errors = above / math.sqrt(sum(variances))
by_f1, by_recall = rows.f1.sort_values(), rows.recall.sort_values()
clear = recalls[(recalls.low > paper.ACCURACY) | (recalls.high < paper.ACCURACY)]
apart = {unit: {*clear.label[clear.series.str.contains(unit)]} for unit in ("images", "tracks")}
outputs = {row.layer: row.output for row in paper.TABLE_1}
alpha = configure(profile="paper").training.label_smoothing
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
    tracks=paper.TRACKS,
    test_share=paper.SUBSET_SHARES["test"],
    test_tracks=test_tracks,
    per_track=per_track,
    altered=per_track - 1,
    **{f"{subset}_images": number for subset, number in implied.items()},
    images_half=50 * (if_images[1] - if_images[0]),
    tracks_half=50 * (if_tracks[1] - if_tracks[0]),
    **{f"country_{name}": counts[name]["country"] for name in ("correct", "extra", "missed")},
    rock_missed=counts.missed["rock"],
    all_mistakes=counts.missed.sum(),
    mean_mistakes=counts.missed.mean(),
    **{f"quoted_{genre}": number for genre, number in paper.QUOTED_CORRECT.items()},
    blues_correct=counts.correct["blues"],
    quoted_precision=paper.QUOTED_PRECISION_AND_RECALL[0],
    quoted_recall=paper.QUOTED_PRECISION_AND_RECALL[1],
    validation=paper.VALIDATION_ACCURACY,
    fewer=fewer,
    fewer_share=fewer / images,
    more_share=(fewer + 1) / images,
    batch=batch,
    whole_right=whole_right,
    whole=whole,
    whole_share=whole_right / whole,
    dropped=images - whole,
    by_chance=np.mean(fits),
    test_above=100 * above,
    test_errors=test_errors,
    stopped=paper.STOPPED_EPOCH,
    epochs=paper.MAX_EPOCHS,
    patience=paper.PATIENCE,
    rate_stopped=shares_of_the_peak(steps=paper.MAX_EPOCHS)[paper.STOPPED_EPOCH - 1],
    saved=paper.MAX_EPOCHS - paper.STOPPED_EPOCH,
    saved_share=1 - paper.STOPPED_EPOCH / paper.MAX_EPOCHS,
    alpha=alpha,
    largest_alpha=arithmetic.largest_smoothing(paper.VALIDATION_LOSS),
    train_loss=paper.TRAIN_LOSS,
    validation_loss=paper.VALIDATION_LOSS,
    twice_floor=arithmetic.softmax_twice_floor(),
    text_dropout=paper.TEXT_CONV_DROPOUT,
    table_dropout=paper.TABLE_CONV_DROPOUT,
    features=outputs["LayerNorm"][-1],
)
statements(
    consistent=cells.agrees.all() and counts.called.sum() == paper.TEST_IMAGES,
    rock_is_hard="rock" in apart["tracks"],
    easy_by_images={"classical", "jazz"} <= apart["images"] - apart["tracks"],
    no_share=fitting["all images"] == [],
    only_one_count=arithmetic.fitting_counts(paper.ACCURACY, paper.TEST_IMAGES)
    == [counts.correct.sum()],
    last_two=list(by_f1.index[:2]) == ["rock", "country"],
    last_by_recall=list(by_recall.index[:2]) == ["rock", "disco"],
    sixth=by_recall.index[-6] == "country",
    rock_most=counts.missed.idxmax() == "rock",
    blues_passed_over=counts.correct["blues"] > paper.QUOTED_CORRECT["reggae"]
    and "blues" not in paper.QUOTED_CORRECT,
    owners=(rows.precision["classical"], rows.recall["jazz"]) == paper.QUOTED_PRECISION_AND_RECALL,
    between=fewer / images < paper.VALIDATION_ACCURACY < (fewer + 1) / images,
    no_mean=fitting["mean over batches"] == [],
    whole_fits=fitting["whole batches"] != [],
    luck=test_errors < 2,
    alpha_fits=alpha < arithmetic.largest_smoothing(paper.VALIDATION_LOSS),
    not_twice=max(paper.TRAIN_LOSS, paper.VALIDATION_LOSS) < arithmetic.softmax_twice_floor(),
    reduces_nothing=outputs["LayerNorm"][-1] == outputs["Linear @ 128"][-1],
)
