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
# # What does 84 % mean?
#
# **What you will learn.** Whether the paper's accuracy tells how well a network knows music, or how
# well it recognises tracks that it has met before. You see where the images of one track are dealt,
# what each way of dealing lets through, how much accuracy is left on unknown tracks and in which
# genres, and which ingredients of the recipe have a share in it.

# %% tags=["hide-input"]
import pandas as pd
from IPython.display import HTML
from myst_nb import glue

from genre_lib import paper
from genre_lib.book import comparisons, figures, interactive
from genre_lib.book.references import REFERENCES, stored_runs
from genre_lib.book.statements import glue_numbers
from genre_lib.evaluation import wilson_interval
from genre_lib.splits import SUBSETS, audit

runs = stored_runs()

# %% [markdown]
# ```{admonition} Read this before any number
# :class: important
# Nothing is trained here. All results on this page come from stored runs on real recordings, GTZAN
# {cite:p}`tzanetakis2002genre`, the data that the paper's description fits. {glue:text}`held_note`
#
# {glue:text}`budget_note`
# ```
#
# ## One track, many images
#
# A track becomes {glue:text}`images_per_track` images, and the paper does not say whether it dealt
# images or tracks ({doc}`sec3_problem`). There are three ways to deal them, the
# **{term}`protocols <protocol>`**:
#
# - `image`: every image for itself. The paper's arithmetic can be read so.
# - `track`: a track with all its images, and recordings that are the same together.
# - `fault-filtered`: by a published list {cite:p}`kereliuk2015adversaries`, which drops faulty
#   tracks and keeps all tracks of an artist on one side ({term}`artist filter`).


# %% tags=["hide-input", "remove-output"]
splits = {
    name: next(run.split for run in runs.values() if run.settings.protocol == name)
    for name in ("image", "track", "fault-filtered")
    if name in {run.settings.protocol for run in runs.values()}
}
pairs = pd.concat(
    {name: comparisons.identical_pairs(split) for name, split in splits.items()}, names=["protocol"]
).reset_index("protocol")


def telling_tracks():
    """A track of each subset where tracks are dealt, and two pairs with the same content."""
    dealt = splits.get("track", next(iter(splits.values()))).drop_duplicates("subset")
    same = pairs.drop_duplicates(["first", "second"])
    mixed = same.first_genre != same.second_genre
    shown = [*same[~mixed][["first", "second"]].head(1).to_numpy().ravel(),
             *same[mixed][["first", "second"]].head(1).to_numpy().ravel()]  # fmt: skip
    return list(dict.fromkeys([*dealt.track_id, *shown]))


figures.show("three_deals", figures.split_diagram(splits, telling_tracks()))

# %% [markdown]
# ```{glue:figure} three_deals
# :name: fig-three-deals
#
# When images are dealt, a track lies on several sides at once; when tracks are dealt, on one. The
# last rows are two pairs of tracks with the same content; the last pair even has two labels.
# ```
#
# Under `image` a test image is rarely new ({numref}`fig-three-deals`): another picture of the same
# track, differing in brightness, noise or crop, has been trained on, with its label.
#
# ## What each deal lets through
#
# An audit counts it. *Shared* tracks have images in both subsets; {term}`duplicate recordings` are
# other tracks with identical content ({numref}`fig-audits`).

# %% tags=["hide-input", "remove-output"]
audits = pd.concat(
    {name: audit(split) for name, split in splits.items()}, names=["split"]
).reset_index("split")
figures.show("audits", figures.audit_diagram(audits))

# %% [markdown]
# ```{glue:figure} audits
# :name: fig-audits
#
# Under `image` the training images give away nearly every track of validation and test. The other
# two protocols let nothing through.
# ```

# %% tags=["hide-input"]
figures.tabulate("audits", audits, formats={"share": "{:.1%}"})

# %% [markdown]
# Under `image`, {glue:text}`shared:.0%` of the test tracks are known from training.
#
# {glue:text}`pairs_note` Here is what each deal makes of them.

# %% tags=["hide-input", "hide-output"]
twins = pairs.pivot(
    index=["first", "second", "first_genre", "second_genre"], columns="protocol", values="subsets"
)
figures.tabulate("identical_pairs", twins[list(splits)].reset_index())

# %% [markdown]
# {glue:text}`pairs_verdict`
#
# ## What is left of the accuracy
#
# Now the same network, with the same budget, under each protocol. A track's images can also
# {term}`vote`: the genre with the highest mean probability wins, and each track counts once. Two
# methods come along that should put the number in its place: handcrafted timbre statistics with a
# support vector machine ({doc}`sec2_related_work`), and guessing.

# %% tags=["hide-input", "remove-output"]
genres = next(iter(runs.values())).genres
every = comparisons.accuracies(runs)
figures.show("accuracies", figures.protocol_accuracies(every, chance=1 / len(genres)))

# %% [markdown]
# ```{glue:figure} accuracies
# :name: fig-accuracies
#
# {glue:text}`lower_note` Each dot is one run; several of one mark are several seeds.
# ```

# %% tags=["hide-input"]
summary = comparisons.over_seeds(runs)
shares = dict.fromkeys(("accuracy", "low", "high", "worst", "best"), "{:.1%}")
shown = summary.drop(columns=["view", "protocol"])
shown.insert(0, "split", summary["view"] + ", " + summary["protocol"])
figures.tabulate("over_seeds", shown, formats=shares)

# %% [markdown]
# *Accuracy*, *low* and *high* are those of all seeds taken together, with a 95 % interval found by
# drawing whole test tracks ({term}`bootstrap interval`, {cite:t}`efron1979bootstrap`). *Worst* and
# *best* are single seeds.
#
# When images are dealt, the network reaches **{glue:text}`image:.1%`** of the test images
# ({glue:text}`image_low:.1%` to {glue:text}`image_high:.1%`). The paper's
# {glue:text}`paper_accuracy:.2%` lies {glue:text}`paper_by_image`. When tracks are dealt, it
# reaches **{glue:text}`track:.1%`** ({glue:text}`track_low:.1%` to {glue:text}`track_high:.1%`),
# and the paper's number lies {glue:text}`paper_by_track` ({numref}`fig-accuracies`). With one vote
# a track the two are {glue:text}`image_vote:.1%` and {glue:text}`track_vote:.1%`
# ({glue:text}`track_vote_low:.1%` to {glue:text}`track_vote_high:.1%`; the paper's number lies
# {glue:text}`paper_by_track_vote`). Under `image` only those images of a track vote that were dealt
# to the test, {glue:text}`voters:.1f` on average. {glue:text}`seeds_note`

# %% tags=["hide-input", "remove-output"]
changes = comparisons.protocol_changes(runs)
labels = changes["method"] + ", " + changes["view"]
figures.show(
    "changes",
    figures.forest(
        changes.assign(label=labels), xlabel="Change of accuracy, image to track (points)"
    ),
)

# %% [markdown]
# ```{glue:figure} changes
# :name: fig-changes
#
# What the leak is worth: how accuracy changes when whole tracks are dealt instead of images.
# ```
#
# The change is **{glue:text}`change:+.1f` points** (95 % interval {glue:text}`change_low:+.1f` to
# {glue:text}`change_high:+.1f`, {numref}`fig-changes`): the number {glue:text}`verdict`.
# {glue:text}`changes_note`
#
# {glue:text}`order_note`
#
# ### With the paper's whole budget
#
# {glue:text}`full_budget_note`
#
# ### Without faults and without returning artists
#
# Even under `track` the same artist may be on both sides. {glue:text}`filtered_note` Others have
# tested on the same list:
#
# | on the fault-filtered test tracks | accuracy | reported by |
# |---|---|---|
# | {glue:text}`published_1_method` | {glue:text}`published_1:.1%` | {cite:t}`pons2019random` |
# | {glue:text}`published_2_method` | {glue:text}`published_2:.1%` | {cite:t}`castellon2021calm` |
# | {glue:text}`published_3_method` | {glue:text}`published_3:.1%` | {cite:t}`castellon2021calm` |
# | {glue:text}`published_4_method` | {glue:text}`published_4:.1%` | {cite:t}`lee2018samplecnn` |
#
# {glue:text}`published_note`
#
# ## Which genres lose
#
# {numref}`fig-recalls` has an arrow for each genre, from recall on known tracks to recall on
# unknown ones.

# %% tags=["hide-input", "remove-output"]
plain = [run for run in runs.values() if comparisons.follows_recipe(run)
         and run.settings.method == "network" and run.settings.profile != "paper"
         and run.settings.view == "copies"]  # fmt: skip
dealt = {name: [run for run in plain if run.settings.protocol == name]
         for name in ("image", "track")}  # fmt: skip
recalls = comparisons.recall_changes(
    *(comparisons.pooled(own, "image") for own in dealt.values()),
    genres if all(dealt.values()) else [],
)
figures.show("recalls", figures.recall_by_protocol(recalls))

# %% [markdown]
# ```{glue:figure} recalls
# :name: fig-recalls
#
# Recall of each genre: the share of its images that were found. Arrows lead from `image` to
# `track`; hollow marks are the paper's Table II.
# ```
#
# {glue:text}`recall_note`
#
# ## Known track or known music?
#
# With the same seed, both protocols make the very same images. Some are test images under both: one
# network has learned other images of their track, the other has not.
# {glue:text}`same_note`
#
# How many other images must be known? {numref}`fig-known` sorts the test images by that.

# %% tags=["hide-input", "remove-output"]
known = comparisons.accuracy_by_known([*dealt["image"], *dealt["track"]])
figures.show("known", figures.accuracy_of_known(known))

# %% [markdown]
# ```{glue:figure} known
# :name: fig-known
#
# Accuracy of test images by how many images of the same track were in training. Small numbers count
# test images; counts with few of them are left out.
# ```
#
# {glue:text}`known_note`
#
# ## What the ingredients add
#
# The paper credits LSTM, attention, CutMix, augmentation and label smoothing, but has no run
# without them. Here each is left out in turn ({term}`ablation`), with the same split and the same
# seed, and both networks answer the same test images. Whatever makes a track easy or hard for both
# cancels ({numref}`fig-ingredients`).

# %% tags=["hide-input", "remove-output"]
left_out = [
    ("LSTM plus attention (images dealt)", "image-0", "image-0-cnn"),
    ("LSTM plus attention", "track-0", "track-0-cnn"),
    ("LSTM", "track-0", "track-0-no-lstm"),
    ("attention", "track-0", "track-0-no-attention"),
    ("CutMix", "track-0", "track-0-no-cutmix"),
    ("augmentation while training", "track-0", "track-0-no-augmentation"),
    ("label smoothing", "track-0", "track-0-no-smoothing"),
]
ingredients = comparisons.paired_differences(runs, left_out)
figures.show("ingredients", figures.forest(ingredients, xlabel="What it adds to accuracy (points)"))

# %% [markdown]
# ```{glue:figure} ingredients
# :name: fig-ingredients
#
# What each ingredient adds, on unknown tracks unless the line says otherwise: accuracy with it
# minus accuracy without it. Hollow marks: the interval contains zero, so the sign is not settled.
# ```
#
# {glue:text}`ingredients_note`
#
# ### Learned or handcrafted?
#
# On each split, {numref}`fig-methods` has the network against handcrafted features, on the same
# test images.

# %% tags=["hide-input", "remove-output"]
against = [
    (f"{run.settings.protocol} ({run.settings.view})", name, f"{name}-handcrafted")
    for name, run in runs.items() if comparisons.follows_recipe(run)
]  # fmt: skip
methods = comparisons.paired_differences(runs, against)
figures.show("methods", figures.forest(methods, xlabel="Network minus handcrafted (points)"))

# %% [markdown]
# ```{glue:figure} methods
# :name: fig-methods
#
# How much the network is ahead of handcrafted features (to the right of zero) or behind them, all
# seeds of a split together.
# ```
#
# {glue:text}`methods_note`
#
# ## Why training accuracy can lie below validation
#
# In the paper, training accuracy ends below validation accuracy, and it concludes that there is
# little overfitting. But the first is measured while the network learns, on mixed and altered
# images and with dropout.
# {numref}`fig-both-curves` adds training accuracy by the rules of validation.

# %% tags=["hide-input", "remove-output"]
curves = {
    f"protocol {run.settings.protocol}": run
    for name, run in runs.items() if name in ("image-0", "track-0")
}  # fmt: skip
figures.show("both_curves", figures.accuracy_curves(curves))

# %% [markdown]
# ```{glue:figure} both_curves
# :name: fig-both-curves
#
# Training accuracy as the loop prints it (solid), the same by the rules of validation (dashed), and
# validation (dash-dotted). Only when tracks are dealt can validation show a gap.
# ```
#
# In a browser, point at an epoch below to read the values of both diagrams, or open the table.

# %% tags=["hide-input"]
interactive.accuracy_curves("histories", curves)

# %% [markdown]
# {glue:text}`curves_note`
#
# ## What was run, and for how long

# %% tags=["hide-input"]
costs = comparisons.run_costs(runs)
figures.tabulate(
    "costs",
    costs,
    formats={"minutes": "{:.1f}", "accuracy": "{:.1%}", "track_accuracy": "{:.1%}"},
)

# %% [markdown]
# {glue:text}`machine_note`
#
# The spectrograms behind these runs have {glue:text}`columns` columns for
# {glue:text}`seconds:.0f` seconds, one for every {glue:text}`column_ms:.1f` milliseconds. For the
# view `copies`, which squeezes them into one picture, that is enough. For `segments` it is coarse:
# a slice of {glue:text}`segment_seconds:.1f` seconds has {glue:text}`segment_columns` columns,
# fewer than its image is wide. From audio the slices would be sharper.
#
# Whoever has the data can repeat each run:

# %% tags=["hide-input", "hide-output"]
commands = pd.DataFrame(
    [(run.name, run.question, run.command) for run in REFERENCES if run.name in runs],
    columns=["run", "question", "command"],
)
figures.tabulate("commands", commands)

# %% [markdown]
# ## What was found
#
# ```{glue:figure} headline
# :name: fig-headline
#
# The paper's accuracy and ours, from the test that resembles it most to the strictest.
# ```
#
# {numref}`fig-headline` sums it up.
#
# - **The leak.** When single images are dealt, {glue:text}`shared:.0%` of the test tracks are known
#   from training; when tracks are dealt, {glue:text}`shared_by_track`.
# - **The number.** Dealing images gives {glue:text}`image:.1%`, and the paper's
#   {glue:text}`paper_accuracy:.2%` lies {glue:text}`paper_by_image`. Dealing tracks gives
#   {glue:text}`track:.1%`, and the number {glue:text}`verdict`. The paper's number
#   {glue:text}`meaning`. {glue:text}`full_short`
# - **Stricter still.** {glue:text}`filtered_short`
# - **Ingredients.** {glue:text}`ingredients_short`
# - **Handcrafted features.** {glue:text}`order_note` {glue:text}`methods_short`
# - **Overfitting.** {glue:text}`curves_short`
# - All this holds for GTZAN, for our reading of the recipe and for a small budget. The
#   {doc}`claims` goes through the paper's statements one by one.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
nothing = "no run of it is held"


def result(protocol, scored="image", method="network"):
    """Accuracy of all seeds of a protocol on whole tracks' images; NaN where none is held."""
    keys = ["view", "protocol", "method", "scored"]
    return summary.set_index(keys).reindex([("copies", protocol, method, scored)]).iloc[0]


def span(row):
    """An interval in words."""
    return f"{row.low:.1%} to {row.high:.1%}"


def points(row):
    """A difference and its interval in words."""
    return f"{100 * row.difference:+.1f} points ({100 * row.low:+.1f} to {100 * row.high:+.1f})"


def listed(names):
    """Names in a sentence."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "none"


def paper_against(row):
    """Where the paper's accuracy lies beside ours."""
    if not row.low <= row.high:
        return f"nowhere, as {nothing}"
    inside = row.low <= paper.ACCURACY <= row.high
    higher = "below" if row.accuracy > paper.ACCURACY else "above"
    return "inside this interval" if inside else f"{higher} this interval"


def sorted_by_sign(table):
    """Labels whose interval lies above zero, below it, and around it."""
    own = table[table.scored == "image"].set_index("label")
    above, below = own.low > 0, own.high < 0
    return [listed(own.index[which]) for which in (above, below, ~above & ~below)]


image, track, track_vote = result("image"), result("track"), result("track", "vote")
full = result("image", method="network, full budget")
filtered, filtered_vote = result("fault-filtered"), result("fault-filtered", "vote")
change = (
    changes.set_index(["view", "method", "scored"])
    .reindex([("copies", "network", "image")])
    .iloc[0]
)
side_by_side = (
    every.pivot_table(
        index=["view", "method", "seed", "scored"], columns="protocol", values="accuracy"
    )
    .reindex(columns=["image", "track"])
    .dropna()
)
correct = sum(paper.correct_counts().values())
ends = dict(zip(("low", "high"), wilson_interval(correct, paper.TEST_IMAGES), strict=True))
tests = {"known tracks, the paper's budget": full, "known tracks": image,
         "unknown tracks": track, "unknown artists": filtered}  # fmt: skip
dots = pd.DataFrame(
    [
        {"label": "the paper", "accuracy": paper.ACCURACY, **ends},
        *({"label": label, **row} for label, row in tests.items() if row.low <= row.high),
    ]
)
drawn = figures.headline(dots)
figures.show("headline", drawn)
# The same picture for the first page of the book, which has no cells.
pictured = figures.picture("headline", drawn, folder="_images")
glue("headline_anywhere", HTML(f'<a href="_images/headline.svg">{pictured}</a>'), display=False)
missing = [run.name for run in REFERENCES if run.name not in runs]
short = [run for run in runs.values()
         if run.settings.profile != "paper" and run.settings.method == "network"]  # fmt: skip
epochs = listed(sorted({f"{run.settings.training.epochs}" for run in short}))
hours = sum(run.environment["seconds"] for run in runs.values()) / 3600
machines = listed(
    sorted(
        {
            f"{run.environment['cores']} CPU cores ({run.environment['platform']}, PyTorch "
            f"{run.environment['torch']})"
            for run in runs.values()
        }
    )
)
leaks = audits[(audits["first"] == "train") & (audits["second"] == "test")].set_index("split").share
settings = next(iter(runs.values())).settings
glue_numbers(
    lower_note=(
        f"In {(side_by_side.track < side_by_side.image).sum()} of {len(side_by_side)} comparisons "
        "with the same view, method, seed and count, dealing tracks gives the lower accuracy."
    ),
    held=len(runs),
    held_note=(
        f"{len(runs)} of {len(REFERENCES)} reference runs are held; left out are {listed(missing)}."
        if missing
        else f"All {len(REFERENCES)} reference runs are held."
    ),
    budget_note=(
        f"The budget of a run is {epochs} epochs of one cycle of the learning rate, where the "
        f"paper allows {paper.MAX_EPOCHS}. It was chosen so that all protocols, seeds and "
        "ingredients fit in hours on two cores: what counts here are differences between runs, "
        "and they need many runs. The table at the end has data, seed, budget, time and hardware "
        "of each."
    ),
    images_per_track=settings.images_per_track,
    shared=leaks.get("image", float("nan")),
    shared_by_track=f"{leaks['track']:.0%}" if "track" in leaks else f"unknown: {nothing}",
    image=image.accuracy,
    image_low=image.low,
    image_high=image.high,
    image_vote=result("image", "vote").accuracy,
    track=track.accuracy,
    track_low=track.low,
    track_high=track.high,
    **{
        f"track_vote{end}": value
        for end, value in (
            ("", track_vote.accuracy),
            ("_low", track_vote.low),
            ("_high", track_vote.high),
        )
    },
    paper_by_track_vote=paper_against(track_vote),
    voters=pd.Series(
        {name: len(run.predictions) / run.metrics["test_tracks"] for name, run in runs.items()}
    ).get("image-0", float("nan")),
    filtered=filtered.accuracy,
    known_words=(
        f"{image.accuracy:.1%} after a short training"
        + (f" and {full.accuracy:.1%} after one as long as the paper's" if full.seeds > 0 else "")
    ),
    handcrafted_image=result("image", method="handcrafted").accuracy,
    handcrafted_track=result("track", method="handcrafted").accuracy,
    handcrafted_filtered=result("fault-filtered", method="handcrafted").accuracy,
    chance=1 / len(genres),
    paper_accuracy=paper.ACCURACY,
    paper_by_image=paper_against(image),
    paper_by_track=paper_against(track),
    change=100 * change.difference,
    change_low=100 * change.low,
    change_high=100 * change.high,
    verdict=(
        "is not put to the test here"
        if pd.isna(change.high)
        else "does not survive"
        if change.high < 0
        else "is not shown to fall"
    ),
    meaning=(
        "cannot be placed here"
        if pd.isna(image.accuracy + track.accuracy)
        else "is more than we reach on unknown tracks and less than its own budget reaches on "
        "known ones, so none of our readings of the recipe gives it"
        if track.high < paper.ACCURACY < full.low
        else "fits tests on tracks that the network has met better than tests on unknown tracks"
        if abs(paper.ACCURACY - image.accuracy) < abs(paper.ACCURACY - track.accuracy)
        else "fits tests on known tracks no better than tests on unknown ones"
    ),
)

# %% tags=["hide-input", "remove-output"]
same = pairs.drop_duplicates(["first", "second"])
mixed = same[same.first_genre != same.second_genre]
sides = pairs.assign(
    sides=sum(pairs.subsets.str.contains(name).astype(int) for name in SUBSETS),
    whole=~pairs.subsets.str.contains("unused"),
).set_index("protocol")
apart = (sides.sides > 1).groupby("protocol").sum()
whole = sides.whole.groupby("protocol").sum()
change_vote, change_handcrafted = (
    changes.set_index(["view", "method", "scored"]).reindex([("copies", *key)]).iloc[0]
    for key in (("network", "vote"), ("handcrafted", "image"))
)
by_image, by_track = (
    methods[methods.scored == "image"].set_index("label").reindex([f"{name} (copies)"]).iloc[0]
    for name in ("image", "track")
)
both_seeds = min(image.seeds, track.seeds)
glue_numbers(
    pairs_note=(
        f"GTZAN has {len(same)} pairs of tracks with identical content"
        + "".join(
            f"; {pair['first']} and {pair.second} even have two labels, {pair.first_genre} and "
            f"{pair.second_genre}"
            for _, pair in mixed.iterrows()
        )
        + "."
    ),
    pairs_verdict=" ".join(
        [
            *(
                f"Under {name}, {count or 'none'} of them are dealt apart."
                for name, count in apart.items()
                if name != "fault-filtered"
            ),
            "A recording with two labels goes to training when tracks are dealt, because no "
            "answer to it could be called right.",
            *(
                f"The fault-filtered list uses both tracks of {count or 'none'} of them."
                for name, count in whole.items()
                if name == "fault-filtered"
            ),
        ]
    ),
    seeds_note=(
        f"From seed to seed ({image.seeds:.0f} and {track.seeds:.0f} of them), the first lies "
        f"between {image.worst:.1%} and {image.best:.1%}, the second between {track.worst:.1%} and "
        f"{track.best:.1%}; the two ranges "
        + ("overlap." if image.worst <= track.best else "do not touch.")
        if both_seeds > 1
        else "How much they vary from seed to seed cannot be told with one seed."
    ),
    changes_note=" ".join(
        f"{words} it is {points(row)}."
        for words, row in (
            ("With one vote a track", change_vote),
            ("For handcrafted features", change_handcrafted),
        )
        if row.low <= row.high
    ),
    order_note=(
        "Which method is the better one depends on the deal, too: the network minus handcrafted "
        f"features is {points(by_image)} when images are dealt and {points(by_track)} when tracks "
        "are. A test that rewards remembering tracks "
        + (
            "turns their order round."
            if by_image.high < 0 < by_track.low or by_track.high < 0 < by_image.low
            else "may change their order; here it does not do so clearly."
        )
        if by_image.low <= by_image.high and by_track.low <= by_track.high
        else ""
    ),
    filtered_note=(
        f"On the fault-filtered list, the network reaches {filtered.accuracy:.1%} "
        f"({span(filtered)}) of the test images and {filtered_vote.accuracy:.1%} of the votes, "
        f"{100 * (filtered.accuracy - track.accuracy):+.1f} points against track. It has fewer "
        "tracks to learn from there, so not all of this is due to artists."
        if filtered.seeds > 0
        else f"The fault-filtered list closes this door, but {nothing}."
    ),
    filtered_short=(
        f"Without faulty tracks and with each artist on one side, {filtered.accuracy:.1%} are left."
        if filtered.seeds > 0
        else f"The fault-filtered list is not tested here: {nothing}."
    ),
    published_note=(
        "Our network, which has heard nothing but the training tracks of the list, is above "
        f"{sum(entry.accuracy < filtered_vote.accuracy for entry in paper.PUBLISHED)} of these "
        f"{len(paper.PUBLISHED)} with one vote a track."
        if filtered.seeds > 0
        else ""
    ),
    **{f"published_{i}": entry.accuracy for i, entry in enumerate(paper.PUBLISHED, start=1)},
    **{f"published_{i}_method": entry.method for i, entry in enumerate(paper.PUBLISHED, start=1)},
)

# %% tags=["hide-input", "remove-output"]
worst = recalls.sort_values("difference").head(2)
acquainted = pd.Series(comparisons.same_images(runs), dtype=float)
middle = known.known[known.known > 0].median()
groups = {name: rows.accuracy @ rows.images / max(1, rows.images.sum()) for name, rows in
          {"none": known[known.known == 0], "few": known[known.known.between(1, middle)],
           "many": known[known.known > middle]}.items()}  # fmt: skip
helps, harms, open_ = sorted_by_sign(ingredients)
ahead, behind, even = sorted_by_sign(methods)


def last_epoch(name):
    """What the curves of a protocol end with, in a sentence."""
    last = curves[name].history.iloc[-1]
    running = "below" if last.train_accuracy < last.validation_accuracy else "not below"
    clean = "below" if last.clean_train_accuracy < last.validation_accuracy else "not below"
    return (
        f"Under {name.removeprefix('protocol ')}, the running training accuracy ends at "
        f"{last.train_accuracy:.1%}, {running} validation ({last.validation_accuracy:.1%}); by the "
        f"same rules it is {last.clean_train_accuracy:.1%}, {clean} it."
    )


def full_budget():
    """What the run with the paper's budget reached, and what that says about the printed number."""
    run = runs["image-full-budget"]
    last, at_most = run.history.iloc[-1], run.settings.training.epochs
    said = [
        f"The runs above are short. One run has the paper's budget: with images dealt, it took "
        f"{len(run.history)} of at most {at_most} epochs and reaches {full.accuracy:.1%} of the "
        f"test images ({span(full)}), {100 * (full.accuracy - image.accuracy):+.1f} points against "
        f"the short ones. The paper's {paper.ACCURACY:.2%} lies {paper_against(full)}."
    ]
    if full.low > paper.ACCURACY:
        said.append(
            "With so much time, the network learns to recognise nearly every track that it has "
            f"met: in the last epoch {last.clean_train_accuracy:.1%} of the training images and "
            f"{last.validation_accuracy:.1%} of the validation images are right. The paper reports "
            f"less of both ({paper.TRAIN_ACCURACY:.2%}, measured while learning, where ours is "
            f"{last.train_accuracy:.1%}; and {paper.VALIDATION_ACCURACY:.2%}). So its number is no "
            "simple sum of our recipe and a leak. It may have dealt otherwise, made other images, "
            "or trained a network that learned more slowly; the text does not settle which."
        )
    said.append("What this budget would give on unknown tracks, no run here tells.")
    return " ".join(said)


gaps = {name.removeprefix("protocol "): run.history.clean_train_accuracy.iloc[-1]
        - run.history.validation_accuracy.iloc[-1] for name, run in curves.items()}  # fmt: skip
store = pd.Series({"seconds": settings.spectrogram.seconds, "columns": 387})
glue_numbers(
    recall_note=(
        f"{(recalls.high < 0).sum()} of {len(recalls)} genres lose clearly (their interval of the "
        f"change lies below zero), {(recalls.low > 0).sum()} gain clearly. The largest losses: "
        + listed(f"{row.genre} by {points(row)}" for row in worst.itertuples())
        + ". A genre has few test tracks, so these intervals are wide."
        if len(recalls)
        else f"This needs runs of both protocols, and for one of them {nothing}."
    ),
    same_note=(
        f"Of these {acquainted.images:.0f} images from {acquainted.tracks:.0f} tracks, the first "
        f"names {acquainted.known:.1%} right, the second {acquainted.unknown:.1%}: knowing the "
        f"track is worth {points(acquainted)}."
        if len(acquainted)
        else f"This needs runs of both protocols with the same seed, and {nothing}."
    ),
    known_note=(
        f"With none known, {groups['none']:.1%} are right; with up to {middle:.0f} known, "
        f"{groups['few']:.1%}; with more, {groups['many']:.1%}. How many are known matters "
        + (
            "less than whether any is."
            if abs(groups["many"] - groups["few"]) < abs(groups["few"] - groups["none"])
            else "as much as whether any is."
        )
        if (known.known == 0).any() and (known.known > 0).any()
        else "One side of this comparison is not held."
    ),
    ingredients_note=(
        f"Clearly missed when left out: {helps}. Better without: {harms}. Not settled, because "
        f"the interval contains zero: {open_}. Read this with care: it is one seed. The intervals "
        "are about the test tracks, not about the dice of training"
        + (
            f", and over {track.seeds:.0f} seeds, each with its own split, the accuracy of the "
            f"whole recipe spans {100 * (track.best - track.worst):.1f} points"
            if track.seeds > 1
            else ""
        )
        + f". With {len(ingredients)} intervals, one or the other can miss by chance."
        if len(ingredients)
        else f"None of this can be told yet: {nothing}."
    ),
    ingredients_short=(
        f"Left out one at a time, clearly missed: {helps}; better without: {harms}; not settled: "
        f"{open_} (one seed)."
        if len(ingredients)
        else f"Not tested here: {nothing}."
    ),
    methods_note=(
        f"Clearly ahead: {ahead}. Clearly behind: {behind}. Not settled: {even}."
        if len(methods)
        else f"This cannot be told yet: {nothing}."
    ),
    methods_short=(
        f"The network is clearly ahead of them on {ahead}; clearly behind on {behind}; not "
        f"settled on {even}."
        if len(methods)
        else f"Not compared here: {nothing}."
    ),
    curves_note=" ".join(last_epoch(name) for name in curves),
    curves_short=(
        "By the rules of validation, training accuracy ends "
        + listed(
            f"{100 * gap:+.1f} points from validation under {name}" for name, gap in gaps.items()
        )
        + ". Training below validation, as the paper has it, comes from measuring the two "
        "differently."
        if gaps
        else f"Not looked at here: {nothing}."
    ),
    machine_note=f"All of this took {hours:.1f} hours on {machines}.",
    full_short=(
        f"With the paper's whole budget, dealing images gives {full.accuracy:.1%} ({span(full)}), "
        f"and the paper's number lies {paper_against(full)}."
        if full.seeds > 0
        else "The paper's whole budget is not among our runs."
    ),
    full_budget_note=(
        full_budget()
        if full.seeds > 0
        else "A run with the paper's whole budget is not among ours; with it scores may rise, and "
        "so may the advantage of known tracks."
    ),
    seconds=store.seconds,
    columns=int(store["columns"]),
    column_ms=1000 * store.seconds / store["columns"],
    segment_seconds=store.seconds / settings.images_per_track,
    segment_columns=int(store["columns"] / settings.images_per_track),
)
