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
# # V. Evaluation
#
# **Question.** How well does the trained network do, and what do the paper's curves, its table of
# scores and its confusion matrix say about it?
#
# **Answer.** Trained here by the paper's recipe, but for {glue:text}`epochs` epochs instead of
# {glue:text}`paper_epochs`, and with test tracks that it knows from training, the network names
# {glue:text}`accuracy:.1%` of the test images. That this is near the paper's
# {glue:text}`paper_accuracy:.2%` says little: on GTZAN, three seeds give {glue:text}`seeds:.1%`
# ({glue:text}`seeds_low:.1%` to {glue:text}`seeds_high:.1%`), and the paper's own number of epochs
# gives {glue:text}`full_image:.1%`{glue:text}`paper_lies_between`. As in the paper, training
# accuracy stays below validation accuracy. That is no sign of generalisation: measured by the same
# rules, the order turns round{glue:text}`order_is_measurement`.
#
# ```{glue:figure} figure_4
# :name: fig-train
#
# Measured by the rules of validation, training accuracy ends {glue:text}`handicap:.0f` points
# higher than what a training loop prints{glue:text}`rescored_is_higher`. Figure 4 of the paper,
# with our run. *Running* is what the loop prints.
# ```

# %% tags=["parameters", "hide-input"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {}

# %% tags=["hide-input"]
import numpy as np
import pandas as pd

from genre_lib import paper
from genre_lib.book import figures, interactive
from genre_lib.book.comparisons import pooled
from genre_lib.book.references import SEEDS, stored
from genre_lib.book.statements import glue_numbers, glue_settings, statements
from genre_lib.config import configure
from genre_lib.evaluation import accuracy_of, confusions, wilson_interval
from genre_lib.runs import get_run

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)

# %% [markdown]
# ## The run
#
# One line asks for the run that belongs to the parameters of this page. If somebody has made
# it already, it is read. If it was interrupted, it goes on. Otherwise the network is trained now.

# %% tags=["remove-output"]
run = get_run(settings)

# %% [markdown]
# ```{admonition} Read this before any number
# :class: important
# The corpus of this page is {glue:text}`corpus`, the profile {glue:text}`profile`, the view
# {glue:text}`view`, the protocol {glue:text}`protocol`, the seed {glue:text}`seed`. Results on any
# corpus but GTZAN show how the method behaves, and cannot be compared with the paper's numbers. The
# network was trained on {glue:text}`images_train` images for {glue:text}`epochs_run` of at most
# {glue:text}`epochs` epochs, in {glue:text}`minutes:.1f` minutes on {glue:text}`hardware`
# ({glue:text}`platform`, PyTorch {glue:text}`torch`).
# ```
#
# | | paper | this run |
# |---|---|---|
# | batch size | {glue:text}`paper_batch` | {glue:text}`batch_size` |
# | peak learning rate | {glue:text}`paper_rate` | {glue:text}`learning_rate` |
# | epochs at most | {glue:text}`paper_epochs` | {glue:text}`epochs` |
# | epochs run | {glue:text}`paper_stop` | {glue:text}`epochs_run` |
# | patience in epochs | {glue:text}`paper_patience` | {glue:text}`patience` |
#
# ## Figure 3: the learning rate
#
# The size of the steps rises first, then falls ({numref}`fig-rate`). {doc}`sec4c_training` compares
# this curve with its formula.

# %% tags=["hide-input", "remove-output"]
figures.show("figure_3", figures.figure_3(run))

# %% [markdown]
# ```{glue:figure} figure_3
# :name: fig-rate
#
# Steps are largest in the first half of training, and tiny at its
# end{glue:text}`rate_rises_and_falls`. Figure 3 of the paper, with our run; dots are its epochs.
# ```
#
# ## Figures 4 and 5: learning and validation
#
# {numref}`fig-train` shows accuracy and loss on the training images, twice. The *running* figures
# are what a training loop prints: collected while the network learns, on augmented and mixed
# images, with dropout at work. The *re-scored* ones are measured after each epoch by the rules of
# validation: unaltered training images, dropout off.

# %% tags=["hide-input", "remove-output"]
figures.show("figure_4", figures.figure_4(run))
figures.show("figure_5", figures.figure_5(run))

# %% [markdown]
# ```{glue:figure} figure_5
# :name: fig-validation
#
# Validation is best late, when the steps have become small{glue:text}`best_is_late`. Figure 5 of
# the paper, with our run: accuracy and loss. The star marks the model that was kept.
# ```
#
# | at the end of training | paper | this run |
# |---|---|---|
# | running training accuracy | {glue:text}`paper_train:.2%` | {glue:text}`running:.1%` |
# | the same, re-scored | not printed | {glue:text}`clean:.1%` |
# | validation accuracy | {glue:text}`paper_validation:.2%` | {glue:text}`last_validation:.1%` |
# | running training loss | about {glue:text}`paper_train_loss` | {glue:text}`running_loss:.2f` |
# | validation loss | about {glue:text}`paper_validation_loss` | {glue:text}`validation_loss:.2f` |
#
# The kept model is that of epoch {glue:text}`best_epoch` ({numref}`fig-validation`), with
# {glue:text}`best_validation:.1%` of the validation images right. Our training ran through its
# whole budget{glue:text}`ran_to_the_end`; the paper's stopped early. With the paper's settings on
# GTZAN, validation accuracy peaks at {glue:text}`peak_image:.1%` if images are split, and at
# {glue:text}`peak_track:.1%`, as printed, if tracks are{glue:text}`peak_by_track`; but early
# stopping ended the latter in epoch {glue:text}`stopped` of {glue:text}`paper_epochs`
# ({doc}`learning_curves`). In a browser, point at an epoch to read all values.

# %% tags=["hide-input"]
interactive.learning_curves("history", run)

# %% [markdown]
# The paper concludes from training accuracy below validation accuracy: "minimal overfitting and
# strong generalization". But training accuracy is measured with augmentation, CutMix and dropout at
# work. Re-scored by the rules of validation, our training accuracy is {glue:text}`clean:.1%`, no
# longer the lower one. And when images of one track lie in training and validation, as here,
# validation does not test the unknown either ({doc}`what_does_84_mean`).
#
# ## Table II: the scores
#
# *{term}`Precision <precision>`*: of all images called jazz, how many are jazz?
# *{term}`Recall <recall>`*: of all jazz images, how many were found? *F1* is their harmonic mean.
# *Macro* averages count each genre alike, *weighted* ones each image. The columns on the right are
# the paper's.

# %% tags=["hide-input"]
table = figures.table_2(run)
figures.tabulate("table_2", table)

# %% [markdown]
# The network is right for {glue:text}`correct` of {glue:text}`test_images` test images, an accuracy
# of **{glue:text}`accuracy:.1%`** with a 95 % interval from {glue:text}`low:.1%` to
# {glue:text}`high:.1%`. The macro F1-score is {glue:text}`macro_f1:.4f`. The paper has
# {glue:text}`paper_correct` of {glue:text}`paper_images`, that is {glue:text}`paper_accuracy:.2%`,
# and {glue:text}`paper_f1:.4f`.
#
# Our interval comes from drawing whole test tracks again and again ({term}`bootstrap interval`,
# {cite:t}`efron1979bootstrap`), because images of one track tend to be right or wrong together;
# there are {glue:text}`test_tracks` of them. If the images of a track {term}`vote`,
# {glue:text}`track_accuracy:.1%` of the tracks get the right genre. The paper prints no interval;
# taking all its images for independent, it would be {glue:text}`paper_low:.1%` to
# {glue:text}`paper_high:.1%` ({term}`Wilson interval`, {cite:t}`wilson1927inference`).
#
# Are its probabilities to be believed? Over three seeds on GTZAN, its answers about known tracks
# have a mean probability of {glue:text}`sure_image:.1%`, but {glue:text}`seeds:.1%` are right.
# About new artists they have {glue:text}`sure_artists:.1%`, and {glue:text}`right_artists:.1%`
# ({glue:text}`right_artists_low:.1%` to {glue:text}`right_artists_high:.1%`) are right. So
# probabilities that are too low for known tracks are about right, or too high, for new
# artists{glue:text}`sure_where_wrong`.

# %% tags=["hide-input", "remove-output"]
figures.show("figure_6", figures.figure_6(run))

# %% [markdown]
# The F1-scores of the table compare the genres. Rock is the hardest in both
# networks{glue:text}`same_hardest`, and classical and jazz are among the easiest
# three{glue:text}`same_easiest`. A likely reason: classical music has hardly any drums and little
# energy at high frequencies, while rock shares its instruments with several other genres.
#
# ## Figure 6: who is taken for whom
#
# ```{glue:figure} figure_6
# :name: fig-confusion
#
# Most answers lie on the diagonal, where they are right{glue:text}`diagonal_is_largest`; most of
# all, {glue:text}`confused_from` is taken for {glue:text}`confused_to`. Figure 6 of the paper, with
# our run: the {term}`confusion matrix`.
# ```
#
# The most frequent mistake in {numref}`fig-confusion`: {glue:text}`confused_images` images of
# {glue:text}`confused_from` were taken for {glue:text}`confused_to`. Of the paper's matrix we know
# by its text that {glue:text}`paper_classical` classical, {glue:text}`paper_jazz` jazz and
# {glue:text}`paper_reggae` reggae images were right. In a browser, choose a cell to see the tracks
# behind it.

# %% tags=["hide-input"]
interactive.confusion_matrix("confusion_tracks", run)

# %% tags=["hide-input", "remove-output"]
# The numbers of the text, and what the text claims beyond them.
history, metrics, made = run.history, pd.Series(run.metrics), run.environment
best, last = history.loc[history.validation_accuracy.idxmax()], history.iloc[-1]
genres = table.iloc[: len(run.genres)].set_index("class")
counts = confusions(run.predictions, run.genres)
wrong = counts.where(counts.index.to_numpy()[:, None] != counts.columns.to_numpy(), -1).stack()
printed = pd.DataFrame(paper.TABLE_2).set_index("genre").f1
paper_low, paper_high = wilson_interval(sum(paper.correct_counts().values()), paper.TEST_IMAGES)
scored = accuracy_of(run.predictions)
training = run.settings.training
full = {split: stored(f"{split}-full-budget") for split in ("image", "track")}
peaks = {split: trained.history.validation_accuracy.max() for split, trained in full.items()}
three, artists = (
    pooled(stored(f"{split}-{number}") for number in SEEDS) for split in ("image", "fault-filtered")
)
sure_image, sure_artists = (
    answers.filter(regex="^p_").max(axis=1).mean() for answers in (three, artists)
)
seeds, right_artists = accuracy_of(three), accuracy_of(artists)
glue_settings(settings)
glue_numbers(
    images_train=run.metrics["images"]["train"],
    minutes=made["seconds"] / 60,
    hardware=f"{made['cores']} CPU cores" if made["device"] == "cpu" else made["device_name"],
    platform=made["platform"],
    torch=made["torch"],
    **training.model_dump(include={"epochs", "patience", "batch_size", "learning_rate"}),
    epochs_run=len(history),
    best_epoch=int(best.epoch),
    best_validation=best.validation_accuracy,
    last_validation=last.validation_accuracy,
    validation_loss=last.validation_loss,
    running=last.train_accuracy,
    running_loss=last.train_loss,
    clean=last.clean_train_accuracy,
    handicap=100 * (last.clean_train_accuracy - last.train_accuracy),
    **scored,
    macro_f1=metrics.macro_f1,
    track_accuracy=metrics.track_accuracy,
    test_tracks=metrics.test_tracks,
    correct=int((run.predictions.y_true == run.predictions.y_pred).sum()),
    test_images=len(run.predictions),
    chance=1 / len(run.genres),
    confused_images=int(wrong.max()),
    confused_from=wrong.idxmax()[0],
    confused_to=wrong.idxmax()[1],
)
glue_numbers(
    paper_train=paper.TRAIN_ACCURACY,
    paper_validation=paper.VALIDATION_ACCURACY,
    paper_train_loss=paper.TRAIN_LOSS,
    paper_validation_loss=paper.VALIDATION_LOSS,
    paper_stop=paper.STOPPED_EPOCH,
    paper_epochs=paper.MAX_EPOCHS,
    paper_batch=paper.BATCH_SIZE,
    paper_rate=paper.LEARNING_RATE,
    paper_patience=paper.PATIENCE,
    paper_accuracy=paper.ACCURACY,
    paper_f1=paper.MACRO_F1,
    paper_correct=sum(paper.correct_counts().values()),
    paper_images=paper.TEST_IMAGES,
    paper_low=paper_low,
    paper_high=paper_high,
    **{f"paper_{genre}": count for genre, count in paper.QUOTED_CORRECT.items()},
    **{f"peak_{split}": share for split, share in peaks.items()},
    **{"seeds": seeds, "right_artists": right_artists, "full_image": full["image"].accuracy},
    **{"sure_image": sure_image, "sure_artists": sure_artists},
    stopped=len(full["track"].history),
)
statements(
    paper_lies_between=seeds["high"] < paper.ACCURACY < full["image"].accuracy,
    sure_where_wrong=sure_image < seeds["low"] and sure_artists > right_artists["accuracy"],
    rate_rises_and_falls=0 < history.learning_rate.argmax() < len(history) / 2
    and last.learning_rate < 0.01 * history.learning_rate.max(),
    best_is_late=best.epoch > 0.75 * len(history),
    order_is_measurement=last.train_accuracy
    < last.validation_accuracy
    <= last.clean_train_accuracy,
    rescored_is_higher=last.clean_train_accuracy > last.train_accuracy,
    peak_by_track=abs(peaks["track"] - paper.VALIDATION_ACCURACY) < 0.01
    and peaks["image"] - paper.VALIDATION_ACCURACY > 0.1
    and len(full["track"].history) < paper.MAX_EPOCHS,
    ran_to_the_end=len(history) == training.epochs,
    same_hardest=genres.f1.idxmin() == printed.idxmin() == "rock",
    same_easiest={"classical", "jazz"}
    <= {*genres.f1.nlargest(3).index} & {*printed.nlargest(3).index},
    diagonal_is_largest=2 * counts.to_numpy().trace() > counts.to_numpy().sum(),
)

# %% [markdown]
# ## What was found
#
# - On test images of known tracks the network reaches {glue:text}`accuracy:.1%` with this seed, and
#   {glue:text}`seeds:.1%` with three; guessing gives {glue:text}`chance:.0%`.
# - Running training accuracy lies below validation accuracy because it is measured with
#   augmentation, CutMix and dropout at work; by the same rules it does not.
# - {doc}`what_does_84_mean` asks what is left on new tracks, and {doc}`learning_curves` which split
#   gives the paper's curves.
#
# ## Exercises
#
# (exercise-matrix)=
# **From the matrix to the scores.** Compute precision and recall of the hardest genre from `counts`
# alone, and compare them with the table.

# %% tags=["hide-cell"]
genre = genres.f1.idxmin()
right = counts.loc[genre, genre]
print(f"{genre}: precision {right / max(1, counts[genre].sum()):.4f}")  # perhaps never predicted
print(f"{genre}: recall {right / counts.loc[genre].sum():.4f}")
genres.loc[[genre], ["precision", "recall"]]

# %% [markdown]
# (exercise-pair)=
# **Which pair of genres?** Add the two directions of each confusion: which pair of genres explains
# most of the mistakes, and which share of them? How many pairs does it take for half of them?

# %% tags=["hide-cell"]
mistakes = counts.to_numpy() * (1 - np.eye(len(counts), dtype=int))
pairs = pd.Series({
    f"{first} and {second}": mistakes[i, j] + mistakes[j, i]
    for i, first in enumerate(counts) for j, second in enumerate(counts) if i < j
}).sort_values(ascending=False) / max(1, mistakes.sum())  # fmt: skip
print(f"{pairs.index[0]}: {pairs.iloc[0]:.0%} of the mistakes")
print(f"{(pairs.cumsum() < 0.5).sum() + 1} of {len(pairs)} pairs make half of them")
