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
# # III. Problem statement
#
# **What is to be learned, and what counts as unknown?** A network gets a picture of a track and has
# to name its genre. It is judged on pictures that it has never seen. But is a picture unknown if
# the network was trained on another picture of the same track?
#
# **The paper's arithmetic makes this the decisive question.** Every track becomes
# {glue:text}`paper_images_per_track` images. Split these one by one, and
# {glue:text}`shared_image:.0%` of the tested tracks are in the training set,
# too{glue:text}`all_are_known`. Split whole tracks, and none of them is, by its name or by an
# identical spectrogram{glue:text}`none_is_known`.
#
# ```{glue:figure} split
# :name: fig-split
#
# A split by image scatters a track over training, validation and test; a split by track keeps it
# together. Each row is a track, each square one of its images.
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
from IPython.display import HTML

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.book.comparisons import identical_pairs
from genre_lib.book.statements import glue_numbers, glue_settings, statements
from genre_lib.book.tables import csv_link
from genre_lib.config import configure
from genre_lib.corpus.gtzan import fault_filtered
from genre_lib.splits import audit, split_images
from genre_lib.store import open_store

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)

# %% [markdown]
# ```{admonition} What this page was computed from
# :class: note
# {glue:text}`corpus`, with {glue:text}`tracks` tracks of {glue:text}`seconds:.1f` seconds in
# {glue:text}`genres` genres ({glue:text}`per_genre` in each), profile {glue:text}`profile`, seed
# {glue:text}`seed`. Nothing is trained here.
# ```
#
# ## The music
#
# The paper works on {glue:text}`paper_tracks` {term}`tracks <track>`: {glue:text}`paper_per_genre`
# for each of {glue:text}`paper_genres` genres, about {glue:text}`paper_seconds` seconds each. It
# does not name the collection. The description fits GTZAN {cite:p}`tzanetakis2002genre`, whose
# faults are well known {cite:p}`sturm2013gtzan`; see {doc}`data_and_licences`. {numref}`fig-genres`
# shows one track of each genre.

# %% tags=["hide-input", "remove-output"]
store = open_store(settings)
figures.show("genre_gallery", figures.genre_gallery(store))

# %% [markdown]
# ```{glue:figure} genre_gallery
# :name: fig-genres
#
# Each genre has its texture: vertical lines are beats, horizontal lines are sustained tones. One
# track of each genre as a mel spectrogram.
# ```
#
# A single track may be an exception. {numref}`fig-spectra` averages over all tracks of a genre.

# %% tags=["hide-input", "remove-output"]
figures.show("genre_spectra", figures.genre_spectra(store))

# %% [markdown]
# ```{glue:figure} genre_spectra
# :name: fig-spectra
#
# Some genres sound darker or brighter than the rest, but most mean spectra lie close together.
# Solid: the mean spectrum of a genre, with the standard deviation over its tracks. Dashed: the mean
# of the whole corpus.
# ```
#
# ## The task
#
# Let $x_i$ be the spectrogram image number $i$, and $y_i \in \{1, \dots, C\}$ its genre, where $C$
# is the number of genres. From examples $(x_i, y_i)$ we look for a function
#
# $$
# \begin{aligned}
# f_\theta &: [0, 1]^{128 \times 128} \to \mathbb{R}^C, \\
# \hat{y}(x) &= \operatorname*{arg\,max}_{c} \; f_\theta(x)_c ,
# \end{aligned}
# $$
#
# which gives each genre a score. The genre with the highest score is the answer. The parameters
# $\theta$ are chosen on one part of the examples such that $\hat{y}(x_i) = y_i$ as often as
# possible on *another* part, never seen before.
#
# ## One track, many images
#
# The paper reports {glue:text}`paper_support` test images of every genre. Yet a genre has only
# {glue:text}`paper_per_genre` tracks, and {glue:text}`share_test:.0%` of these, so it says, are for
# testing. So every track must have become {glue:text}`paper_images_per_track`
# {term}`images <image>`. How, it does not say. There are two readings, the
# **{term}`views <view>`**:
#
# - `copies`: the whole track squeezed into one image, and altered copies of this image;
# - `segments`: consecutive slices of the track, each an image of its own.
#
# The paper's figures show whole tracks, original and augmented. That speaks for `copies`, our
# default. {doc}`sec4a_preprocessing` shows both.
#
# ## What is split?
#
# The examples are split into three {term}`subsets <subset>`: {glue:text}`share_train:.0%` for
# training, {glue:text}`share_validation:.0%` for validation, {glue:text}`share_test:.0%` for the
# test, each with the same mix of genres. Again there are two readings, the
# **{term}`protocols <protocol>`**: under `image` single images are split, under `track` whole
# tracks with all their images. In code, the two differ in what is shuffled:

# %%
rng = np.random.default_rng(settings.seed)
tracks = len(store.track_ids)
images = tracks * settings.images_per_track
track_of_image = np.repeat(np.arange(tracks), settings.images_per_track)
tested_images = rng.permutation(images)[: images // 10]
tested_tracks = rng.permutation(tracks)[: tracks // 10]

tracks_by_image = np.unique(track_of_image[tested_images])
images_by_track = np.flatnonzero(np.isin(track_of_image, tested_tracks))
len(tracks_by_image), len(images_by_track)

# %% [markdown]
# The first number says from how many tracks a tenth of the images comes: from
# most{glue:text}`most_are_tested`. The second says how many images a tenth of the tracks has: a
# tenth of all, and the other tracks are not touched.
#
# The splits of this book do the same within each genre ({numref}`fig-split`). Their tables say for
# every image to which subset it belongs, so they can be audited: which tracks of the test are in
# the training set?

# %%
tables = pd.concat(
    {
        name: split_images(
            store,
            settings.model_copy(update={"protocol": name}),
        )
        for name in ("image", "track")
    },
    names=["protocol"],
)


def known_share(table):
    """Share of the tested tracks that have images in the training set."""
    tracks = table.groupby("subset")["track_id"].agg(set)
    return len(tracks["test"] & tracks["train"]) / len(tracks["test"])


tables.groupby("protocol").apply(known_share)

# %% tags=["hide-input", "remove-output"]
whole = tables.loc["track"].drop_duplicates("track_id").groupby("subset").head(2)
figures.show(
    "split",
    figures.split_diagram(
        {name: tables.loc[name] for name in ("image", "track")}, sorted(whole.track_id)
    ),
)

# %% [markdown]
# Why all of them? A track escapes the training set only if none of its images gets there. With
# {glue:text}`images_per_track` images and {glue:text}`share_train:.0%` of them for training, that
# happens once in {glue:text}`escapes:,.0f` tracks.
#
# ## Duplicate recordings
#
# A collection may contain the same recording twice, under two names ({term}`duplicate recordings`).
# We find {glue:text}`pairs` pairs whose spectrograms are identical. Under `image`,
# {glue:text}`identical_image` tested tracks have one in training; under `track`
# {glue:text}`identical_track` have, because such pairs are kept together. Repetitions that differ
# in gray levels remain ({doc}`what_does_84_mean` counts them). A recording that is filed under two
# genres goes to training, since no answer to it could be called right.

# %% tags=["hide-input"]
audited = pd.concat(
    {name: audit(tables.loc[name]) for name in ("image", "track")}, names=["protocol"]
).reset_index("protocol")
figures.tabulate("leakage", audited, formats={"share": "{:.1%}"})

# %% [markdown]
# ## Which one did the paper use?
#
# The text does not say, and both protocols give the same counts. The order of its sections (first
# spectrograms, then the split, then augmentation) may be read as `track`. That more images are
# tested than tracks is easier to explain by `image`: augmented copies are meant for training only,
# but copies that are made before the split fall into the test set, too. So we run both.
# {doc}`sec6_conclusion` compares them, and {doc}`learning_curves` asks which of them gives the
# paper's curves.
#
# ## What was found
#
# - There are {glue:text}`images` images of {glue:text}`tracks` tracks; {glue:text}`share_test:.0%`
#   of the images are for the test.
# - The paper leaves open how a track becomes {glue:text}`paper_images_per_track` images, and
#   whether images or tracks are split.
# - Split by image, {glue:text}`shared_image:.0%` of the tested tracks are known from training;
#   split by track, {glue:text}`shared_track:.0%`, by name or identical spectrogram.
#
# ## Exercises
#
# (exercise-tested-tracks)=
# **How many tracks are tested?** Split by image, a tenth of the images is tested. How many tracks
# do you expect to have at least one image among them? Compare with the split.

# %% tags=["hide-cell"]
expected = len(store.track_ids) * (
    1 - (1 - paper.SUBSET_SHARES["test"]) ** settings.images_per_track
)
expected, tables.loc["image"].query("subset == 'test'")["track_id"].nunique()

# %% [markdown]
# (exercise-fewer-images)=
# **Fewer images.** How large is the leak when a track becomes only two images? And one?

# %% tags=["hide-cell"]
pd.Series(
    {
        count: known_share(
            split_images(store, settings.model_copy(update={"images_per_track": count}))
        )
        for count in (1, 2, 4)
    }
)

# %% [markdown]
# (exercise-planted)=
# **Find the leaked tracks in this split.** Somebody split by track, shuffled the table once too
# often, and did not notice. Which tracks of the test set are in the training set of `planted`,
# under the same name, or as the same `recording` under another one? ({doc}`check_my_split` finds
# them, too: choose the file there.)

# %% tags=["hide-input"]
rng = np.random.default_rng(settings.seed)
planted = tables.loc["track"].drop_duplicates("track_id")
planted = planted[["track_id", "genre", "recording", "subset"]]
tested = planted[planted.subset == "test"]
again = tested.sample(min(3, len(tested)), random_state=rng)
double = planted[planted.recording.duplicated(keep=False) & (planted.subset == "train")].tail(1)
planted = pd.concat([planted.drop(double.index), double.assign(subset="test"),
                     again.assign(subset="train")]).sample(frac=1, random_state=rng)  # fmt: skip
figures.save(planted, "planted")
first = planted.head().rename(columns={"track_id": "track"}).to_html(index=False)
box = '<div class="book-table-box" role="region" aria-label="First rows" tabindex="0">'
HTML(f"{csv_link('planted', planted)}{box}{first}</div>")

# %% tags=["hide-cell"]
train, test = (planted[planted.subset == name] for name in ("train", "test"))
same_name = sorted(set(train.track_id) & set(test.track_id))
both = test.merge(train, on="recording", suffixes=("_test", "_train"))
other_name = both[both.track_id_test != both.track_id_train]
print("same name:", ", ".join(same_name))
print("other name:", ", ".join(other_name.track_id_test + " is " + other_name.track_id_train))

# %% [markdown]
# (exercise-two-labels)=
# **Two labels.** Which recording is filed under two genres?

# %% tags=["hide-cell"]
identical_pairs(tables.loc["image"]).query("first_genre != second_genre")

# %% tags=["hide-input", "remove-output"]
# The numbers in the text, and a check of what it says about them.
counts = pd.Series(store.labels).value_counts()
between = audited[(audited["first"] == "train") & (audited["second"] == "test")]
shared = between.set_index("protocol")
glue_settings(settings)
glue_numbers(
    tracks=len(store.track_ids),
    genres=len(store.genres),
    per_genre=" to ".join(str(count) for count in sorted({counts.min(), counts.max()})),
    seconds=store.seconds,
    paper_tracks=paper.TRACKS,
    paper_genres=len(paper.TABLE_2),
    paper_per_genre=paper.TRACKS_PER_GENRE,
    paper_seconds=paper.CLIP_SECONDS,
    paper_support=paper.TABLE_2[0].support,
    paper_images_per_track=paper.implied_images_per_track(),
    images_per_track=settings.images_per_track,
    escapes=(1 - paper.SUBSET_SHARES["train"]) ** -settings.images_per_track,
)
glue_numbers(
    images=len(tables.loc["image"]),
    planted=len(same_name),
    planted_tracks=", ".join(same_name),
    planted_double=len(other_name),
    **{f"share_{name}": share for name, share in paper.SUBSET_SHARES.items()},
    unlisted=paper.TRACKS - len(fault_filtered()),
    **pd.Series(fault_filtered()).value_counts().add_prefix("listed_"),
    shared_image=shared["share"]["image"],
    shared_track=shared["share"]["track"],
    pairs=len(identical_pairs(tables.loc["image"])),
    identical_image=shared["identical_tracks"]["image"],
    identical_track=shared["identical_tracks"]["track"],
)
statements(
    most_are_tested=len(tracks_by_image) > len(store.track_ids) / 2,
    all_are_known=shared["share"]["image"] == 1,
    none_is_known=shared["share"]["track"] == 0 and shared["identical_tracks"]["track"] == 0,
)
