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
# **Does the network pick out a few moments when it names a genre?** No. In the {glue:text}`clips`
# composed songs below, no moment gets more than {glue:text}`peak:.1f` times an even share of the
# attention{glue:text}`no_spotlight`. Attention does not show where in the picture the network
# looks: it comes after an LSTM that has read the whole song, so every single moment already speaks
# for the genre of the whole{glue:text}`moments_agree`. Network and songs are a demonstration; they
# say nothing about recordings.
#
# Hear a song while a line runs over its spectrogram, and see what the network makes of each moment.
# Then change the picture as the training does, and as other settings would. The controls work in
# this page as it stands: nothing has to run behind it.

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

from genre_lib import explorer
from genre_lib.book.statements import glue_numbers, glue_settings, statements
from genre_lib.config import configure
from genre_lib.evaluation import accuracy_of
from genre_lib.predict import DEMONSTRATION, read_trained
from genre_lib.splits import split_images
from genre_lib.store import open_store

asked = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)
# GTZAN has no licence: a few figures of it are fine, a page full of spectrograms is not.
own = asked.protocol.replace("fault-filtered", "track")  # the lists are those of GTZAN
embedded = {"corpus": "synthetic", "protocol": own, "songs_per_genre": 40}
settings = asked.model_copy(update=embedded if asked.corpus == "gtzan" else {})
store = open_store(settings)
table = split_images(store, settings)
first = str(table.track_id[table.subset == "test"].iloc[0])
network = read_trained(DEMONSTRATION)
songs = explorer.new_songs(network)
clips = explorer.hear(songs, network)

# %% [markdown]
# ```{admonition} What this page was computed from
# :class: note
# The songs that you hear were composed by a program: the demonstration corpus, which anyone may
# play. GTZAN has no licence to publish so much of it. The pictures of views, augmentations and
# CutMix come from {glue:text}`corpus`, profile {glue:text}`profile`, protocol
# {glue:text}`protocol`, seed {glue:text}`seed`.
# ```
#
# ## Hear a song, see it, and see what the network makes of it
#
# Time runs from left to right, pitch from bottom to top. Bright is loud. Horizontal lines are long
# notes; vertical lines are drums. You hear the {glue:text}`heard:.0f` seconds between the dashed
# lines, and a click into the spectrogram leads there. To keep the page light, the sound is
# compressed: it lacks the highest notes that the picture shows.
#
# The rows below share the time axis. The network reads a picture in {glue:text}`moments` moments.
# *Attention* is how much of what a moment contains reaches the others. The dashed line is an even
# share, and the number at the right says how many even shares the peak is. Then come the genres
# that the network finds most probable, and the right one: how probable each would be if that moment
# alone had to decide, from impossible to certain. The number at the right is for the whole song.
#
# The network learned from other songs of this corpus. It is right for {glue:text}`known:.0%`
# ({glue:text}`known_low:.0%` to {glue:text}`known_high:.0%`) of {glue:text}`tested` test songs,
# those below among them; guessing would be right for {glue:text}`chance:.0%`.

# %% tags=["remove-input"]
explorer.player(clips)

# %% [markdown]
# ## Real music
#
# An edition about recordings shows one track of each genre here: the first that the split leaves
# for the test. There is nothing to hear, for to play recordings takes a licence. The network that
# comes with this project learned from other recordings of GTZAN. It names
# {glue:text}`real_right` of these {glue:text}`real` tracks rightly{glue:text}`real_shown`.

# %% tags=["hide-input"]
recordings = [] if asked.corpus == "synthetic" else explorer.look(open_store(asked), read_trained())
explorer.player(recordings) if recordings else None

# %% [markdown]
# ## One track as the network gets it
#
# Each view makes {glue:text}`images` images of a track. Here are those of {glue:text}`track`. The
# title says to which subset the protocol {glue:text}`protocol` assigns each. Where a view shows
# more than one subset, the network meets this recording in training and again in the test:
# {doc}`what_does_84_mean` says what that is worth.

# %% tags=["remove-input"]
explorer.view_browser(store, settings, first)

# %% [markdown]
# ## Augmentations
#
# Section IV-A names four changes to the training pictures. Each draw takes other random numbers. A
# horizontal flip plays the music backwards ({doc}`sec4a_preprocessing`).

# %% tags=["remove-input"]
explorer.augmentation_browser(store, first, settings.augmentation)

# %% [markdown]
# ## CutMix
#
# Section IV-C pastes a box of one picture into another, and mixes the labels by area. Slide the box
# to the edge: what lies outside is cut off, and the label follows what is left. A small box may
# hide the very drum or voice by which you would have known the genre, and yet the label changes by
# its area alone.

# %% tags=["remove-input"]
explorer.cutmix_mixer(store, store.firsts)

# %% [markdown]
# ## Mel bands and the dB floor
#
# Two choices decide what can be seen at all: the number of mel bands, which the paper gives, and
# the dB floor, which it does not. With few bands,
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
# In Jupyter, remove the # before one of these and run the cell:
# explorer.spectrogram()
# explorer.augmentation()
# explorer.prediction("song.mp3")

# %% [markdown]
# Each call works in any notebook whose Python knows `genre_lib`, after
# `from genre_lib import explorer`. To open this very page, say in the project's environment
# ({doc}`rerun` shows how to make it):
#
# ```bash
# pip install jupyterlab
# jupyter lab book/explorer.ipynb
# ```
#
# ## What was found
#
# - The demonstration network names {glue:text}`right` of the {glue:text}`clips` songs rightly.
# - Its attention is spread over the whole song. By the time the network decides, LSTM and attention
#   have brought each moment what the others contain, so that
#   {glue:text}`steadiness:.0%` of the moments agree with the answer.
# - {doc}`sec5_evaluation` shows which genres the network takes for each other, and
#   {doc}`sec6_conclusion` what it is worth to know a track from training.
#
# ## Exercises
#
# (exercise-second)=
# **Who comes second?** For each song, which genre is the second most probable? Listen again: do you
# hear what the two have in common?

# %% tags=["hide-cell"]
rows = []
for clip in clips:
    first_place, second_place = clip.seen.whole.argsort()[::-1][:2]
    rows.append({
        "song": clip.track_id,
        "first": clip.genres[first_place],
        "probability": clip.seen.whole[first_place],
        "second": clip.genres[second_place],
        "its probability": clip.seen.whole[second_place],
    })  # fmt: skip
pd.DataFrame(rows).round(2)

# %% [markdown]
# (exercise-even)=
# **How even is attention?** In each song, which share of the attention goes to the tenth of the
# moments that get most of it? An even share would be a tenth.

# %% tags=["hide-cell"]
shares = {}
for clip in clips:
    most = np.sort(clip.seen.attention)[::-1]
    shares[clip.track_id] = most[: len(most) // 10].sum() / most.sum()
pd.Series(shares).round(2)

# %% [markdown]
# (exercise-box)=
# **A box at the edge.** CutMix puts the centre of its box anywhere in the picture, and cuts off
# what lies outside. A box is to cover half of the picture. Which share does it cover on average?

# %% tags=["hide-cell"]
rng, side = np.random.default_rng(0), np.sqrt(0.5)
centre = rng.random((100_000, 2))  # the picture is a square of side one
sides = np.minimum(centre + side / 2, 1) - np.maximum(centre - side / 2, 0)
sides.prod(axis=1).mean().round(3)

# %% tags=["hide-input"]
# In each clip, the share of the moments that speak for the genre that the network names.
steadiness = [(clip.seen.probabilities.argmax(1) == clip.seen.whole.argmax()).mean()
              for clip in clips]  # fmt: skip
glue_settings(settings)
glue_numbers(
    track=first,
    images=settings.images_per_track,
    clips=len(clips),
    right=sum(clip.answer == clip.genre for clip in clips),
    known=accuracy_of(network.answers),
    tested=network.test_accuracy["count"],
    chance=1 / len(network.genres),
    heard=clips[0].length,
    moments=len(clips[0].seen.attention),
    peak=max(clip.peak for clip in clips),
    steadiness=sum(steadiness) / len(clips),
    real=len(recordings),
    real_right=sum(track.answer == track.genre for track in recordings),
)
statements(
    no_spotlight=max(clip.peak for clip in clips) < 3,
    moments_agree=min(steadiness) == 1,
    real_shown=len(recordings) == len(store.genres),
)

# %% tags=["hide-input", "remove-output"]
# What `genre-book predict` says about a minute of composed music, for the page *Your own song*.
from html import escape

import myst_nb
from IPython.display import HTML

from genre_lib.book import figures
from genre_lib.corpus import Upload
from genre_lib.corpus.synthetic.songs import load_song
from genre_lib.explorer.drawing import encoded
from genre_lib.predict import header, predict_file, report

trained = read_trained()
rate = trained.recipe.sample_rate
minute = np.concatenate([load_song(genre, 0, 0, rate) for genre in ("classical", "metal")])
file = encoded(minute, rate, format="WAV", subtype="FLOAT")
answer = predict_file(Upload("my song.flac", file), trained)
printed = f"{header(trained)}\n\n{report(answer)}"
block = f'<pre style="white-space: pre-wrap">{escape(printed)}</pre>'
myst_nb.glue("own_song", HTML(block), display=False)

# How often the network is right about recordings that are short, narrow-band or late.
rows = pd.DataFrame(trained.hearing["rows"]).set_index("change")
columns = {
    "right": rows.right / rows.tracks,
    "from": rows.low,
    "to": rows.high,
    "of": rows.tracks,
}
shown = pd.DataFrame(columns).rename_axis("tracks").reset_index()
percents = dict.fromkeys(("right", "from", "to"), "{:.0%}")
myst_nb.glue("hearing", figures.tabulate("hearing", shown, formats=percents), display=False)
glue_numbers(
    unlike_tracks=int(rows.tracks.iloc[0]),
    unlike_whole=int(rows.right["30 s, as they are"]),
    unlike_short=int(rows.right["clips of 3 s"]),
    unlike_narrow=int(rows.right["at 8 kHz"]),
    unlike_clipped=int(rows.right["ten times the gain, clipped"]),
)
statements(
    short_is_worse=rows.right["clips of 3 s"] < rows.right["30 s, as they are"],
    narrow_is_worse=rows.right["at 8 kHz"] < rows.right["30 s, as they are"],
    clipping_is_worst=rows.right.idxmin() == "ten times the gain, clipped",
    silence_costs_nothing=rows.right["after 60 s of silence"] == rows.right["30 s, as they are"],
)


# The solutions of that page's exercises.
def moved_by(samples):
    """How far a changed recording moves a probability of the answer at most, in points."""
    changed = Upload("changed.wav", encoded(samples, rate, format="WAV", subtype="FLOAT"))
    again = predict_file(changed, trained).probabilities
    return 100 * max(abs(again[genre] - share) for genre, share in answer.probabilities.items())


hiss = minute.std() / 10 * np.random.default_rng(0).standard_normal(len(minute))
named = trained.answers.y_pred == answer.genre
glue_numbers(
    own_genre=answer.genre,
    own_first=answer.windows[0].genre,
    own_last=answer.windows[-1].genre,
    own_named=int(named.sum()),
    own_right=int((trained.answers.y_true[named] == answer.genre).sum()),
    own_share=trained.test_accuracy["share"],
    shake_gain=moved_by(minute / 2),
    shake_hiss=moved_by(minute + hiss),
    shake_shift=moved_by(minute[rate // 10 :]),
)
