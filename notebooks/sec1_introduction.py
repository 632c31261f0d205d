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
# # I. Introduction
#
# **What you will learn.** Which question the paper asks, what it claims, and how this book checks
# the claim. At the end of the page you see the answer in one picture.
#
# Put on an unknown song, and after a few seconds you know: this is reggae, or metal, or a waltz.
# You need no rule for it. Can a program learn the same, from nothing but examples?

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
from genre_lib.evaluation import accuracy_of, wilson_interval
from genre_lib.runs import get_run

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)

# %% [markdown]
# ```{admonition} Read this before any number
# :class: important
# {glue:text}`corpus_note`
#
# {glue:text}`run_note`
# ```
#
# ## Why it matters
#
# Music collections grow faster than anyone can sort them. Whoever recommends, searches or arranges
# music wants labels, and wants them without a person listening to every track.
#
# For a long time, experts wrote down what to measure: the brightness of the sound, the beat, the
# pitches {cite:p}`logan2000mfcc,tzanetakis2002genre`. A deep network turns this around. It is shown
# examples and finds out by itself what to look at {cite:p}`deng2014deep,aytar2016soundnet`.
#
# Two kinds of network suit music. A *convolutional* network finds small patterns wherever they
# are in a picture, such as the picture of a sound. A *recurrent* network reads a sequence and
# remembers {cite:p}`hochreiter1997lstm`. The paper joins them, as {cite:t}`choi2017crnn` did
# before, and adds {term}`attention`, which lets every moment of the music look at every other.
#
# ## What the paper claims
#
# The network of {cite:t}`sheng-hybrid` names the right one of {glue:text}`paper_genres` genres for
# {glue:text}`paper_accuracy:.2%` of {glue:text}`paper_images` test images. The
# {term}`macro F1`-score, which counts every genre alike, is {glue:text}`paper_f1`. The paper names
# four contributions:
#
# 1. **Data.** Audio becomes pictures, {term}`mel spectrograms <mel spectrogram>`, and altered
#    copies of them add variety: {doc}`sec4a_preprocessing`.
# 2. **Network.** Convolution, a recurrent layer and self-attention in a row:
#    {doc}`sec4b_architecture`.
# 3. **Training.** {term}`CutMix`, {term}`label smoothing` and a learning rate that rises and falls:
#    {doc}`sec4c_training`.
# 4. **Evaluation.** Several measures on a set of ten genres: {doc}`sec5_evaluation`.
#
# ## How this book checks it
#
# Each page follows one section of the paper. First it says what something means, then it does it,
# with code that you can open and run. Every number was computed by the page that shows it, or
# was printed in the paper; none was typed into the text.
#
# | page | the question behind it |
# |---|---|
# | {doc}`sec2_related_work` | how far does one get without a network? |
# | {doc}`sec3_problem` | what exactly is to be learned, and from what? |
# | {doc}`sec4a_preprocessing` | how does sound become a picture? |
# | {doc}`sec4b_architecture` | what is the network made of? |
# | {doc}`sec4c_training` | do the paper's equations agree with the code that runs? |
# | {doc}`sec5_evaluation` | how good is the result? |
# | {doc}`sec6_conclusion` | does the result survive a stricter test? |
#
# ## The answer in one picture
#
# {numref}`fig-answer` puts the accuracy of this page's run beside the paper's. A dot is an
# accuracy. The bar around it says how far it might have moved with other test music of the same
# kind.

# %% tags=["hide-input", "remove-output"]
run = get_run(settings)
table = pd.DataFrame(
    [
        {
            "label": f"paper ({figures.paper_data(settings)})",
            "series": "printed",
            "accuracy": paper.ACCURACY,
            "low": wilson_interval(sum(paper.correct_counts().values()), paper.TEST_IMAGES)[0],
            "high": wilson_interval(sum(paper.correct_counts().values()), paper.TEST_IMAGES)[1],
        },
        {
            "label": "this page's run",
            "series": f"protocol {settings.protocol}",
            **accuracy_of(run.predictions),
        },
    ]
)
figures.show("answer", figures.comparison(table, chance=1 / len(run.genres)))

# %% [markdown]
# ```{glue:figure} answer
# :name: fig-answer
#
# The paper's accuracy and ours. The paper's interval takes its test images for independent, which
# makes it narrow; ours draws whole tracks.
# ```
#
# The network of this book names the right genre for {glue:text}`accuracy:.1%` of
# {glue:text}`test_images` test images ({glue:text}`low:.1%` to {glue:text}`high:.1%`). That is
# {glue:text}`verdict`, which would be right for {glue:text}`chance:.0%` of them. The paper's
# {glue:text}`paper_accuracy:.2%` comes with {glue:text}`paper_low:.1%` to
# {glue:text}`paper_high:.1%`.
#
# But an accuracy is only as good as its test. The last pages of the book are about that.
#
# ## What was found
#
# - The paper's recipe can be run from its description, once some open points are decided.
# - With the parameters of this page it reaches {glue:text}`accuracy:.1%` on
#   {glue:text}`genres` genres, {glue:text}`verdict`.
# - Whether the number means what it seems to mean is the subject of {doc}`sec6_conclusion`.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
glue_numbers(
    paper_data=figures.paper_data(settings),
    corpus_note=figures.corpus_note(settings),
    run_note=figures.run_note(run, settings),
    paper_accuracy=paper.ACCURACY,
    paper_f1=paper.MACRO_F1,
    paper_genres=len(paper.TABLE_2),
    paper_images=paper.TEST_IMAGES,
    paper_low=wilson_interval(sum(paper.correct_counts().values()), paper.TEST_IMAGES)[0],
    paper_high=wilson_interval(sum(paper.correct_counts().values()), paper.TEST_IMAGES)[1],
    genres=len(run.genres),
    chance=1 / len(run.genres),
    test_images=len(run.predictions),
    **accuracy_of(run.predictions),
    verdict=(
        "far above guessing"
        if run.metrics["accuracy_low"] > 2 / len(run.genres)
        else "above guessing"
        if run.metrics["accuracy_low"] > 1 / len(run.genres)
        else "not clearly above guessing"
    ),
)
