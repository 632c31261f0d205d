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
# {glue:text}`track:.1%` and {glue:text}`new:.1%`{glue:text}`artists_matter`. Fewer training tracks
# cost {glue:text}`fewer_costs:.1f` points ({glue:text}`fewer_costs_low:.1f` to
# {glue:text}`fewer_costs_high:.1f`){glue:text}`more_than_fewer`. The other {glue:text}`rest:.1f`
# ({glue:text}`rest_low:.1f` to {glue:text}`rest_high:.1f`) are mostly lost in disco and in blues,
# which is tested on {glue:text}`blues_test` artists{glue:text}`two_fall_most`; without these
# they are {glue:text}`others_rest:.1f` ({numref}`fig-artists`), which can be
# chance{glue:text}`others_are_open`.
#
# ```{glue:figure} artists_by_genre
# :name: fig-artists
#
# On the fault-filtered split more is lost than fewer tracks explain{glue:text}`more_than_fewer`,
# and disco and blues lose most{glue:text}`two_fall_most`: of disco,
# {glue:text}`disco_filtered:.0%` of the test images are named instead of
# {glue:text}`disco_track:.0%`, of blues {glue:text}`blues_filtered:.0%` instead of
# {glue:text}`blues_track:.0%`. Short training; dots with 95 % intervals over test tracks.
# ```

# %% tags=["hide-input"]
import pandas as pd

from genre_lib import evaluation, paper
from genre_lib.book import comparisons, figures
from genre_lib.book.comparisons import artists_for_tracks, pooled
from genre_lib.book.references import SEEDS, stored_runs
from genre_lib.book.statements import glue_numbers, statements
from genre_lib.corpus.gtzan import artists
from genre_lib.evaluation import accuracy, accuracy_difference, accuracy_of, vote

runs = stored_runs()

# %% [markdown]
# Nothing is trained here: stored runs on GTZAN are compared, three {term}`seeds <seed>` each unless
# said ({ref}`what-was-run`). Intervals of differences come from drawing whole artists, because
# tracks of one artist tend to be right or wrong together.
#
# ## Who is in GTZAN?
#
# A published index names the artist, for classical music the composer, of {glue:text}`indexed` of
# the tracks {cite:p}`sturm2012analysis`: {glue:text}`artists` artists, {glue:text}`blues_artists`
# for all of the blues. An artist's tracks share a voice, a band, often an album and its sound
# engineer; a network can learn those instead of the genre.
#
# Split by track, {glue:text}`met_share:.0%` of the test tracks with a name in the index are by
# artists who have other tracks in training. They are named {glue:text}`crude:.1f` points more often
# than those of new artists, and {glue:text}`met:.1f` points ({glue:text}`met_low:.1f` to
# {glue:text}`met_high:.1f`) if compared within each genre: to know the artist helps, but the new
# ones play genres that are easier to name{glue:text}`genre_hides_artist`. The published
# fault-filtered split {cite:p}`kereliuk2015adversaries` tests no known
# artist{glue:text}`lists_keep_artists` ({term}`artist filter`), and leaves out faulty tracks.
#
# ## Fewer tracks, or other artists?
#
# The list has {glue:text}`filtered_tracks` training tracks, a split by track
# {glue:text}`track_tracks`. With {glue:text}`filtered_tracks` random ones of these, the network
# still names {glue:text}`fewer:.1%` of the same test images. So of the {glue:text}`loss:.1f` points
# between the two splits ({glue:text}`loss_low:.1f` to {glue:text}`loss_high:.1f`), fewer tracks
# explain {glue:text}`fewer_costs:.1f`. Three things may be in the rest:
#
# - **New artists.** Most of it is lost in disco and blues ({numref}`fig-artists`). Without
#   these, {glue:text}`others_track:.1%` become {glue:text}`others_filtered:.1%`, and at equal
#   training size the difference is {glue:text}`others_rest:.1f` points
#   ({glue:text}`others_rest_low:.1f` to {glue:text}`others_rest_high:.1f`). Blues shows how few
#   artists decide: the list tests {glue:text}`blues_tracks` tracks of {glue:text}`blues_test`
#   artists, {glue:text}`top_tracks` of {glue:text}`top_artist`, and trains on those of
#   {glue:text}`blues_train` others.
# - **Less variety.** The random tracks are by {glue:text}`fewer_names` artists of the index, the
#   list's by {glue:text}`filtered_names`{glue:text}`list_is_less_diverse`. As many tracks are not
#   as much to learn from.
# - **Other test tracks.** They explain little: the {glue:text}`common` tracks that are tested in
#   all three, each counted once, give {glue:text}`same_track:.1%`, {glue:text}`same_fewer:.1%` and
#   {glue:text}`same_filtered:.1%`, the last {glue:text}`same_rest:.1f` points less than the second
#   ({glue:text}`same_rest_low:.1f` to {glue:text}`same_rest_high:.1f`){glue:text}`same_fall`.

# %% tags=["hide-input", "remove-output"]
names = {"track": "track-{}", "fewer": "track-{}-443-tracks", "filtered": "fault-filtered-{}"}
pool = {key: pooled(runs[name.format(seed)] for seed in SEEDS) for key, name in names.items()}
right = {key: table.y_true == table.y_pred for key, table in pool.items()}
recall = pd.DataFrame({key: hit.groupby(pool[key].y_true).mean() for key, hit in right.items()})
lost = (recall.track - recall.filtered).sort_values(ascending=False).index
titles = ["split by track", "the same, fewer training tracks", "fault-filtered split"]
rows = [
    {"label": genre, "series": title, **accuracy_of(table[table.y_true.isin(those)])}
    for genre, those in {"all genres": lost, **{genre: [genre] for genre in lost}}.items()
    for title, table in zip(titles, pool.values(), strict=True)
]
figures.show("artists_by_genre", figures.comparison(pd.DataFrame(rows), xlabel="Test accuracy"))

# %% [markdown]
# ## What others report
#
# On the same test tracks, timbre statistics reach {glue:text}`timbre:.1%` {cite:p}`pons2019random`,
# and methods that have heard other music first {glue:text}`lowest:.1%` to {glue:text}`highest:.1%`
# {cite:p}`castellon2021calm,lee2018samplecnn`. The network, by vote, names
# {glue:text}`filtered_vote:.1%`, fewer than the latter{glue:text}`others_are_ahead`; its lead over
# the former can be chance{glue:text}`timbre_is_open`. Against our own timbre statistics, tuned and
# on the same tracks, it leads by {glue:text}`paired:.1f` points ({glue:text}`paired_low:.1f` to
# {glue:text}`paired_high:.1f`){glue:text}`network_leads`.

# %% tags=["hide-input", "remove-output"]
# The numbers of the text, and what the text claims beyond them.
index = pd.Series(artists())
by_track = [runs[f"track-{seed}"] for seed in SEEDS]
full = {"new": runs["track-full-budget"], "budget": runs["fault-filtered-full-budget"]}
tables = pool | {key: run.predictions for key, run in full.items()}
score = {key: accuracy_of(table) for key, table in tables.items()}
alike = {key: artists_for_tracks(table) for key, table in pool.items()}
others = {key: table[~table.y_true.isin(lost[:2])] for key, table in alike.items()}
change = {
    "loss": accuracy_difference(alike["track"], alike["filtered"]),
    "fewer_costs": accuracy_difference(alike["track"], alike["fewer"]),
    "rest": accuracy_difference(alike["fewer"], alike["filtered"]),
    "others_rest": accuracy_difference(others["fewer"], others["filtered"]),
    "met": comparisons.met_minus_new(by_track),
}
each = pd.DataFrame({key: hit.groupby(pool[key].track_id).mean() for key, hit in right.items()})
each = each.dropna().assign(tracks=1)  # those that all three test
sums = each.groupby(each.index.to_series().replace(index)).sum().to_numpy()
_, fewer, filtered, tracks = (evaluation.draws(len(sums)) @ sums).T
low, high = evaluation.interval((fewer - filtered) / tracks)
change["same_rest"] = {"difference": (each.fewer - each.filtered).mean(), "low": low, "high": high}
votes = [vote(runs[f"fault-filtered-{seed}"].predictions) for seed in SEEDS]
change["paired"] = accuracy_difference(votes[0], vote(runs["fault-filtered-0-mfcc"].predictions))
kinds = comparisons.by_artist(by_track).set_index("artist")
parts = {key: runs[name.format(0)].split.drop_duplicates("track_id") for key, name in names.items()}
trained = {key: part.track_id[part.subset == "train"].map(index) for key, part in parts.items()}
blues = parts["filtered"].query("genre == 'blues'").groupby("subset").track_id
blues = {subset: them.map(index).value_counts() for subset, them in blues}
voted, (timbre, *heard) = accuracy_of(pd.concat(votes)), paper.PUBLISHED.values()
worse = comparisons.to_print(voted, printed=timbre, answers=len(votes[0]))
better = comparisons.to_print(voted, printed=min(heard), answers=len(votes[0]))
glue_numbers(
    **(score | change),
    filtered_vote=voted["accuracy"],
    indexed=len(index),
    artists=index.nunique(),
    blues_artists=index[index.index.str.startswith("blues")].nunique(),
    met_share=kinds.tracks["met"] / kinds.tracks[["met", "new"]].sum(),
    crude=100 * (kinds.accuracy["met"] - kinds.accuracy["new"]),
    **{f"blues_{subset}": len(them) for subset, them in blues.items()},
    blues_tracks=blues["test"].sum(),
    **dict(zip(("top_artist", "top_tracks"), *blues["test"].head(1).items(), strict=True)),
    **{f"others_{key}": accuracy(table) for key, table in others.items()},
    **{f"same_{key}": each[key].mean() for key in names},
    **{f"{genre}_{key}": recall[key][genre] for key in names for genre in ("disco", "blues")},
    **{f"{key}_tracks": len(them) for key, them in trained.items()},
    **{f"{key}_names": them.nunique() for key, them in trained.items()},
    **{"timbre": timbre, "lowest": min(heard), "highest": max(heard), "common": len(each)},
)
statements(
    artists_matter=score["filtered"]["high"] < score["track"]["low"]
    and score["budget"]["high"] < score["new"]["low"],
    more_than_fewer=min(change["fewer_costs"]["low"], change["rest"]["low"]) > 0,
    two_fall_most={*lost[:2]} == {"disco", "blues"}
    and change["others_rest"]["difference"] < change["rest"]["difference"] / 2,
    others_are_open=change["others_rest"]["low"] < 0 < change["others_rest"]["high"],
    genre_hides_artist=kinds.accuracy["met"] - kinds.accuracy["new"] < change["met"]["difference"]
    and change["met"]["low"] > 0,
    lists_keep_artists="met" not in set(comparisons.by_artist([runs["fault-filtered-0"]]).artist),
    list_is_less_diverse=trained["filtered"].nunique() < trained["fewer"].nunique(),
    same_fall=change["same_rest"]["low"] > 0,
    others_are_ahead=better["low"] > 0,
    timbre_is_open=worse["low"] < 0 < worse["high"],
    network_leads=change["paired"]["low"] > 0,
)

# %% [markdown]
# ## What was found
#
# - Where artists are new, the network names {glue:text}`filtered:.1%` to {glue:text}`budget:.1%`:
#   of all tests in this book, the nearest to somebody's own music.
# - More is lost than fewer training tracks explain, most of it in disco and blues.
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
# artist counts once? Compare the interval of so many answers with the one for images.

# %% tags=["hide-cell"]
answers = runs["fault-filtered-0"].predictions
tracks, people = (table.track_id.nunique() for table in (answers, artists_for_tracks(answers)))
for unit, count in {"images": len(answers), "tracks": tracks, "artists": people}.items():
    low, high = evaluation.wilson_interval(round(accuracy(answers) * count), count)
    print(f"{count:5} {unit}: {low:.1%} to {high:.1%}")
