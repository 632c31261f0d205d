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
# **What you will learn.** How sound becomes a picture that a network can read, step by step, and
# how much is lost on the way. Then you see what each augmentation does to such a picture, and
# which of them make musical sense.

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

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import configure
from genre_lib.corpus import find_corpus
from genre_lib.corpus.songs import synthetic_corpus
from genre_lib.spectrogram import fit_length, mel_decibels, to_decibels, to_gray
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
# ## From sound to picture
#
# Sound is a wave: air pressure that goes up and down, {glue:text}`sample_rate` times a second
# written down as a number. In this form, a melody is hard to see. A **{term}`mel spectrogram`**
# shows it: time runs from left to right, pitch from bottom to top, and brightness is loudness. We
# make one from {glue:text}`track_id`, {glue:text}`track_origin`, with librosa
# {cite:p}`mcfee2015librosa`.

# %%
track = (find_corpus(settings).tracks or synthetic_corpus(1).tracks)[0]
spectrogram = settings.spectrogram
samples = track.load(spectrogram.sample_rate)
audio = fit_length(samples, round(spectrogram.seconds * spectrogram.sample_rate))
decibels = mel_decibels(audio, spectrogram)
decibels.shape

# %% [markdown]
# Three steps lie behind `mel_decibels`, and {numref}`fig-steps` shows them.
#
# 1. A window of {glue:text}`n_fft` samples ({term}`n_fft`) slides along the wave in steps of
#    {glue:text}`hop_length` (the {term}`hop length`). In each position a Fourier transform tells
#    which frequencies are there, and how strong.
# 2. The frequencies are gathered in {glue:text}`n_mels` **{term}`mel bands <mel band>`**: narrow
#    for low tones, wide for high ones, much as our ears do it {cite:p}`stevens1937mel`. The paper
#    uses {glue:text}`paper_mels`.
# 3. The power in a band is turned into **{term}`decibels <decibel>`** below the loudest point.
#    Without this step one sees little but the loudest tones. Whatever is more than
#    {glue:text}`top_db:.0f` dB down becomes black.

# %% tags=["hide-input", "remove-output"]
figures.show("steps", figures.audio_to_decibels(audio, spectrogram))

# %% [markdown]
# ```{glue:figure} steps
# :name: fig-steps
#
# From the wave to the picture. The last step makes the quiet parts visible.
# ```
#
# ## Eight bits are enough
#
# The spectrograms are saved as gray pictures with one byte a point, as in the paper. A byte has few
# values, so each level is rounded. How wrong can it be? At most half of the distance between
# two grays. We look:

# %%
gray = to_gray(decibels, top_db=spectrogram.top_db)
restored = to_decibels(gray, top_db=spectrogram.top_db)
error = np.abs(restored - decibels).max()

# %% [markdown]
# The largest error is {glue:text}`error:.4f` dB, half a gray level is {glue:text}`half:.4f` dB: the
# bound {glue:text}`error_verdict`. Nobody hears such a difference, and the network is later shown
# far larger ones on purpose.
#
# ## Figure 1: an original
#
# {numref}`fig-original` is our counterpart of Figure 1, a whole track of {glue:text}`frames`
# columns.

# %% tags=["hide-input", "remove-output"]
store = open_store(settings)
figures.show("figure_1", figures.figure_1(store, store.track_ids[0]))

# %% [markdown]
# ```{glue:figure} figure_1
# :name: fig-original
#
# Figure 1 of the paper, with our data: the original mel spectrogram of a whole track.
# ```
#
# ## Augmentation: the same, but different
#
# A network that sees the same pictures in every epoch may learn them by heart. So it is shown
# altered ones ({term}`augmentation`) {cite:p}`shorten2019augmentation,cubuk2020randaugment`. The
# paper names four alterations, but not how strong they are. Ours are mild, and made with
# albumentations {cite:p}`buslaev2020albumentations`:

# %%
settings.augmentation.model_dump()

# %% tags=["hide-input", "remove-output"]
figures.show(
    "augmentations", figures.augmentations(store, store.track_ids[0], settings.augmentation)
)

# %% [markdown]
# ```{glue:figure} augmentations
# :name: fig-augmentations
#
# Each augmentation alone, and all of them together.
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
# Figure 2 of the paper, with our data: the same track after augmentation, at the size that the
# network sees.
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
# CutMix pastes a box of one track into another. The title of the last picture gives the weights of
# both labels.
# ```
#
# ## Two views of a track
#
# The network reads squares of 128 x 128 points. {doc}`sec3_problem` explained why a track must
# become several of them, and that the paper does not say how. The first view repeats the whole
# track with alterations ({numref}`fig-copies`). The second cuts it into slices. Each shows less
# music, but in finer detail ({numref}`fig-segments`).

# %% tags=["hide-input", "remove-output"]
chosen = settings.model_copy(update={"view": "copies"})
figures.show("copies", figures.track_images(store, store.track_ids[0], chosen))

# %% [markdown]
# ```{glue:figure} copies
# :name: fig-copies
#
# The view `copies`: the original and augmented copies, all of the whole track.
# ```

# %% tags=["hide-input", "remove-output"]
chosen = settings.model_copy(update={"view": "segments"})
figures.show("segments", figures.track_images(store, store.track_ids[0], chosen))

# %% [markdown]
# ```{glue:figure} segments
# :name: fig-segments
#
# The view `segments`: consecutive slices of the track.
# ```

# %% [markdown]
# ## What was found
#
# - A track of sound becomes a picture of {glue:text}`n_mels` mel bands and {glue:text}`frames`
#   columns. Saving it with one byte a point costs at most {glue:text}`error:.2f` dB.
# - The paper's augmentations are easy to run, but their strengths had to be chosen, and one of
#   them plays the music backwards.
# - Each of the {glue:text}`images_per_track` images of a track covers
#   {glue:text}`seconds_copies:.1f` seconds in the view `copies` and
#   {glue:text}`seconds_segments:.1f` seconds in the view `segments`.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
glue_numbers(
    corpus_note=figures.corpus_note(settings),
    settings_note=figures.settings_note(settings),
    track_id=track.track_id,
    track_origin=(
        "a track of this corpus"
        if find_corpus(settings).tracks
        else "a composed song, because this corpus is a store of spectrograms without audio"
    ),
)
glue_numbers(
    error=error,
    half=spectrogram.top_db / 255 / 2,
    error_verdict="holds" if error <= spectrogram.top_db / 255 / 2 * 1.001 else "does not hold",
    paper_mels=paper.N_MELS,
    frames=store.images.shape[2],
    **spectrogram.model_dump(),
)
seconds = pd.Series({"copies": store.images.shape[2] * store.frame_period})
seconds["segments"] = seconds["copies"] / settings.images_per_track
glue_numbers(
    images_per_track=settings.images_per_track,
    **{f"seconds_{name}": length for name, length in seconds.items()},
)
