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
# # Look at the spectrograms
#
# **What you will learn.** What the network sees. Choose a genre and step through its tracks.
# Watch how one track becomes the images that are dealt to training, validation and test. See
# what each augmentation does to a picture.
#
# The controls work in this page as it stands. Nothing has to run behind it.

# %% tags=["parameters", "hide-input"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {}

# %% tags=["hide-input"]
from genre_lib import explorer, figures
from genre_lib.config import read_parameters, shareable
from genre_lib.spectrogram import open_store
from genre_lib.splits import make_dataset

settings = shareable(read_parameters(globals()))
store = open_store(settings)
dataset = make_dataset(store, settings)
first = str(dataset.table.track_id[dataset.table.subset == "test"].iloc[0])
figures.glue_numbers(
    corpus_note=figures.corpus_note(settings),
    settings_note=figures.settings_note(settings),
    track=first,
    images=settings.images_per_track,
    view=settings.view,
    protocol=settings.protocol,
)

# %% [markdown]
# {glue:text}`corpus_note` {glue:text}`settings_note` Where the rest of a book is about GTZAN, this
# page shows the demonstration corpus all the same: GTZAN has no licence to show so much of it.
#
# ## Tracks
#
# Time runs from left to right, pitch from bottom to top. Bright is loud. Steady horizontal lines
# are held notes; vertical lines are drums. Compare the gaps between the vertical lines of a dance
# genre with those of a slow one.

# %% tags=["remove-input"]
explorer.track_browser(store)

# %% [markdown]
# ## One track as the network gets it
#
# The view {glue:text}`view` makes {glue:text}`images` images of every track. Here are those of
# {glue:text}`track`. The title of each says where the protocol {glue:text}`protocol` dealt it. If
# the titles name more than one subset, the network meets this recording in training and again in
# the test.

# %% tags=["remove-input"]
explorer.image_browser(store, dataset, first)

# %% [markdown]
# ## Augmentations
#
# Section IV-A names four changes to the training pictures. Each draw is another roll of the dice.
# A horizontal flip plays the music backwards, which no recording does: the network is asked to
# find the genre all the same.

# %% tags=["remove-input"]
explorer.augmentation_browser(store, first, settings.augmentation)

# %% [markdown]
# **What was found.** Look for yourself: which genres can you tell apart, and how much alike are the
# images of one track? {doc}`sec5_evaluation` shows which genres the network takes for each other,
# and {doc}`sec6_conclusion` what it is worth to know a track from training.
