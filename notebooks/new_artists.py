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
# # Does it know new artists?
#
# **Question.** Split by track, no test track is known from training, but its artist may be. What is
# left of the accuracy where the artists are new, too?
#
# **Answer.** {glue:text}`filtered:.1%` of the test images after a short training and
# {glue:text}`budget:.1%` with the paper's budget, where new tracks of mostly known artists give
# {glue:text}`track:.1%` and {glue:text}`new:.1%`{glue:text}`artists_matter`. Most of that is not
# because there is less to learn from{glue:text}`fewer_is_no_reason` ({numref}`fig-artists`).
#
# ```{glue:figure} artists_headline
# :name: fig-artists
#
# New artists cost more than having as few tracks to learn from. Each dot is a test accuracy with
# its 95 % interval over test tracks; the dashed line is the paper's.
# ```

# %% tags=["hide-input"]
import pandas as pd

from genre_lib import paper
from genre_lib.book import comparisons, figures
from genre_lib.book.references import stored_runs
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.corpus.gtzan import artists
from genre_lib.evaluation import (
    accuracy,
    accuracy_difference,
    accuracy_of,
    vote,
    wilson_interval,
)

runs = stored_runs()

# %% [markdown]
# Nothing is trained here: all results are read from stored runs on GTZAN, three {term}`seeds
# <seed>` each unless said ({ref}`what-was-run`).
#
# ## Who is in GTZAN?
#
# Its files are named after genres and numbers. A published index names the artist of
# {glue:text}`indexed` of the tracks {cite:p}`sturm2012analysis`: they are {glue:text}`artists`
# artists, {glue:text}`blues_artists` for all of the blues. One artist's tracks share a singer, a
# band, often an album and its sound engineer; a network can learn those instead of the genre.
#
# Split by track, {glue:text}`met_share:.0%` of the test tracks with a name in the index are by
# artists who have other tracks in training. The published fault-filtered split
# {cite:p}`kereliuk2015adversaries` leaves none{glue:text}`lists_keep_artists` ({term}`artist
# filter`), and leaves out GTZAN's faulty tracks as well.

# %%
by_track = [runs[f"track-{seed}"] for seed in range(3)]
by_artist = comparisons.by_artist(by_track)
figures.tabulate("artists", by_artist, formats=dict.fromkeys(("accuracy", "low", "high"), "{:.1%}"))

# %% [markdown]
# Within a split by track, few test tracks are left whose artist is new, and these intervals, which
# draw whole artists, are wide. So the comparison needs the other split.
#
# ## Fewer tracks, or other artists?
#
# The fault-filtered list has {glue:text}`filtered_tracks` training tracks, a split by track has
# {glue:text}`track_tracks`. Is the network worse because it has less to learn from? With
# {glue:text}`filtered_tracks` random tracks in training it still names {glue:text}`fewer:.1%` of
# the test images of a split by track ({glue:text}`fewer_low:.1%` to {glue:text}`fewer_high:.1%`).
# So of the {glue:text}`by_tracks:.1f` points between the two splits, fewer tracks explain
# {glue:text}`fewer_costs:.1f`. What remains has to do with the artists, the filtered faults and
# the tracks that the list happens to test.
#
# How sure is the difference? Tracks of one artist are alike, so the number of independent
# observations is that of artists, not of tracks. With whole artists drawn for the interval
# ({term}`bootstrap interval`), it is {glue:text}`by_artists_low:.1f` to
# {glue:text}`by_artists_high:.1f` points instead of {glue:text}`by_tracks_low:.1f` to
# {glue:text}`by_tracks_high:.1f` with whole tracks; both exclude zero{glue:text}`artists_as_units`.
#
# Two genres lose most{glue:text}`two_fall_most`: of disco, {glue:text}`disco_after:.0%` of the test
# images are named instead of {glue:text}`disco_before:.0%`, and of blues
# {glue:text}`blues_after:.0%` instead of {glue:text}`blues_before:.0%`. For blues the index
# suggests why: with so few artists, to know the artist is to know the genre.
#
# ## What others report
#
# | on the fault-filtered test tracks | accuracy | reported by |
# |---|---|---|
# | this network, by vote | {glue:text}`filtered_vote:.1%` | this page |
# | {glue:text}`published_1_method` | {glue:text}`published_1:.1%` | {cite:t}`pons2019random` |
# | {glue:text}`published_2_method` | {glue:text}`published_2:.1%` | {cite:t}`castellon2021calm` |
# | {glue:text}`published_3_method` | {glue:text}`published_3:.1%` | {cite:t}`castellon2021calm` |
# | {glue:text}`published_4_method` | {glue:text}`published_4:.1%` | {cite:t}`lee2018samplecnn` |
#
# Trained on nothing but the list's training tracks, the network stays ahead of timbre statistics
# and well behind methods that have heard other music first{glue:text}`published_order`.

# %% tags=["hide-input", "remove-output"]
# The numbers of the text, and what the text claims beyond them.
names = {"track": "track-{}", "fewer": "track-{}-443-tracks", "filtered": "fault-filtered-{}"}
pool = {
    key: comparisons.pooled((runs[name.format(seed)] for seed in range(3)), "image")
    for key, name in names.items()
}
pool["new"] = runs["track-full-budget"].predictions
pool["budget"] = runs["fault-filtered-full-budget"].predictions
score = {key: accuracy_of(answers) for key, answers in pool.items()}
votes = [vote(runs[f"fault-filtered-{seed}"].predictions) for seed in range(3)]
voted = accuracy_of(pd.concat(votes))
by_tracks = accuracy_difference(pool["track"], pool["filtered"])
by_artists = accuracy_difference(
    *(comparisons.artists_for_tracks(pool[key]) for key in ("track", "filtered"))
)
right = {key: pool[key].y_true == pool[key].y_pred for key in ("track", "filtered")}
recall = pd.DataFrame({key: hit.groupby(pool[key].y_true).mean() for key, hit in right.items()})
index = pd.Series(artists())
kinds = by_artist.set_index("artist").tracks
training = {key: runs[names[key].format(0)].split for key in ("track", "filtered")}
published = list(paper.PUBLISHED.values())
low, high = wilson_interval(sum(paper.correct_counts().values()), paper.TEST_IMAGES)
rows = {
    "the paper": {"accuracy": paper.ACCURACY, "low": low, "high": high},
    "new tracks, the paper's budget": score["new"],
    "new tracks, short training": score["track"],
    "the same, fewer training tracks": score["fewer"],
    "new artists, the paper's budget": score["budget"],
    "new artists, short training": score["filtered"],
}
drawn = figures.headline(pd.DataFrame([{"label": label, **row} for label, row in rows.items()]))
figures.show("artists_headline", drawn)
glue_numbers(
    **score,
    by_tracks=by_tracks,
    by_artists=by_artists,
    filtered_vote=voted["accuracy"],
    fewer_costs=100 * (score["track"]["accuracy"] - score["fewer"]["accuracy"]),
    indexed=len(index),
    artists=index.nunique(),
    blues_artists=index[index.index.str.startswith("blues")].nunique(),
    met_share=kinds["met"] / kinds[["met", "new"]].sum(),
    **{f"{genre}_before": recall.track[genre] for genre in ("disco", "blues")},
    **{f"{genre}_after": recall.filtered[genre] for genre in ("disco", "blues")},
    **{
        f"{key}_tracks": split[split.subset == "train"].track_id.nunique()
        for key, split in training.items()
    },
    **{f"published_{i}": share for i, share in enumerate(published, start=1)},
    **{f"published_{i}_method": method for i, method in enumerate(paper.PUBLISHED, start=1)},
)
remaining = score["fewer"]["accuracy"] - score["filtered"]["accuracy"]
statements(
    artists_matter=score["filtered"]["high"] < score["track"]["low"]
    and score["budget"]["high"] < score["new"]["low"],
    fewer_is_no_reason=remaining > score["track"]["accuracy"] - score["fewer"]["accuracy"],
    lists_keep_artists="met" not in set(comparisons.by_artist([runs["fault-filtered-0"]]).artist),
    artists_as_units=min(by_artists["low"], by_tracks["low"]) > 0,
    two_fall_most=set((recall.track - recall.filtered).nlargest(2).index) == {"disco", "blues"},
    published_order=published[0] < voted["low"] and voted["high"] < min(published[1:]),
)

# %% [markdown]
# ## What was found
#
# - Where artists are new, the network names {glue:text}`filtered:.1%` to {glue:text}`budget:.1%` of
#   the test images. Of the tests in this book, this one is the nearest to somebody's own music.
# - Fewer training tracks explain the smaller part of the loss.
# - A split by track is not enough to promise anything about new artists.
#
# ## Exercises
#
# (exercise-blues)=
# **Who is the blues?** How many blues tracks has each artist of the index? Draw two blues tracks at
# random: how often are they by one artist?

# %% tags=["hide-cell"]
counts = index[index.index.str.startswith("blues")].value_counts()
pairs = (counts * (counts - 1)).sum() / (counts.sum() * (counts.sum() - 1))
print(f"{counts.to_string()}\n\n{pairs:.0%} of the pairs have one artist")

# %% [markdown]
# (exercise-artists)=
# **Artists as units.** How many independent observations has the fault-filtered test set if each
# artist counts once? Compute the interval of an accuracy with that many answers, and compare it
# with the one for images.

# %% tags=["hide-cell"]
answers = runs["fault-filtered-0"].predictions
units = {
    "images": len(answers),
    "tracks": answers.track_id.nunique(),
    "artists": comparisons.artists_for_tracks(answers).track_id.nunique(),
}
for unit, count in units.items():
    low, high = wilson_interval(round(accuracy(answers) * count), count)
    print(f"{count:5} {unit}: {low:.1%} to {high:.1%}")
