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
# **What you will learn.** How well the trained network does, and how to read each of the paper's
# results: the learning curves, the table of scores, the confusion matrix. You also see why training
# accuracy can lie *below* validation accuracy, as in the paper, and what that does not prove.

# %% tags=["parameters", "hide-input"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {}

# %% tags=["hide-input"]
import pandas as pd

from genre_lib import paper
from genre_lib.book import figures, interactive
from genre_lib.book.statements import glue_numbers
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
# {glue:text}`corpus_note`
#
# {glue:text}`run_note`
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
# Figure 3 of the paper, with our run: the learning rate rises to its peak and falls along a cosine.
# Dots are epochs that were run.
# ```
#
# ## Figure 4: learning
#
# {numref}`fig-train` shows accuracy and loss on the training images, twice. The *running* figures
# are what a training loop prints: collected while the network learns, on augmented and mixed
# pictures, with dropout at work. The *re-scored* ones are measured after each epoch, on training
# pictures as they were dealt, with dropout off: by the rules of the validation.

# %% tags=["hide-input", "remove-output"]
figures.show("figure_4", figures.figure_4(run))

# %% [markdown]
# ```{glue:figure} figure_4
# :name: fig-train
#
# Figure 4 of the paper, with our run: training accuracy and loss, as the loop sees them and
# re-scored on clean images.
# ```
#
# At the end, the running accuracy is {glue:text}`running:.1%` and the running loss
# {glue:text}`running_loss:.2f`; the paper has {glue:text}`paper_train:.2%` and about
# {glue:text}`paper_train_loss`.
#
# ## Figure 5: validation

# %% tags=["hide-input", "remove-output"]
figures.show("figure_5", figures.figure_5(run))

# %% [markdown]
# ```{glue:figure} figure_5
# :name: fig-validation
#
# Figure 5 of the paper, with our run: validation accuracy and loss. The star marks the model that
# was kept.
# ```
#
# In a browser, point at an epoch below to read all values of both figures, or open the table.

# %% tags=["hide-input"]
interactive.learning_curves("history", run)

# %% [markdown]
# The best validation accuracy is {glue:text}`best_validation:.1%`, in epoch {glue:text}`best_epoch`
# ({numref}`fig-validation`); the paper's is {glue:text}`paper_validation:.2%`. The last validation
# loss is {glue:text}`last_validation_loss:.2f`; the paper's, {glue:text}`paper_validation_loss`.
# Our training {glue:text}`stop`; the paper's stopped early in epoch {glue:text}`paper_stop` of
# {glue:text}`paper_epochs`.
#
# A remark on the printed number. If validation has {glue:text}`paper_share:.0%` of the images that
# the paper's test set implies, these are {glue:text}`paper_validation_images`. Then
# {glue:text}`paper_validation:.2%` {glue:text}`paper_possible`: {glue:text}`paper_fewer` correct
# images give {glue:text}`paper_fewer_share:.2%`, one more gives {glue:text}`paper_more_share:.2%`.
# {doc}`paper_numbers` looks for what may explain it.
#
# ## Training below validation: a good sign?
#
# In the paper, training accuracy ({glue:text}`paper_train:.2%`) ends below validation accuracy
# ({glue:text}`paper_validation:.2%`). It concludes: "minimal overfitting and strong
# generalization". But the two are not measured alike. One is taken under handicap.
#
# In our run, the running training accuracy of the last epoch is {glue:text}`running:.1%`, which is
# {glue:text}`running_side` the validation accuracy, {glue:text}`last_validation:.1%`. Re-scored on
# clean images, training accuracy is {glue:text}`clean:.1%`, which is {glue:text}`clean_side` it.
# {glue:text}`explained`
#
# Either way, training below validation is no proof of generalization. There is a
# second reason for caution. When images of one track are dealt to both sides, validation does
# not test the unknown either; see {doc}`sec3_problem`.
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
# The interval is found by drawing whole test tracks again and again ({term}`bootstrap interval`,
# {cite:t}`efron1979bootstrap`), because images of one track tend to be right or wrong together.
# There are only {glue:text}`test_tracks` of them. If we let the images of a track {term}`vote`,
# {glue:text}`track_accuracy:.1%` of the tracks get the right genre, which is
# {glue:text}`track_side` the share of single images. For the paper, taking all its images for
# independent, the interval is {glue:text}`paper_low:.1%` to {glue:text}`paper_high:.1%`
# ({term}`Wilson interval`, {cite:t}`wilson1927inference`).
#
# ## Which genres are easy?

# %% tags=["hide-input", "remove-output"]
figures.show("f1", figures.f1_by_genre(run))

# %% [markdown]
# ```{glue:figure} f1
# :name: fig-f1
#
# F1-score of each genre: this run (filled) and the paper (hollow).
# ```
#
# Our easiest genre is {glue:text}`easiest` ({glue:text}`easiest_f1:.2f`), our hardest is
# {glue:text}`hardest` ({glue:text}`hardest_f1:.2f`). The paper's are {glue:text}`paper_easiest`
# ({glue:text}`paper_easiest_f1:.2f`) and {glue:text}`paper_hardest`
# ({glue:text}`paper_hardest_f1:.2f`). In {glue:text}`higher` of {glue:text}`both` genres our score
# is the higher one ({numref}`fig-f1`).
#
# ## Figure 6: who is taken for whom

# %% tags=["hide-input", "remove-output"]
figures.show("figure_6", figures.figure_6(run))

# %% [markdown]
# ```{glue:figure} figure_6
# :name: fig-confusion
#
# Figure 6 of the paper, with our run: the {term}`confusion matrix`. What lies on the diagonal is
# right.
# ```
#
# In a browser, choose a cell below to see the tracks behind it: how many of their test images fell
# into the cell, how probable the network took the genre to be in the mean, and, if there are any,
# how many of their images were in training.

# %% tags=["hide-input"]
interactive.confusion_matrix("confusion_tracks", run)

# %% [markdown]
# The most frequent mistake in {numref}`fig-confusion`: {glue:text}`confused`. From the paper's
# matrix we know by its text that {glue:text}`paper_classical` classical, {glue:text}`paper_jazz`
# jazz and {glue:text}`paper_reggae` reggae images were right.
#
# ## What was found
#
# - On the test images of this edition the network reaches {glue:text}`accuracy:.1%`
#   ({glue:text}`low:.1%` to {glue:text}`high:.1%`), guessing {glue:text}`chance:.0%`. The paper
#   prints {glue:text}`paper_accuracy:.2%` ({glue:text}`paper_data`).
# - The running training accuracy is {glue:text}`running_side` the validation accuracy; re-scored by
#   the same rules it is {glue:text}`clean_side` it.
# - Our run {glue:text}`stop`, after {glue:text}`epochs_run` epochs.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
history, metrics = run.history, pd.Series(run.metrics)
best = history.loc[history.validation_accuracy.idxmax()]
last = history.iloc[-1]
implied = pd.Series(paper.SUBSET_SHARES) / paper.SUBSET_SHARES["test"] * paper.TEST_IMAGES
fewer = implied * paper.VALIDATION_ACCURACY // 1
shares = pd.Series([fewer.validation, fewer.validation + 1]) / implied.validation
glue_numbers(
    paper_share=paper.SUBSET_SHARES["validation"],
    paper_validation_images=round(implied.validation),
    paper_fewer=int(fewer.validation),
    paper_fewer_share=shares[0],
    paper_more_share=shares[1],
    paper_possible=(
        "is possible"
        if (shares.round(4) == paper.VALIDATION_ACCURACY).any()
        else "is not possible as a share of them"
    ),
    paper_data=figures.paper_data(settings),
    corpus_note=figures.corpus_note(settings),
    run_note=figures.run_note(run, settings),
    **run.settings.training.model_dump(),
    **{f"images_{name}": count for name, count in run.metrics["images"].items()},
    epochs_run=len(history),
    stop=(
        "ran to the end of its budget"
        if len(history) == run.settings.training.epochs
        else "stopped early, because the validation loss no longer improved"
    ),
    best_epoch=int(best.epoch),
    best_validation=best.validation_accuracy,
    last_validation_loss=last.validation_loss,
    running=last.train_accuracy,
    running_loss=last.train_loss,
    clean=last.clean_train_accuracy,
    last_validation=last.validation_accuracy,
    running_side="below" if last.train_accuracy < last.validation_accuracy else "not below",
    clean_side="below" if last.clean_train_accuracy < last.validation_accuracy else "not below",
    explained=(
        "The rules of the measurement explain it: by the same rules, the order turns round."
        if last.train_accuracy < last.validation_accuracy <= last.clean_train_accuracy
        else "By the same rules, the order stays as it is."
        if last.train_accuracy < last.validation_accuracy
        else "In this run the running figure is no longer below, so there is nothing to explain."
    ),
    paper_train=paper.TRAIN_ACCURACY,
    paper_validation=paper.VALIDATION_ACCURACY,
    paper_train_loss=paper.TRAIN_LOSS,
    paper_validation_loss=paper.VALIDATION_LOSS,
    paper_stop=paper.STOPPED_EPOCH,
    paper_epochs=paper.MAX_EPOCHS,
    paper_batch=paper.BATCH_SIZE,
    paper_rate=paper.LEARNING_RATE,
    paper_patience=paper.PATIENCE,
)
genres = table.iloc[: len(run.genres)].set_index("class")
counts = confusions(run.predictions, run.genres)
wrong = counts.stack()[
    lambda cells: cells.index.get_level_values(0) != cells.index.get_level_values(1)
]
both = genres.dropna(subset="paper_f1")
printed = pd.Series(wilson_interval(sum(paper.correct_counts().values()), paper.TEST_IMAGES))
glue_numbers(
    **accuracy_of(run.predictions),
    macro_f1=metrics.macro_f1,
    track_accuracy=metrics.track_accuracy,
    track_side="above" if metrics.track_accuracy > metrics.accuracy else "not above",
    test_tracks=metrics.test_tracks,
    correct=int((run.predictions.y_true == run.predictions.y_pred).sum()),
    test_images=len(run.predictions),
    chance=1 / len(run.genres),
    paper_accuracy=paper.ACCURACY,
    paper_f1=paper.MACRO_F1,
    paper_correct=sum(paper.correct_counts().values()),
    paper_images=paper.TEST_IMAGES,
    paper_low=printed[0],
    paper_high=printed[1],
    easiest=genres.f1.idxmax(),
    easiest_f1=genres.f1.max(),
    hardest=genres.f1.idxmin(),
    hardest_f1=genres.f1.min(),
    paper_easiest=max(paper.TABLE_2, key=lambda row: row.f1).genre,
    paper_easiest_f1=max(row.f1 for row in paper.TABLE_2),
    paper_hardest=min(paper.TABLE_2, key=lambda row: row.f1).genre,
    paper_hardest_f1=min(row.f1 for row in paper.TABLE_2),
    higher=int((both.f1 > both.paper_f1).sum()),
    both=len(both),
    confused=(
        f"{wrong.max()} images of {wrong.idxmax()[0]} were taken for {wrong.idxmax()[1]}"
        if wrong.max()
        else "no image was taken for another genre"
    ),
    **{f"paper_{genre}": count for genre, count in paper.QUOTED_CORRECT.items()},
)
