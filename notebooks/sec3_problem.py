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
# **What you will learn.** What the network is given and what it has to find: the music, the
# pictures and the labels. Then you see how images are dealt to training, validation and test, and
# count how often both sides of the deal know the same track.

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
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import configure
from genre_lib.splits import audit, identical_tracks, make_dataset
from genre_lib.store import open_store

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)

# %% [markdown]
# ```{admonition} Read this before any number
# :class: important
# {glue:text}`corpus_note` {glue:text}`settings_note`
# ```
#
# ## The music
#
# The paper works on {glue:text}`paper_tracks` {term}`tracks <track>`: {glue:text}`paper_per_genre`
# for each of {glue:text}`paper_genres` genres, about {glue:text}`paper_seconds` seconds each. It
# does not name the collection. The description fits GTZAN {cite:p}`tzanetakis2002genre`, whose
# faults are well known {cite:p}`sturm2013gtzan`; see {doc}`data_and_licences`.
#
# This edition has {glue:text}`tracks` tracks in {glue:text}`genres` genres, with
# {glue:text}`per_genre` tracks a genre and {glue:text}`seconds:.1f` seconds a
# track. {numref}`fig-genres` shows one of each.

# %% tags=["hide-input", "remove-output"]
store = open_store(settings)
figures.show("genre_gallery", figures.genre_gallery(store))

# %% [markdown]
# ```{glue:figure} genre_gallery
# :name: fig-genres
#
# One track of each genre as a mel spectrogram. Vertical lines are beats, horizontal lines are held
# tones, and the pattern differs from genre to genre.
# ```
#
# A single track may be an exception. {numref}`fig-spectra` averages over all tracks of a genre.
# Where a genre's curve leaves the dashed one, its sound as a whole is unusually dark or bright.
# Where it does not, only the pattern in time can tell.

# %% tags=["hide-input", "remove-output"]
figures.show("genre_spectra", figures.genre_spectra(store))

# %% [markdown]
# ```{glue:figure} genre_spectra
# :name: fig-spectra
#
# The mean spectrum of each genre (solid, with the standard deviation over its tracks) beside that
# of the whole corpus (dashed).
# ```
#
# ## The task
#
# Let $x_i$ be the spectrogram image number $i$, and $y_i \in \{1, \dots, C\}$ its genre, where $C$
# is the number of genres. From examples $(x_i, y_i)$ we look for a function
#
# $$
# f_\theta : [0, 1]^{128 \times 128} \to \mathbb{R}^C,
# \qquad
# \hat{y}(x) = \operatorname*{arg\,max}_{c} \; f_\theta(x)_c ,
# $$
#
# which gives each genre a score. The genre with the highest score is the answer. The
# parameters $\theta$ are chosen on one part of the examples such that $\hat{y}(x_i) = y_i$
# as often as possible on *another* part, never seen before. The whole difficulty lies in this last
# half-sentence.
#
# ## One track, many images
#
# The paper reports {glue:text}`paper_support` test images of every genre. Yet a genre has only
# {glue:text}`paper_per_genre` tracks, and {glue:text}`share_test:.0%` of these, so it says, are for
# testing. So every track must have become {glue:text}`paper_images_per_track`
# {term}`images <image>`. How, it does not say. We know two readings, the **{term}`views <view>`**:
#
# - `copies`: the whole track squeezed into one image, and altered copies of this image;
# - `segments`: consecutive slices of the track, each an image of its own.
#
# The paper's figures show whole tracks, original and augmented. That speaks for `copies`, our
# default. {doc}`sec4a_preprocessing` shows both.
#
# ## Who is dealt where
#
# The images are dealt to three heaps: for training {glue:text}`share_train:.0%`, for validation
# {glue:text}`share_validation:.0%`, for the test {glue:text}`share_test:.0%`, each with the same
# mix of genres. But what is dealt? Again there are two readings, the
# **{term}`protocols <protocol>`**:
#
# - `image`: every image is dealt for itself;
# - `track`: a track is dealt with all its images.

# %% tags=["hide-input", "remove-output"]
tables = pd.concat(
    {
        name: make_dataset(store, settings.model_copy(update={"protocol": name})).table
        for name in ("image", "track")
    },
    names=["protocol"],
)
whole = tables.loc["track"].drop_duplicates("track_id").groupby("subset").head(2)
figures.show(
    "split",
    figures.split_diagram(
        {name: tables.loc[name] for name in ("image", "track")}, sorted(whole.track_id)
    ),
)

# %% [markdown]
# ```{glue:figure} split
# :name: fig-split
#
# The same tracks under both protocols. Under `image`, the images of one track are scattered over
# all heaps. Under `track`, they stay together.
# ```
#
# {numref}`fig-split` shows what this means. Under `image`, a track that is tested may also have
# been trained on, in another image. We count how many:

# %%
audited = pd.concat(
    {name: audit(tables.loc[name]) for name in ("image", "track")},
    names=["protocol"],
).reset_index("protocol")

# %% tags=["hide-input"]
figures.tabulate("leakage", audited, formats={"share": "{:.1%}"})

# %% [markdown]
# Under `image`, {glue:text}`shared_image:.0%` of the test tracks have images in the training set.
# Under `track` it is {glue:text}`shared_track:.0%`.
#
# The last column is about another leak ({term}`leakage`). A collection may hold the same recording
# twice, under two names. We find such pairs from their content, not from a list: {glue:text}`pairs`
# in this edition's corpus. Under `image`, {glue:text}`identical_image` test tracks have such a
# {term}`twin <twins>` in training, under `track` {glue:text}`identical_track`: there we deal twins
# as one. A recording that stands under two genres goes to training, since no answer to it could be
# called right.
#
# ## Which one did the paper use?
#
# The text does not tell. Its numbers do not, either: both protocols give the same counts.
# The order of its sections (first spectrograms, then the split, then augmentation) may be
# read as `track`. The test images, {glue:text}`paper_images_per_track` for each test track, are
# easier to explain by `image`: augmented copies are meant for training only, and yet
# they were tested. We run `image` as the reproduction and `track` as the honest test, and compare
# in {doc}`sec6_conclusion`, and in pictures in {doc}`what_does_84_mean`.
#
# ## What was found
#
# - The task: {glue:text}`images` images of {glue:text}`tracks` tracks, {glue:text}`genres` genres;
#   here {glue:text}`images_train` images for training, {glue:text}`images_validation` for
#   validation and {glue:text}`images_test` for the test.
# - The paper leaves open how a track becomes {glue:text}`paper_images_per_track` images, and
#   whether images or tracks are dealt.
# - This matters: {glue:text}`shared_image:.0%` of the test tracks are known from training under
#   `image`, {glue:text}`shared_track:.0%` under `track`.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
counts = pd.Series(store.labels).value_counts()
glue_numbers(
    corpus_note=figures.corpus_note(settings),
    settings_note=figures.settings_note(settings),
    tracks=len(store.track_ids),
    genres=len(store.genres),
    per_genre=" to ".join(str(count) for count in sorted({counts.min(), counts.max()})),
    seconds=store.images.shape[2] * store.frame_period,
    paper_tracks=paper.TRACKS,
    paper_genres=len(paper.TABLE_2),
    paper_per_genre=paper.TRACKS_PER_GENRE,
    paper_seconds=paper.CLIP_SECONDS,
)
shared = audited[(audited["first"] == "train") & (audited["second"] == "test")].set_index(
    "protocol"
)
sizes = tables.loc[settings.protocol]["subset"].value_counts()
glue_numbers(
    paper_support=paper.TABLE_2[0].support,
    paper_images_per_track=paper.implied_images_per_track(),
    images_per_track=settings.images_per_track,
    images=len(tables.loc["image"]),
    **{f"share_{name}": share for name, share in paper.SUBSET_SHARES.items()},
    **{f"images_{name}": sizes[name] for name in sizes.index},
    shared_image=shared["share"]["image"],
    shared_track=shared["share"]["track"],
    pairs=len(identical_tracks(store)),
    identical_image=shared["identical_tracks"]["image"],
    identical_track=shared["identical_tracks"]["track"],
)
