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
# # Which split do the printed curves fit?
#
# **Question.** The paper prints six figures of one training: accuracies and losses in training and
# validation, the test accuracy, and the epoch in which it stopped. Do they tell whether test tracks
# were known from training?
#
# **Answer.** Not by themselves. With the paper's recipe and whole budget, training and validation
# come out nearly as printed if tracks are split, and far off if images
# are{glue:text}`budget_fits_tracks`; but a short training on a split by image passes even
# nearer{glue:text}`short_known_is_nearest`.
#
# ```{glue:figure} readings
# :name: fig-readings
#
# Map of readings. Short trainings pass near the paper's point only when they are split by
# image{glue:text}`image_runs_pass_nearer`; longer ones pass far above it when split by image, and
# nearer, below it, when split by track{glue:text}`paper_between_splits`. Each line is a training,
# from left to right; its last epoch has a large mark. The black cross is the paper.
# ```
#
# A leak shows in the curves, because validation images of known tracks are easy: validation
# accuracy runs ahead of training accuracy. {numref}`fig-readings` shows the plane of the two.

# %% tags=["hide-input"]
import pandas as pd

from genre_lib import claims, paper
from genre_lib.book import comparisons, figures, interactive
from genre_lib.book.references import stored_runs
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.evaluation import accuracy_of

runs = stored_runs()

# %% tags=["hide-input", "remove-output"]
readings = comparisons.readings(runs)
drawn = figures.map_of_readings(runs, readings)
figures.show("readings", drawn)

# %% tags=["hide-input"]
said = (
    "epoch {epoch:.0f}: {train_accuracy:.1%} in training, {validation_accuracy:.1%} in validation"
)
epochs = {
    name: [f"{said.format(**row)} ({figures.SPLITS[runs[name].settings.protocol]})"
           for row in runs[name].history.to_dict("records")]
    for name in readings.run
}  # fmt: skip
interactive.readable("fig-readings", drawn, epochs, line="Training", step="Epoch")

# %% [markdown]
# Take each training where its running training accuracy is nearest to the paper's
# {glue:text}`paper_train:.2%`. There the paper's validation accuracy stands
# {glue:text}`paper_gap:.1f` points above it. In our {glue:text}`image_readings` short runs split by
# image it stands {glue:text}`image_gap_low:.1f` to {glue:text}`image_gap_high:.1f` points above; in
# the {glue:text}`track_readings` split by track, {glue:text}`track_gap_low:+.1f` to
# {glue:text}`track_gap_high:+.1f`; the two ranges do not touch{glue:text}`gaps_apart`. Run
# `image-0` passes within {glue:text}`nearest_points:.1f` points of both printed accuracies, with
# losses of {glue:text}`nearest_train_loss:.2f` and {glue:text}`nearest_validation_loss:.2f` where
# the paper prints about {glue:text}`paper_train_loss` and {glue:text}`paper_validation_loss`.

# %% tags=["hide-input", "hide-output"]
shares = ("train_accuracy", "validation_accuracy", "test_accuracy")
figures.tabulate("readings", readings, formats=dict.fromkeys(shares, "{:.1%}"))

# %% [markdown]
# ## Leak or regularisation?
#
# That is no proof: whatever makes training images harder than validation images, such as CutMix,
# stronger augmentation or dropout, widens the same gap. Two experiments separate the two
# explanations. Each makes training images harder, so that training accuracy ends near the paper's
# even after {glue:text}`dial_epochs` epochs: CutMix that does not fade, and much stronger
# augmentation. These predictions were written down before the runs:
#
# > 1. Split by image, validation accuracy ends above the paper's: between 84 % and 92 %.
# > 2. Split by track, it ends below the paper's: between 73 % and 80 %.
# > 3. At the same setting the two splits differ by 7 points or more.
# > 4. Trained by the paper's recipe for the same number of epochs, the network stays below 82 % of
# >    the validation and the test images of new tracks.
#
# These are the ends of the trainings; {numref}`fig-readings` has their whole way in its lower
# diagram.

# %% tags=["hide-input"]
dials = ["image-0-cutmix-stays", "track-0-cutmix-stays", "track-0-40-epochs",
         "track-0-strong-augmentation", "image-0-40-epochs"]  # fmt: skip
ends = pd.DataFrame({name: runs[name].history.iloc[-1] for name in dials}).T.astype(float)
ends["test_accuracy"] = [runs[name].accuracy for name in dials]
ends["track_accuracy"] = [runs[name].metrics["track_accuracy"] for name in dials]
ends = ends.filter(regex="^(train|validation|test|track)_accuracy").rename_axis("run")
figures.tabulate("dials", ends.reset_index(), formats=dict.fromkeys(ends, "{:.1%}"))

# %% [markdown]
# The second and the third prediction came true{glue:text}`second_and_third`, and so did the
# fourth{glue:text}`longer_stays_below`. The first did not: split by image, validation accuracy
# ended even higher than we had expected{glue:text}`first_was_too_low`. A leak grows with
# training{glue:text}`leak_grows`. Of {glue:text}`longer_images` test images that both networks with
# lasting CutMix were asked about, {glue:text}`longer_same_known:.1%` were named when their tracks
# had been met and {glue:text}`longer_same_unknown:.1%` when not. So where long trainings on a split
# by image pass the paper's training accuracy, their validation accuracy is
# {glue:text}`overshoot:.1f` points or more above the printed one{glue:text}`image_overshoots`.
#
# The second experiment went too far to be compared: with so strong an augmentation, training
# accuracy on new tracks ends at {glue:text}`strong_train:.1%`. But validation accuracy ends
# {glue:text}`strong_gap:.1f` points above it, about as far as the paper's, with no leak at
# all{glue:text}`gap_without_leak`. So the gap alone proves nothing.
#
# ## The paper's whole budget
#
# Three runs have the paper's budget, of at most {glue:text}`paper_epochs` epochs with early
# stopping. Before those on new tracks and new artists were made, with the first
# {glue:text}`seen` epochs of one on new tracks seen, we wrote down:
#
# > 1. On new tracks training ends early, before epoch 250, for validation loss no longer falls.
# > 2. On new tracks validation accuracy at the chosen epoch stays below the paper's 82.87 %, and
# >    test accuracy lies between 74 % and 80 %.
# > 3. On new artists, 62 % of the test images or fewer are named.

# %% tags=["hide-input"]
budgets = pd.DataFrame([comparisons.printed_figures(), *(
    comparisons.printed_figures(runs[f"{split}-full-budget"])
    for split in ("image", "track", "fault-filtered")
)], index=["the paper", "split by image", "split by track", "fault-filtered"])  # fmt: skip
formats = {name: "{:.1%}" if "accuracy" in name else "{:.2f}" for name in budgets.columns[:-1]}
figures.tabulate("budgets", budgets.rename_axis("training").reset_index(), formats=formats)

# %% [markdown]
# Split by image, training went on to the last epoch, and the network names {glue:text}`full:.1%` of
# the test images, more than any classifier could on new music ({doc}`what_does_84_mean`).
#
# Split by track, training stopped in epoch {glue:text}`new_epochs`, as
# predicted{glue:text}`stopped_early`. Test accuracy is {glue:text}`new:.1%`
# ({glue:text}`new_low:.1%` to {glue:text}`new_high:.1%`), as predicted, too. But validation
# accuracy reached {glue:text}`new_validation:.1%`: the paper's figure, which we had expected it to
# miss{glue:text}`second_half_true`. Part of that is choice. The network that is kept is the one
# of {glue:text}`new_epochs` with the best validation accuracy; in the epochs before and after it,
# that accuracy is {glue:text}`before_best:.1%` and {glue:text}`after_best:.1%`. New test tracks do
# not share such luck. The third prediction came true: on the fault-filtered split
# {glue:text}`new_artists:.1%` of the test images are named{glue:text}`third_true`.
#
# So with the recipe and the budget as printed, training accuracy, validation accuracy and both
# losses come out nearly right if tracks are split, and far off if images
# are{glue:text}`budget_fits_tracks`. The test accuracy is {glue:text}`new_short_of:.1f` points
# below the printed one ({glue:text}`new_short_of_low:.1f` to {glue:text}`new_short_of_high:.1f`, if
# that comes from {glue:text}`test_tracks` tracks), which could just be
# chance{glue:text}`track_could_be_chance`.
#
# Two readings of the printed figures are left, and each needs a coincidence:
#
# - **Split by track, trained as the recipe says.** Then the paper's test tracks were rather easy
#   ones, and the number is one for new tracks by artists that may be known. Its training also went
#   on until epoch {glue:text}`paper_stop`, ours only until {glue:text}`new_epochs`.
# - **Split by image, and little learned.** Accuracies in training and validation come out within
#   {glue:text}`nearest_points:.1f` points and the test accuracy within
#   {glue:text}`nearest_test:.1f`, but then {glue:text}`paper_stop` epochs have taught the paper's
#   network as little as {glue:text}`nearest_epoch` taught ours.
#
# Print does not decide between them{glue:text}`open_in_the_ledger`. That *the test data are unseen*
# is a claim that the {doc}`claims` decide by a rule; its verdict:
# **{glue:text}`verdict_unseen_test_data`**. The rule was made before the run at the paper's budget
# on new tracks, and mended after it: it had asked for a test accuracy within three points of the
# printed one, as if that had no error. By the old rule the runs would have spoken for a
# leak{glue:text}`old_rule_finds_a_leak`.

# %% tags=["hide-input", "remove-output"]
# The numbers of the text, and what the text claims beyond them.
full, new = (accuracy_of(runs[f"{split}-full-budget"].predictions) for split in ("image", "track"))
curve = runs["track-full-budget"].history.validation_accuracy
tracks = runs["track-0"].metrics["test_tracks"]
short_of = comparisons.to_print(new, answers=tracks)
later = [(runs["image-0-cutmix-stays"], runs["track-0-cutmix-stays"])]
same_later = comparisons.same_images(runs, later)
met = comparisons.same_images(runs)
at = readings.set_index("run")
short = at[at.epochs == at.epochs.min()]
gaps = short.groupby("protocol").gap.agg(["min", "max", "size"])
above = at.validation_accuracy - paper.VALIDATION_ACCURACY
overshoot = 100 * above[["image-full-budget", "image-0-cutmix-stays"]].min()
strong = runs["track-0-strong-augmentation"].history.iloc[-1]
off = (at.test_accuracy - paper.ACCURACY).abs()
verdict = claims.judged("unseen_test_data", runs).verdict
glue_numbers(
    full=full,
    new=new,
    new_short_of=short_of,
    new_artists=runs["fault-filtered-full-budget"].accuracy,
    dial_epochs=runs[dials[0]].settings.training.epochs,
    paper_epochs=paper.MAX_EPOCHS,
    seen=56,  # before the predictions were written down
    paper_train=paper.TRAIN_ACCURACY,
    paper_train_loss=paper.TRAIN_LOSS,
    paper_validation_loss=paper.VALIDATION_LOSS,
    paper_gap=100 * (paper.VALIDATION_ACCURACY - paper.TRAIN_ACCURACY),
    paper_stop=paper.STOPPED_EPOCH,
    test_tracks=tracks,
    longer_images=same_later["images"],
    longer_same_known=same_later["known"],
    longer_same_unknown=same_later["unknown"],
    overshoot=overshoot,
    strong_train=strong.train_accuracy,
    strong_gap=100 * (strong.validation_accuracy - strong.train_accuracy),
    new_epochs=len(curve),
    new_validation=curve.max(),
    before_best=curve[curve.idxmax() - 1],
    after_best=curve[curve.idxmax() + 1],
    nearest_epoch=at.epoch["image-0"],
    nearest_points=100 * at.distance["image-0"],
    nearest_test=100 * off["image-0"],
    nearest_train_loss=at.train_loss["image-0"],
    nearest_validation_loss=at.validation_loss["image-0"],
    **{f"{name}_gap_low": gaps["min"][name] for name in ("image", "track")},
    **{f"{name}_gap_high": gaps["max"][name] for name in ("image", "track")},
    **{f"{name}_readings": int(gaps["size"][name]) for name in ("image", "track")},
    verdict_unseen_test_data=verdict,
)
shown = budgets.columns[:4]
away = (budgets[shown] - budgets.loc["the paper", shown]).abs()
statements(
    image_runs_pass_nearer=short.groupby("protocol").distance.min().idxmin() == "image",
    short_known_is_nearest=at.distance["image-0"] < at.distance["track-full-budget"]
    and off["image-0"] < off["track-full-budget"],
    paper_between_splits=overshoot > 0 and bool((above[dials[1:3]] < 0).all()),
    gaps_apart=gaps["max"]["track"] < gaps["min"]["image"],
    first_was_too_low=ends.validation_accuracy[dials[0]] > 0.92,
    second_and_third=0.73 < ends.validation_accuracy[dials[1]] < 0.80
    and ends.validation_accuracy[dials[0]] - ends.validation_accuracy[dials[1]] >= 0.07,
    longer_stays_below=max(at.best_validation[dials[2]], at.test_accuracy[dials[2]]) < 0.82,
    leak_grows=same_later["low"] > met["high"],
    image_overshoots=overshoot > 5,
    gap_without_leak=strong.validation_accuracy - strong.train_accuracy > 0.09,
    stopped_early=len(curve) < 250,
    second_half_true=0.74 < new["accuracy"] < 0.80 and curve.max() > paper.VALIDATION_ACCURACY,
    third_true=runs["fault-filtered-full-budget"].accuracy <= 0.62,
    budget_fits_tracks=bool((away.loc["split by track"] < [0.05, 0.01, 0.1, 0.1]).all())
    and bool((away.loc["split by image"] > [0.2, 0.1, 0.3, 0.3]).all()),
    track_could_be_chance=short_of["low"] < 0 < short_of["high"],
    open_in_the_ledger=verdict == "undecided",
    old_rule_finds_a_leak=set(at.protocol[(at.distance <= 0.03) & (off <= 0.03)]) == {"image"},
)  # fmt: skip

# %% [markdown]
# ## What was found
#
# - With the paper's recipe and budget, its training and validation figures come out for new tracks
#   and not for known ones. Its test accuracy then was a lucky one.
# - A short training on known tracks passes even nearer to the printed pair of training and
#   validation accuracy, and to the test accuracy, so print alone does not exclude a leak.
# - Of seven predictions written down before the runs, five came true, one did not, and one did by
#   half.
#
# ## Exercises
#
# (exercise-curves)=
# **Which split?** Two trainings have the same settings, seed and number of epochs, and training
# images as hard as the paper's. One is split by image, the other by track. Read their validation
# accuracies: which is which, and from which epoch on could you tell?

# %% tags=["hide-input"]
mystery = {name: runs[f"{split}-0-cutmix-stays"].history.set_index("epoch")
           for name, split in {"A": "track", "B": "image"}.items()}  # fmt: skip
curves = pd.concat({name: each.filter(regex="^(train|validation)_acc")
                    for name, each in mystery.items()}, axis=1)  # fmt: skip
curves.iloc[4::5].mul(100).round(1)

# %% tags=["hide-cell"]
ahead = 100 * (mystery["B"].validation_accuracy - mystery["A"].validation_accuracy)
apart = ahead[::-1].cummin()[::-1] > 3  # and stays that far ahead
print(f"B ends {ahead.iloc[-1]:.1f} points ahead: split by image")
print(f"three points ahead from epoch {apart.idxmax()} on")

# %% [markdown]
# (exercise-lucky-epoch)=
# **How lucky is the best epoch?** Take the run at the paper's budget that is split by track. By how
# much does its best validation accuracy exceed the mean of the ten epochs around it?

# %% tags=["hide-cell"]
best = curve.idxmax()
around = curve.loc[best - 5 : best + 5].drop(best)
print(f"{curve[best]:.1%}, and {around.mean():.1%} in the epochs around it")

# %% [markdown]
# (exercise-losses)=
# **The losses.** Which stored run comes nearest to the printed losses, and under which split?

# %% tags=["hide-cell"]
losses = at[["train_loss", "validation_loss"]] - [paper.TRAIN_LOSS, paper.VALIDATION_LOSS]
nearest = losses.abs().max(axis=1).nsmallest(3)
print(at.loc[nearest.index, ["protocol", "epoch", "train_loss", "validation_loss"]])
