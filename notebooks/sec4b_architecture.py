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
# # IV-B. The hybrid CNN-LSTM architecture
#
# **What you will learn.** What the network is made of, and what each part is for. The page takes
# the live network apart, compares every layer with Table I of the paper, and counts where its
# parameters sit.

# %% tags=["parameters", "hide-input"]
corpus = "synthetic"
profile = "quick"
view = "copies"
protocol = "image"
seed = 0
overrides = {}

# %% tags=["hide-input"]
import pandas as pd
import torch
from torch import nn

from genre_lib import paper
from genre_lib.book import figures
from genre_lib.book.statements import glue_numbers
from genre_lib.config import configure
from genre_lib.model import HybridNet, count_parameters

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)

# %% [markdown]
# ```{admonition} About this page
# :class: note
# Nothing is trained here, and no music is needed: the page looks at the network itself, with the
# settings of this edition. {glue:text}`settings_note`
# ```
#
# ## What each part is for
#
# A picture of music has two sides. Up and down, it shows which tones sound together; left to right,
# how they follow each other. The network takes one after the other.
#
# 1. **Two {term}`convolutional <convolution>` blocks** look for small patterns
#    {cite:p}`lecun2015deep`: the edge of a drum beat, a held tone, a slide. Each block then halves
#    the picture, keeping the strongest response of every 2 x 2 points.
# 2. **A bidirectional LSTM** ({term}`BiLSTM`)
#    {cite:p}`hochreiter1997lstm,schuster1997bidirectional` reads the columns one by one, once
#    forwards and once backwards, and remembers what came before (or after).
# 3. **Multi-head self-{term}`attention`** {cite:p}`vaswani2017attention` lets each moment look at
#    all others, wherever they are.
# 4. **Two linear layers** turn the average over time into one score per genre.
#
# **{term}`Dropout <dropout>`** {cite:p}`srivastava2014dropout` switches off a random part of the
# values during training, so that the network does not rely on any single one. It is off when the
# network is tested.
#
# ## The whole network in code
#
# The sequence is time: after the convolutions, each column of the picture, with all its channels
# and bands, is one element.

# %%
model = HybridNet(settings.model)
model

# %% [markdown]
# ## Table I
#
# Does this network have the shapes that the paper printed? We do not read them off the code.
# A batch goes through the live network, and a hook at each layer writes down what comes out.

# %%
table = figures.table_1(model)

# %% tags=["hide-input"]
figures.tabulate("table_1", table)

# %% [markdown]
# Here `output` is what we measured with a batch of {glue:text}`batch` images and `paper` is what
# Table I prints. Layers and shapes agree in {glue:text}`agreeing` of {glue:text}`rows` rows.
# {glue:text}`agreement`
#
# ## Where the parameters sit
#
# The network has {glue:text}`parameters:,d` parameters. {numref}`fig-parameters` shows where.

# %% tags=["hide-input", "remove-output"]
figures.show("parameters_by_layer", figures.parameters_by_layer(table))

# %% [markdown]
# ```{glue:figure} parameters_by_layer
# :name: fig-parameters
#
# Parameters per layer of Table I. Layers without parameters are left out.
# ```
#
# The LSTM alone holds {glue:text}`lstm_share:.0%` of them ({glue:text}`lstm_parameters:,d`),
# because each of its columns arrives with all channels and all bands at once. The convolutions,
# which do most of the arithmetic, hold {glue:text}`convolution_share:.1%`.
#
# ## ReLU before or after pooling?
#
# Table I has ReLU before the pooling; the code pools first. It makes no difference to the result:
# ReLU raises what is negative to zero and never changes which of two values is larger. So the
# largest of four stays the largest. But pooling first leaves ReLU only a quarter of the work.

# %%
block = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16)).eval()
with torch.no_grad():
    maps = block(torch.rand(8, 1, 128, 128))
    table_order = nn.MaxPool2d(2)(nn.ReLU()(maps))
    our_order = nn.ReLU()(nn.MaxPool2d(2)(maps))
torch.equal(table_order, our_order)

# %% [markdown]
# ## What the paper leaves open
#
# The text and the table do not agree on dropout. The text wants {glue:text}`text_dropout:.0%` after
# *each* convolutional block. The table has {glue:text}`table_dropout:.0%`, *once*, after the
# second. The table is the more precise of the two, so we follow it. Some other things are not said
# at all. Each has a setting, and the table shows what it costs in parameters.

# %% tags=["hide-input"]
choices = pd.Series(
    {
        "as set on this page": {},
        "dropout as in the text": {"conv_dropout": "text"},
        "residual connection around attention": {"residual": True},
        "last time step": {"pooling": "last"},
        "maximum over time": {"pooling": "max"},
        "one attention head": {"heads": 1},
        "twice as many attention heads": {"heads": 2 * settings.model.heads},
        "gray as three colour channels": {"channels": 3},
        "twice as many LSTM units": {"hidden_size": 2 * settings.model.hidden_size},
    }
)
alternatives = pd.DataFrame(
    {
        "choice": choice,
        "setting": ", ".join(f"{name} = {value}" for name, value in changes.items()),
        "parameters": count_parameters(HybridNet(settings.model.model_copy(update=changes))),
    }
    for choice, changes in choices.items()
    if 2 * settings.model.hidden_size % changes.get("heads", 1) == 0
)
figures.tabulate("alternatives", alternatives)

# %% [markdown]
# Most of these choices are free: {glue:text}`unchanged` of {glue:text}`alternatives` leave the
# number of parameters as it is. The number of heads, {glue:text}`heads` here, only divides the same
# values differently. To try one, rerun a page with it: {doc}`rerun` shows how.
#
# ## What was found
#
# - The live network agrees with Table I in {glue:text}`agreeing` of {glue:text}`rows` rows.
# - It has {glue:text}`parameters:,d` parameters (with the default settings
#   {glue:text}`default_parameters:,d`), {glue:text}`lstm_share:.0%` of them in the LSTM.
# - The order of ReLU and pooling does not matter: we got {glue:text}`same`.
# - Text and table disagree on dropout, and several choices are not described.

# %% tags=["hide-input", "remove-output"]
# How the numbers in the text were computed.
glue_numbers(settings_note=figures.settings_note(settings))
lstm = table["layer"].str.startswith("LSTM")
glue_numbers(
    agreeing=table["agrees"].sum(),
    rows=len(paper.TABLE_1),
    batch=paper.BATCH_SIZE,
    agreement="All rows agree."
    if table["agrees"].all()
    else (
        "Rows differ because this edition changed the network's settings or its genres: "
        + "; ".join(table.loc[~table["agrees"], "layer"])
        + "."
    ),
    parameters=count_parameters(model),
    lstm_parameters=table.loc[lstm, "parameters"].sum(),
    lstm_share=table.loc[lstm, "parameters"].sum() / count_parameters(model),
    convolution_share=table["parameters"][:2].sum() / count_parameters(model),
)
default = HybridNet(configure().model)
glue_numbers(
    text_dropout=paper.TEXT_CONV_DROPOUT,
    table_dropout=paper.TABLE_CONV_DROPOUT,
    heads=settings.model.heads,
    same=(
        "exactly the same numbers" if torch.equal(table_order, our_order) else "different numbers"
    ),
    unchanged=(alternatives["parameters"] == alternatives["parameters"][0]).sum() - 1,
    alternatives=len(alternatives) - 1,
    default_parameters=count_parameters(default),
)
