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
# # IV-A. Data preprocessing and augmentation
#
# **How does sound become a picture, and what is lost on the way?** Sound is a wave: air pressure,
# written down as a number {glue:text}`sample_rate:,d` times a second. In this form a melody is hard
# to see. A **{term}`mel spectrogram`** shows it: time from left to right, pitch from bottom to top,
# loudness as brightness.
#
# **Little is lost by eight bits, much by few columns.** Written as a gray picture with one byte a
# point, each level is off by {glue:text}`error:.2f` dB at most, half a step from gray to
# gray{glue:text}`rounding_only`. But the network reads squares of 128 x 128 points, so a track of
# {glue:text}`seconds:.0f` seconds keeps one column for every {glue:text}`column_ms:.0f`
# milliseconds.
#
# ```{glue:figure} steps
# :name: fig-steps
#
# Without decibels one sees little but the loudest tones; with them the quiet parts appear. From top
# to bottom: the wave, the power in mel bands, the same in decibels.
# ```

# %% tags=["parameters", "hide-input"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {}

# %% tags=["hide-input"]
import librosa
import numpy as np
import pandas as pd

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers, glue_settings, statements
from genre_lib.config import configure
from genre_lib.corpus import find_corpus
from genre_lib.corpus.synthetic.songs import synthetic_corpus
from genre_lib.spectrogram import mel_decibels, to_decibels, to_gray
from genre_lib.store import open_store

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)

# %% [markdown]
# ```{admonition} What this page was computed from
# :class: note
# The spectrograms are those of {glue:text}`corpus`, profile {glue:text}`profile`. The wave in
# {numref}`fig-steps` is {glue:text}`track_id`. For the published pages, where GTZAN is stored
# without sound, that is a composed song; GTZAN's first track, in the later figures, happens to
# have the same name. Nothing is trained here.
# ```
#
# ## From the wave to decibels
#
# We take one track of sound, and make its spectrogram in the three steps of {numref}`fig-steps`,
# with librosa {cite:p}`mcfee2015librosa`.

# %%
track = (find_corpus(settings).tracks or synthetic_corpus(1).tracks)[0]
spectrogram = settings.spectrogram
samples = track.load(spectrogram.sample_rate)
length = round(spectrogram.seconds * spectrogram.sample_rate)
audio = librosa.util.fix_length(samples, size=length)

power = np.abs(librosa.stft(audio, n_fft=spectrogram.n_fft, hop_length=spectrogram.hop_length)) ** 2
mel = librosa.feature.melspectrogram(
    S=power,
    sr=spectrogram.sample_rate,
    n_mels=spectrogram.n_mels,
    fmin=spectrogram.fmin,
    fmax=spectrogram.fmax,
)
by_hand = librosa.power_to_db(mel, ref=np.max, top_db=spectrogram.top_db)
by_hand.shape

# %% [markdown]
# 1. A window of {glue:text}`n_fft` samples ({term}`n_fft`) slides along the wave in steps of
#    {glue:text}`hop_length` (the {term}`hop length`). In each position a Fourier transform finds
#    which frequencies are there, and how strong.
# 2. The frequencies are gathered in {glue:text}`n_mels` **{term}`mel bands <mel band>`**: narrow
#    for low tones, wide for high ones, much as our ears do it {cite:p}`stevens1937mel`. The paper
#    uses {glue:text}`paper_mels`, too.
# 3. The power in a band is turned into **{term}`decibels <decibel>`** below the loudest point.
#    Whatever is more than {glue:text}`top_db:.0f` dB below it becomes black.
#
# The library does the same in one call, to within {glue:text}`by_hand_difference:.0e` dB:

# %%
decibels = mel_decibels(audio, spectrogram)
np.abs(decibels - by_hand).max()

# %% tags=["hide-input", "remove-output"]
figures.show("steps", figures.audio_to_decibels(audio, spectrogram))

# %% [markdown]
# ## Eight bits are enough
#
# The spectrograms are saved as gray pictures, as in the paper. A byte has few values, so each level
# is rounded to the nearest gray: it can be wrong by half a step, {glue:text}`half:.4f` dB.

# %%
gray = to_gray(decibels, top_db=spectrogram.top_db)
restored = to_decibels(gray, top_db=spectrogram.top_db)
error = np.abs(restored - decibels).max()
error

# %% [markdown]
# {numref}`fig-original` is our counterpart of the paper's Figure 1: a whole track as it is stored,
# in {glue:text}`frames` columns. The stored spectrograms of GTZAN have about every third of the
# columns that the steps above give ({doc}`data_and_licences`); the network reads far fewer.

# %% tags=["hide-input", "remove-output"]
store = open_store(settings)
figures.show("figure_1", figures.figure_1(store, store.track_ids[0]))

# %% [markdown]
# ```{glue:figure} figure_1
# :name: fig-original
#
# Beats, tones and pauses of a whole track can be seen. Figure 1 of the paper, with our data.
# ```
#
# ## Augmentation
#
# A network that sees the same pictures in every epoch may learn them by heart. So it gets altered
# ones ({term}`augmentation`) {cite:p}`shorten2019augmentation,cubuk2020randaugment`. The paper
# names four alterations, but not how strong they are. Ours are mild, and made with albumentations
# {cite:p}`buslaev2020albumentations`.

# %% tags=["hide-input", "remove-output"]
figures.show(
    "augmentations", figures.augmentations(store, store.track_ids[0], settings.augmentation)
)

# %% [markdown]
# ```{glue:figure} augmentations
# :name: fig-augmentations
#
# All alterations leave the track recognisable, and one of them reverses time. The original, and
# each augmentation alone.
# ```
#
# What do they mean for the ear? Go through {numref}`fig-augmentations`:
#
# - **Random crop** keeps a part and stretches it: a slightly different tempo, and tones that are
#   shifted or spread.
# - **Horizontal flip** plays the song backwards. No listener would call this the same music, and a
#   dying tone becomes a swelling one. The paper lists it nonetheless, so we keep it.
# - **Brightness and contrast** change the overall level and the dynamics.
# - **Gaussian noise** is a hiss over everything.
#
# {numref}`fig-augmented` applies all of them at once, like Figure 2 of the paper.

# %% tags=["hide-input", "remove-output"]
figures.show("figure_2", figures.figure_2(store, store.track_ids[0], settings.augmentation))

# %% [markdown]
# ```{glue:figure} figure_2
# :name: fig-augmented
#
# What the network gets is much coarser than what is stored. Figure 2 of the paper, with our data:
# the track of {numref}`fig-original` after augmentation, at the size that the network reads.
# ```
#
# ## CutMix: two songs in one picture
#
# {term}`CutMix` {cite:p}`yun2019cutmix` cuts a box out of one picture and pastes it into another.
# The label is mixed, too: if a fifth of the area comes from elsewhere, a fifth of the label does.
# The network can no longer rely on one telling spot ({numref}`fig-cutmix`). {doc}`sec4c_training`
# checks its loss.

# %% tags=["hide-input", "remove-output"]
figures.show("cutmix", figures.cutmix_pair(store, (store.track_ids[0], store.track_ids[-1])))

# %% [markdown]
# ```{glue:figure} cutmix
# :name: fig-cutmix
#
# Each genre's share of the label is its share of the area. CutMix pastes a box of one track into
# another.
# ```
#
# ## Two views of a track
#
# {doc}`sec3_problem` explains why a track must become several images, and that the paper does not
# say how. The view `copies` shows the whole track each time ({numref}`fig-copies`). The view
# `segments` cuts it into slices: each shows less music, but in finer detail
# ({numref}`fig-segments`).

# %% tags=["hide-input", "remove-output"]
chosen = settings.model_copy(update={"view": "copies"})
figures.show("copies", figures.track_images(store, store.track_ids[0], chosen))

# %% [markdown]
# ```{glue:figure} copies
# :name: fig-copies
#
# Copies of a track look nearly the same. The view `copies`: the original first, then altered copies
# of the whole track.
# ```

# %% tags=["hide-input", "remove-output"]
chosen = settings.model_copy(update={"view": "segments"})
figures.show("segments", figures.track_images(store, store.track_ids[0], chosen))

# %% [markdown]
# ```{glue:figure} segments
# :name: fig-segments
#
# Slices of a track differ as the music does. The view `segments`: consecutive slices.
# ```
#
# ## What was found
#
# - One byte a point costs at most {glue:text}`error:.2f` dB; to squeeze a track into the few
#   columns that the network reads costs far more.
# - The paper's augmentations are easy to run, but their strengths had to be chosen, and one of
#   them plays the music backwards.
# - Each of the {glue:text}`images_per_track` images of a track covers
#   {glue:text}`seconds_copies:.1f` seconds in the view `copies` and
#   {glue:text}`seconds_segments:.1f` seconds in the view `segments`.
#
# ## Exercises
#
# (exercise-floor)=
# **A darker picture.** Which share of the points of the spectrogram is black? And which would be,
# if black began only half as many decibels below the loudest point?

# %% tags=["hide-cell"]
pd.Series(
    {limit: (decibels <= -limit).mean() for limit in (spectrogram.top_db, spectrogram.top_db / 2)}
)

# %% [markdown]
# (exercise-backwards)=
# **Backwards.** Which simple statistics of a spectrogram stay the same when time is reversed? Why
# does a method that uses only these not mind the flip?

# %% tags=["hide-cell"]
# Means and spreads do not depend on the order of the columns.
image = store.decibels(0)
flipped = image[:, ::-1]
pd.Series(
    {
        "mean of each band": np.allclose(image.mean(1), flipped.mean(1), atol=1e-3),
        "spread of each band": np.allclose(image.std(1), flipped.std(1), atol=1e-3),
        "mean change": np.allclose(np.diff(image).mean(1), np.diff(flipped).mean(1), atol=1e-3),
    }
)

# %% [markdown]
# (exercise-finer-time)=
# **Finer time.** Halve the hop length. How many columns has the spectrogram, and does its loudest
# band stay the same?

# %% tags=["hide-cell"]
finer = mel_decibels(
    audio, spectrogram.model_copy(update={"hop_length": spectrogram.hop_length // 2})
)
finer.shape, int(decibels.mean(1).argmax()), int(finer.mean(1).argmax())

# %% tags=["hide-input", "remove-output"]
# The numbers in the text, and a check of what it says about them.
seconds = store.seconds
glue_settings(settings)
glue_numbers(
    track_id=track.track_id,
    error=error,
    half=spectrogram.top_db / 255 / 2,
    by_hand_difference=np.abs(decibels - by_hand).max(),
    paper_mels=paper.N_MELS,
    frames=store.images.shape[2],
    column_ms=1000 * seconds / 128,
    images_per_track=settings.images_per_track,
    seconds_copies=seconds,
    seconds_segments=seconds / settings.images_per_track,
    **spectrogram.model_dump(),
)
statements(rounding_only=error <= spectrogram.top_db / 255 / 2 * 1.001)
