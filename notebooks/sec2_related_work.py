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
# # II. Related work
#
# **What you will learn.** How genres were recognised before deep networks, and how well that works
# on the very same pictures that our network sees. On the way you meet a trap that has nothing to do
# with networks: the way test examples are chosen.

# %% tags=["parameters", "hide-input"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {}

# %% tags=["hide-input"]
import pandas as pd

from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import configure
from genre_lib.evaluation import accuracy_difference, accuracy_of
from genre_lib.handcrafted import baseline, mfcc_statistics
from genre_lib.runs import get_run
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
# ## Three ways to listen
#
# **By hand.** The first systems measured what experts thought worth measuring: timbre, rhythm,
# pitch {cite:p}`tzanetakis2002genre,lidy2005features`. Such features are quick, and one can say
# what they mean. What nobody thought of, they miss.
#
# **By learning.** {cite:t}`dieleman2014endtoend` trained convolutional networks on spectrograms and
# on the raw wave. {cite:t}`choi2016tagging` tagged large collections with such networks. The paper
# lists the latter work among those on attention; it describes a convolutional network.
#
# **By attending.** Self-attention compares every moment of a sequence with every other
# {cite:p}`vaswani2017attention`. So the end of a song can refer directly to its beginning. The
# paper puts it behind the recurrent layer.
#
# ## The first way, tried out
#
# Timbre is often described by *mel-frequency cepstral coefficients*, {term}`MFCCs <MFCC>`
# {cite:p}`logan2000mfcc`. The idea: look at one column of the mel spectrogram as a curve, and
# describe the curve by a few cosine waves. The slow waves tell the overall colour of the sound.
#
# We take the coefficients of every column and keep their mean and spread over time, and the same
# of their changes from column to column. A whole track becomes one short list of numbers:

# %% tags=["remove-output"]
store = open_store(settings)

# %%
mfcc_statistics(store.decibels(0)).shape

# %% [markdown]
# A {term}`support vector machine` {cite:p}`cortes1995support` then learns to tell the lists apart,
# as scikit-learn has it {cite:p}`pedregosa2011sklearn`. Its
# settings are fixed: nothing was tuned on any result of this book.

# %%
print(baseline())

# %% [markdown]
# ## The same pictures, four ways
#
# A fair comparison gives both methods the same input. So the baseline gets exactly the images
# that the network gets, with the same split. Two choices matter; {doc}`sec3_problem` explains
# them at leisure.
#
# - The **{term}`view`**: `copies` are the whole track and altered copies of it, `segments` are
#   consecutive slices of it.
# - The **{term}`protocol`**: under `image`, single images are dealt to training and test; under
#   `track`, whole tracks are.


# %% tags=["remove-output"]
def tested(view, protocol):
    chosen = {"method": "handcrafted", "view": view, "protocol": protocol}
    return get_run(settings.model_copy(update=chosen)).predictions


predictions = pd.concat(
    {
        (view, protocol): tested(view, protocol)
        for view in ("copies", "segments")
        for protocol in ("image", "track")
    },
    names=["view", "protocol"],
)
table = pd.DataFrame(
    {"view": view, "protocol": protocol, **accuracy_of(group)}
    for (view, protocol), group in predictions.groupby(["view", "protocol"])
)

# %% tags=["hide-input"]
figures.tabulate("baseline", table, formats=dict.fromkeys(("accuracy", "low", "high"), "{:.1%}"))

# %% tags=["hide-input", "remove-output"]
rows = table.assign(label="view " + table["view"], series="protocol " + table["protocol"])
figures.show("baseline", figures.comparison(rows, chance=1 / len(store.genres)))

# %% [markdown]
# ```{glue:figure} baseline
# :name: fig-baseline
#
# The baseline's accuracy in each view, when single images or whole tracks are dealt.
# ```
#
# Look at {numref}`fig-baseline`. Within a view nothing changes between the two dots but the
# dealing. In the view `copies`, dealing single images gives {glue:text}`copies_image:.1%`, dealing
# whole tracks {glue:text}`copies_track:.1%`: the first is {glue:text}`copies_change:.1f` points
# {glue:text}`copies_direction`, {glue:text}`copies_clear`. In the view `segments` it is
# {glue:text}`segments_image:.1%` against {glue:text}`segments_track:.1%`:
# {glue:text}`segments_change:.1f` points {glue:text}`segments_direction`,
# {glue:text}`segments_clear`.
#
# How can dealing matter at all? Under `image`, a test image often has brothers in the training set:
# other images of the same track. To recognise a brother, one need not know the genre at all. The
# sound of the recording gives it away. This is called a *leak* ({term}`leakage`), and it is not the
# fault of the method. It is the fault of the test.
#
# ## What was found
#
# - Without any network, short lists of timbre numbers name the right genre for
#   {glue:text}`copies_track:.1%` of the images of unknown tracks; guessing gives
#   {glue:text}`chance:.0%`.
# - When images of a track are on both sides, the same method seems {glue:text}`copies_change:.1f`
#   points {glue:text}`copies_direction` in the view `copies`, and {glue:text}`segments_change:.1f`
#   points {glue:text}`segments_direction` in the view `segments`.
# - So before asking *how accurate*, ask *on what*. {doc}`sec6_conclusion` asks it of the network.


# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
def words(view):
    """Say what the strict protocol costs in one view."""
    change = accuracy_difference(predictions.loc[view, "image"], predictions.loc[view, "track"])
    accuracies = table[table["view"] == view].set_index("protocol")["accuracy"]
    beyond = change["low"] > 0 or change["high"] < 0
    clear = "more than chance explains" if beyond else "within what chance explains"
    return {
        f"{view}_image": accuracies["image"],
        f"{view}_track": accuracies["track"],
        f"{view}_change": 100 * abs(change["difference"]),
        f"{view}_direction": "higher" if change["difference"] > 0 else "lower",
        f"{view}_clear": clear,
    }


glue_numbers(chance=1 / len(store.genres), **words("copies"), **words("segments"))
glue_numbers(
    corpus_note=figures.corpus_note(settings), settings_note=figures.settings_note(settings)
)
