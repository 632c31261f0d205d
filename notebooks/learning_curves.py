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
# **Answer.** Not by themselves. With the paper's settings, the epoch whose network is kept comes
# out nearly as printed if tracks are split, and far beyond that if images
# are{glue:text}`budget_fits_tracks`. But that training on tracks was stopped while its learning
# rate still rose{glue:text}`stopped_in_the_warm_up`, and trainings on images pass even nearer to
# the printed figures, losses included, on their way up{glue:text}`images_pass_nearer`.
#
# ```{glue:figure} readings
# :name: fig-readings
#
# Trainings split by track level off near or below the paper's point; the longer ones split by image
# pass near or above it and climb on{glue:text}`tracks_level_off`. Each line is a training, from
# left to right; its last epoch has a large mark. The black cross is the paper.
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
from genre_lib.training import planned_rates

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
# all {glue:text}`track_readings` split by track, with or without some part of the recipe,
# {glue:text}`track_gap_low:+.1f` to {glue:text}`track_gap_high:+.1f`; the two ranges do not
# touch{glue:text}`gaps_apart`. Of all trainings, the hundred epochs of `image-0-100-epochs` pass
# nearest{glue:text}`nearest_is_known`: in epoch {glue:text}`nearest_epoch` within
# {glue:text}`nearest_points:.1f` points of both printed accuracies, with losses of
# {glue:text}`nearest_train_loss:.2f` and {glue:text}`nearest_validation_loss:.2f` where the paper
# prints about {glue:text}`paper_train_loss` and {glue:text}`paper_validation_loss`. They go on to
# {glue:text}`nearest_end:.1%` in validation.

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
         "track-0-strong-augmentation", "image-0-40-epochs", "image-1-cutmix-stays",
         "track-1-cutmix-stays"]  # fmt: skip
ends = pd.DataFrame({name: runs[name].history.iloc[-1] for name in dials}).T.astype(float)
ends["test_accuracy"] = [runs[name].accuracy for name in dials]
ends["track_accuracy"] = [runs[name].metrics["track_accuracy"] for name in dials]
ends = ends.filter(regex="^(train|validation|test|track)_accuracy").rename_axis("run")
figures.tabulate("dials", ends.reset_index(), formats=dict.fromkeys(ends, "{:.1%}"))

# %% [markdown]
# The second and the third prediction came true{glue:text}`second_and_third`, and so did the
# fourth{glue:text}`longer_stays_below`. The first did not: split by image, validation accuracy
# ended even higher than we had expected{glue:text}`first_was_too_low`. A second seed of lasting
# CutMix, run later, agrees with all of the first three{glue:text}`second_seed`. A leak grows with
# training{glue:text}`leak_grows`. Of {glue:text}`longer_images` test images that both networks with
# lasting CutMix and the first seed were asked about, {glue:text}`longer_same_known:.1%` were named
# when their tracks had been met and {glue:text}`longer_same_unknown:.1%` when not. All but one of
# our {glue:text}`long_trainings` longer trainings on a split by image pass the paper's training
# accuracy with a validation accuracy {glue:text}`overshoot:.1f` points or more above the printed
# one; that one passes just below it and climbs on{glue:text}`image_overshoots`.
#
# The second experiment went too far to be compared: with so strong an augmentation, training
# accuracy on new tracks ends at {glue:text}`strong_train:.1%`. But validation accuracy ends
# {glue:text}`strong_gap:.1f` points above it, about as far as the paper's, with no leak at
# all{glue:text}`gap_without_leak`. So the gap alone proves nothing.
#
# ## The paper's whole budget
#
# Four runs have the paper's budget: at most {glue:text}`paper_epochs` epochs, fewer if validation
# loss has not improved for {glue:text}`patience`. Before those on new tracks and new artists were
# finished, when {glue:text}`seen` epochs of the former had been seen, we wrote down:
#
# > 1. On new tracks training ends early, before epoch 250, for validation loss no longer falls.
# > 2. On new tracks validation accuracy at the chosen epoch stays below the paper's 82.87 %, and
# >    test accuracy lies between 74 % and 80 %.
# > 3. On new artists, 62 % of the test images or fewer are named.
#
# Accuracies and losses below are those of the epoch whose network is kept, the one with the highest
# validation accuracy; {numref}`fig-readings` marks the last one.

# %% tags=["hide-input"]
budgets = pd.DataFrame([comparisons.printed_figures(), *(
    comparisons.printed_figures(runs[f"{split}-full-budget"])
    for split in ("image", "track", "segments-track", "fault-filtered")
)], index=["the paper", "split by image", "split by track", "split by track, slices",
           "fault-filtered"])  # fmt: skip
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
# miss{glue:text}`second_half_true`. That match is the best of {glue:text}`new_epochs` epochs; the
# ten around it have {glue:text}`around_best:.1%` on average{glue:text}`best_is_luck`, and new test
# tracks do not share such luck. The third prediction came true: on the fault-filtered split
# {glue:text}`new_artists:.1%` of the test images are named{glue:text}`third_true`. With slices in
# place of copies, new tracks give {glue:text}`slices_validation:.1%` in validation and
# {glue:text}`slices_test:.1%` in the test: what is nearly as printed with copies is not so with
# slices{glue:text}`slices_are_farther`.
#
# ### The same length for both
#
# Early stopping makes this a training of another kind than the paper's. Ours ended with a learning
# rate that had not yet peaked; the paper's went on to epoch {glue:text}`paper_stop`, where the same
# schedule has brought it down to {glue:text}`paper_rate:.0%` of its peak. Is it length, then, that
# separates the splits? We trained on both for {glue:text}`even_epochs` epochs without early
# stopping, so that the schedule runs out: one seed, the same for both.
#
# Length only drives the splits apart. On known tracks {glue:text}`even_known:.1%` of the test
# images are named, on new ones {glue:text}`even_new:.1%` ({glue:text}`even_new_low:.1%` to
# {glue:text}`even_new_high:.1%`), and the printed number lies
# between{glue:text}`length_is_no_answer`. On new tracks running training accuracy goes for good
# past the printed {glue:text}`paper_train:.2%`, to {glue:text}`on_train:.1%`, and validation ends
# at {glue:text}`on_validation:.1%`{glue:text}`goes_past_print`. Split by image, the paper's budget
# has {glue:text}`full_train_then:.1%` of the training images right in epoch
# {glue:text}`paper_stop`. So on neither split does the recipe, as we read it, keep training
# accuracy as low as it was where the paper's training ended{glue:text}`none_stays_low`.
#
# Three readings of the printed figures are left, and each needs something that the paper does not
# say:
#
# - **Split by track, stopped early as ours.** The figures of the kept epoch come out nearly right,
#   and the test accuracy is {glue:text}`new_short_of:.1f` points below the printed one
#   ({glue:text}`new_short_of_low:.1f` to {glue:text}`new_short_of_high:.1f`, if that comes from
#   {glue:text}`test_tracks` tracks), which could just be chance{glue:text}`track_could_be_chance`.
#   But then {glue:text}`paper_stop` epochs were trained by a slower schedule than the printed one:
#   in the training of {glue:text}`even_epochs` epochs, going on to the end brought no
#   gain{glue:text}`no_gain`.
# - **Split by image, and little learned.** Then {glue:text}`paper_stop` epochs taught the paper's
#   network as little as {glue:text}`nearest_epoch` of {glue:text}`even_epochs` taught ours.
# - **Either split, with more regularisation than is printed.** With CutMix that stays, training
#   accuracy ends near the paper's. Validation accuracy then ends {glue:text}`stays_image_low:.1f`
#   and {glue:text}`stays_image_high:.1f` points above the printed one if images are split and
#   {glue:text}`stays_track_low:.1f` and {glue:text}`stays_track_high:.1f` below it if tracks
#   are{glue:text}`paper_between`: the paper lies between, nearer to tracks.
#
# The printed figures do not decide between them{glue:text}`open_in_the_ledger`. That *the test data
# are unseen* is a claim that the {doc}`claims` decide by a rule; its verdict:
# **{glue:text}`verdict_unseen_test_data`**. The rule was made before the run at the paper's budget
# on new tracks, and changed after it: it had asked for a test accuracy within three points of the
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
at, printed = readings.set_index("run"), (paper.TRAIN_ACCURACY, paper.VALIDATION_ACCURACY)
short = at[at.epochs == at.epochs.min()]
gaps = short.groupby("protocol").gap.agg(["min", "max", "size"])
above = 100 * (at.validation_accuracy - paper.VALIDATION_ACCURACY)
long = [name for name in at.index if at.protocol[name] == "image" and at.epochs[name] > 12]
overshoot, passing = above[long].nlargest(len(long) - 1).min(), runs[at.distance.idxmin()].history
away = passing[["train_accuracy", "validation_accuracy"]] - printed
nearest = passing.loc[away.abs().max(axis=1).idxmin()]
on_known, on = (runs[f"{split}-0-100-epochs"] for split in ("image", "track"))
known, unknown = (accuracy_of(run.predictions) for run in (on_known, on))
best = curve.idxmax()
around = curve.loc[best - 5 : best + 5].drop(best)
rates = planned_rates(runs["image-full-budget"].settings.training, total_steps=paper.MAX_EPOCHS)
stay = 100 * (ends.validation_accuracy - paper.VALIDATION_ACCURACY).filter(like="cutmix")
above_print, below_print = stay.filter(like="image"), -stay.filter(like="track")
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
    patience=paper.PATIENCE,
    paper_rate=rates[paper.STOPPED_EPOCH - 1] / rates.max(),
    on_train=on.history.train_accuracy.iloc[-1],
    on_validation=on.history.validation_accuracy.iloc[-1],
    even_known=known,
    even_new=unknown,
    even_epochs=len(on.history),
    full_train_then=runs["image-full-budget"].history.train_accuracy[paper.STOPPED_EPOCH - 1],
    **{"stays_image_low": above_print.min(), "stays_image_high": above_print.max()},
    **{"stays_track_low": below_print.min(), "stays_track_high": below_print.max()},
    long_trainings=len(long),
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
    around_best=around.mean(),
    slices_validation=budgets.validation_accuracy["split by track, slices"],
    slices_test=runs["segments-track-full-budget"].accuracy,
    nearest_epoch=int(nearest.epoch),
    nearest_points=100 * at.distance.min(),
    nearest_train_loss=nearest.train_loss,
    nearest_validation_loss=nearest.validation_loss,
    nearest_end=passing.validation_accuracy.iloc[-1],
    **{f"{name}_gap_low": gaps["min"][name] for name in ("image", "track")},
    **{f"{name}_gap_high": gaps["max"][name] for name in ("image", "track")},
    **{f"{name}_readings": int(gaps["size"][name]) for name in ("image", "track")},
    verdict_unseen_test_data=verdict,
)
shown = budgets.columns[:4]
away = (budgets[shown] - budgets.loc["the paper", shown]).abs()
statements(
    stopped_in_the_warm_up=runs["track-full-budget"].history.learning_rate.is_monotonic_increasing,
    images_pass_nearer=bool((at.distance[["image-0-100-epochs", "image-0-40-epochs", "image-0"]]
                             < at.distance["track-full-budget"]).all()),
    tracks_level_off=bool((at.best_validation[at.protocol == "track"] < 0.835).all())
    and bool((at.best_validation[long] > 0.9).all()),
    nearest_is_known=at.distance.idxmin() == "image-0-100-epochs",
    slices_are_farther=away.validation_accuracy["split by track, slices"] > 0.04
    and away.train_accuracy["split by track, slices"] > 0.04,
    best_is_luck=curve[best] - around.mean() > 0.05,
    length_is_no_answer=unknown["high"] < paper.ACCURACY < known["low"]
    and known["accuracy"] - unknown["accuracy"]
    > at.test_accuracy["image-0-40-epochs"] - at.test_accuracy["track-0-40-epochs"],
    goes_past_print=on.history.train_accuracy.iloc[-1] > paper.TRAIN_ACCURACY + 0.1,
    none_stays_low=min(on.history.train_accuracy.iloc[-1],
                       runs["image-full-budget"].history.train_accuracy[paper.STOPPED_EPOCH - 1])
    > paper.TRAIN_ACCURACY + 0.1,
    paper_between=0 < below_print.min() < below_print.max() < above_print.min(),
    gaps_apart=gaps["max"]["track"] < gaps["min"]["image"],
    first_was_too_low=ends.validation_accuracy[dials[0]] > 0.92,
    second_and_third=0.73 < ends.validation_accuracy[dials[1]] < 0.80
    and ends.validation_accuracy[dials[0]] - ends.validation_accuracy[dials[1]] >= 0.07,
    second_seed=0.84 < ends.validation_accuracy[dials[5]] < 0.92
    and 0.73 < ends.validation_accuracy[dials[6]] < 0.80
    and ends.validation_accuracy[dials[5]] - ends.validation_accuracy[dials[6]] >= 0.07,
    longer_stays_below=max(at.best_validation[dials[2]], at.test_accuracy[dials[2]]) < 0.82,
    leak_grows=same_later["low"] > met["high"],
    image_overshoots=overshoot > 1 and -2 < above[long].min() < 0,
    gap_without_leak=strong.validation_accuracy - strong.train_accuracy > 0.09,
    stopped_early=len(curve) < 250,
    second_half_true=0.74 < new["accuracy"] < 0.80 and curve.max() > paper.VALIDATION_ACCURACY,
    third_true=runs["fault-filtered-full-budget"].accuracy <= 0.62,
    budget_fits_tracks=bool((away.loc["split by track"] < [0.05, 0.01, 0.1, 0.1]).all())
    and bool((away.loc["split by image"] > [0.2, 0.1, 0.3, 0.3]).all()),
    no_gain=on.accuracy < new["accuracy"],
    track_could_be_chance=short_of["low"] < 0 < short_of["high"],
    open_in_the_ledger=verdict == "undecided",
    old_rule_finds_a_leak=set(at.protocol[(at.distance <= 0.03) & (off <= 0.03)]) == {"image"},
)  # fmt: skip

# %% [markdown]
# ## What was found
#
# - With the paper's settings, split by track, the kept epoch comes out nearly as printed. That is
#   luck as well as early stopping: the ten epochs around it have {glue:text}`around_best:.1%` in
#   validation, and the test accuracy stays {glue:text}`new_short_of:.1f` points below the printed
#   one.
# - Trainings on known tracks pass nearer to all printed figures, but do not stay there. On neither
#   split does our reading of the recipe keep training accuracy as low as printed.
# - At the end of a schedule of {glue:text}`even_epochs` epochs, with one seed, known tracks give
#   {glue:text}`even_known:.1%` and new ones {glue:text}`even_new:.1%`. That is no nearer to the
#   printed number than the training on new tracks that was stopped early.
# - Seven predictions were written down, four before any of their runs and three while one run was
#   under way. Five came true, one did not, and one was half right.
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
curves = pd.DataFrame({f"{name}, {subset}": each[f"{subset}_accuracy"]
                       for name, each in mystery.items()
                       for subset in ("train", "validation")}).iloc[4::5]  # fmt: skip
figures.tabulate("mystery", curves.reset_index(), formats=dict.fromkeys(curves, "{:.1%}"))

# %% tags=["hide-cell"]
ahead = 100 * (mystery["B"].validation_accuracy - mystery["A"].validation_accuracy)
apart = ahead[::-1].cummin()[::-1] > 3  # and stays that far ahead
print(f"B ends {ahead.iloc[-1]:.1f} points ahead: split by image")
print(f"three points ahead from epoch {apart.idxmax()} on")

# %% [markdown]
# (exercise-lucky-epoch)=
# **How lucky is the best epoch?** By how much does the best validation accuracy of each run at the
# paper's budget exceed the mean of the ten epochs around it? For which split does the choice of an
# epoch matter least, and why?

# %% tags=["hide-cell"]
for split in ("image", "track", "fault-filtered"):
    each = runs[f"{split}-full-budget"].history.validation_accuracy
    near = each.loc[each.idxmax() - 5 : each.idxmax() + 5].drop(each.idxmax())
    print(f"{split}: {each.max():.1%}, and {near.mean():.1%} in the epochs around it")

# %% [markdown]
# (exercise-losses)=
# **The losses.** Which stored run comes nearest to the printed losses, and under which split?

# %% tags=["hide-cell"]
losses = at[["train_loss", "validation_loss"]] - [paper.TRAIN_LOSS, paper.VALIDATION_LOSS]
nearest = losses.abs().max(axis=1).nsmallest(3)
print(at.loc[nearest.index, ["protocol", "epoch", "train_loss", "validation_loss"]])
