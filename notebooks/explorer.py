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
# **What you will learn.** What the network sees, and what it makes of it. Hear a song while a line
# runs over its spectrogram. See at which moments the network pays attention, and which genre each
# moment speaks for. Change the picture as the training does, and as other settings would.
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
from genre_lib import explorer
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import configure, shareable
from genre_lib.predict import DEMONSTRATION, read_trained
from genre_lib.splits import split_images
from genre_lib.store import open_store

asked = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)
settings = shareable(asked)
store = open_store(settings)
table = split_images(store, settings)
first = str(table.track_id[table.subset == "test"].iloc[0])
network = read_trained(DEMONSTRATION)
songs = explorer.new_songs(network)
clips = explorer.hear(songs, network)
glue_numbers(
    shown="the same corpus" if settings.corpus == "synthetic" else f"the corpus {store.name!r}",
    settings_note=figures.settings_note(settings),
    track=first,
    images=settings.images_per_track,
    protocol=settings.protocol,
    clips=len(clips),
    right=sum(clip.right for clip in clips),
    known=str(network.about.answers),
    tested=network.about.answers.count,
    chance=1 / len(network.about.genres),
    heard=clips[0].length,
    moments=len(clips[0].seen.attention),
    peak=max(clip.peak for clip in clips),
    steadiness=sum(clip.steadiness for clip in clips) / len(clips),
)

# %% [markdown]
# What you hear was composed by a program, not recorded: the demonstration corpus, which anyone may
# play. GTZAN has no licence to publish so much of it. The pictures of views, augmentations and
# CutMix come from {glue:text}`shown`. {glue:text}`settings_note`
#
# ## Hear a song, see it, and see what the network makes of it
#
# Time runs from left to right, pitch from bottom to top. Bright is loud. Steady horizontal lines
# are held notes; vertical lines are drums. You hear the {glue:text}`heard:.0f` seconds between the
# dashed lines. A click into the spectrogram leads there. To keep the page light, the sound is
# compressed: it lacks the highest notes that the picture shows.
#
# The rows below share its time axis. The network reads a picture in {glue:text}`moments` moments.
# *Attention* is how much of what a moment holds reaches the others. The dashed line is an even
# share, and the number at the right says how many even shares the peak is. Then come the genres
# that the network finds most probable, and the right one: how probable each would be if that moment
# alone had to decide, from impossible to certain. The number at the right is for the whole song.
#
# The network learned from other songs of this corpus. It is right for {glue:text}`known` of
# {glue:text}`tested` songs that it never met; guessing would be right for {glue:text}`chance:.0%`.
# All songs below are among them.

# %% tags=["remove-input"]
explorer.player(clips)

# %% tags=["hide-input"]
trained = read_trained()
recordings = None if asked.corpus == "synthetic" else open_store(asked)
real = explorer.look(recordings, trained) if recordings else []
if recordings is None:
    real_note = "This edition is about composed music only. An edition about recordings shows them."
elif real:
    real_note = (
        f"One track of each genre of {recordings.name}: the first that the split leaves for the "
        "test. The network that comes with this project, trained on the recordings of "
        f"{trained.about.corpus}, names {sum(clip.right for clip in real)} of these {len(real)} "
        "rightly. There is nothing to hear: to play recordings takes a licence."
    ).replace("gtzan", "GTZAN")
else:
    real_note = "The network that comes with this project knows spectrograms of another kind only."
glue_numbers(real_note=real_note)

# %% [markdown]
# ## Real music
#
# {glue:text}`real_note`

# %% tags=["remove-input"]
explorer.player(real) if real else None

# %% [markdown]
# ## One track as the network gets it
#
# Each view makes {glue:text}`images` images of a track. Here are those of {glue:text}`track`. The
# title says where the protocol {glue:text}`protocol` deals each. If one view shows more than one
# subset, the network meets this recording in training and again in the test:
# {doc}`what_does_84_mean` says what that is worth.

# %% tags=["remove-input"]
explorer.view_browser(store, settings, first)

# %% [markdown]
# ## Augmentations
#
# Section IV-A names four changes to the training pictures. Each draw is another roll of the dice.
# A horizontal flip plays the music backwards, which no recording does: the network is asked to
# find the genre all the same.

# %% tags=["remove-input"]
explorer.augmentation_browser(store, first, settings.augmentation)

# %% [markdown]
# ## CutMix
#
# Section IV-C pastes a box of one picture into another, and mixes the labels by area. Slide the
# box to the edge: what lies outside is cut off, and the label follows what is left. A small box
# may hide the very drum or voice by which you would have known the genre. The label does not know.

# %% tags=["remove-input"]
explorer.cutmix_mixer(store, store.firsts)

# %% [markdown]
# ## Mel bands and the dB floor
#
# The paper's pictures leave two choices open that decide what can be seen at all. With few bands,
# notes melt into each other. With a high floor, all that is soft becomes black; with a low one,
# hiss and room come up. The clip is computed anew from its sound for each position.

# %% tags=["remove-input"]
audio = songs[0].load(settings.spectrogram.sample_rate)
explorer.resolution_browser(audio, settings.spectrogram, title=songs[0].track_id)

# %% [markdown]
# ## With a kernel
#
# What this page shows was drawn beforehand. Where Python runs behind it, three more instruments
# compute what you ask for: a spectrogram whose every parameter moves freely, the augmentations
# with strengths of your choice, and the genre of a recording, moment by moment. They take your own
# files too, by their path or as an upload. Nothing is recorded: no file is written, and an upload
# is forgotten as soon as you choose something else.

# %%
from genre_lib import explorer

# In Jupyter, remove the # before one of these and run the cell:
# explorer.spectrogram()
# explorer.augmentation()
# explorer.prediction("song.mp3")

# %% [markdown]
# Each call works in any notebook whose Python knows `genre_lib`. To open this very page, say in the
# project's environment ({doc}`rerun` tells how to make it):
#
# ```bash
# pip install jupyterlab
# jupyter lab book/explorer.ipynb
# ```
#
# The repository has an `environment.yml`, from which Binder makes such an environment in a browser.

# %% [markdown]
# ## What was found
#
# The demonstration network names {glue:text}`right` of the {glue:text}`clips` songs above rightly.
# Its attention is no spotlight: the highest peak is {glue:text}`peak:.1f` even shares. On average
# {glue:text}`steadiness:.0%` of a song's moments speak for the genre that the song as a whole is
# given. By the time the network decides, LSTM and attention have told each moment of the others:
# what it says is owed to the whole picture rather than to one spot.
# {doc}`sec5_evaluation` shows which genres the network takes for each other, and
# {doc}`sec6_conclusion` what it is worth to know a track from training.
