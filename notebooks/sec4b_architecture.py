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
# **Does the paper's table describe a network that can be built?** The text of the paper and its
# Table I do not agree on every point, and some choices are not described. So we build the network
# of the table, send a batch of images through it, and measure what comes out of each layer.
#
# **Yes: {glue:text}`agreeing` of {glue:text}`rows` rows agree**{glue:text}`all_rows_agree`. The
# network has {glue:text}`parameters:,d` parameters, and {glue:text}`lstm_share:.0%` of them are in
# one layer, the LSTM{glue:text}`six_of_seven`.
#
# ```{glue:figure} parameters_by_layer
# :name: fig-parameters
#
# Six of seven parameters are in the LSTM{glue:text}`six_of_seven`, because each of its time steps
# arrives with all channels and all bands at once. Layers of Table I without any are left out.
# ```

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
from genre_lib.book.references import stored
from genre_lib.book.statements import glue_numbers, glue_settings, statements
from genre_lib.config import configure
from genre_lib.evaluation import accuracy_difference
from genre_lib.model import HybridNet, count_parameters

settings = configure(
    corpus=corpus, profile=profile, view=view, protocol=protocol, seed=seed, overrides=overrides
)

# %% [markdown]
# ```{admonition} What this page was computed from
# :class: note
# Nothing is trained here, and no music is needed: the page looks at the network itself, with the
# settings of profile {glue:text}`profile`.
# ```
#
# ## What each part is for
#
# Up and down, a picture of music shows which tones sound together; left to right, how they follow
# each other. The convolutions look for patterns in both directions, the LSTM and the attention
# follow time.
#
# 1. **Two {term}`convolutional <convolution>` blocks** look for small patterns
#    {cite:p}`lecun2015deep`: the edge of a drum beat, a sustained tone, a slide. Each block then
#    halves the picture, keeping the strongest response of every 2 x 2 points.
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
# After the convolutions, each column of the picture, with all its channels and bands, is one
# element of a sequence. `FastBlock` and `FastDropout` compute what PyTorch's layers compute, but
# faster; a probability of zero means that the dropout of the text is off.

# %%
model = HybridNet(settings.model)
model

# %% [markdown]
# ## Table I
#
# We do not read the shapes off the code. A batch of {glue:text}`batch` images goes through the live
# network, and a hook at each layer writes down what comes out. `output` is what we measured,
# `paper` is what Table I prints.

# %%
table = figures.table_1(model)

# %% tags=["hide-input"]
figures.tabulate("table_1", table)

# %% tags=["hide-input", "remove-output"]
counts = dict(table[table.parameters > 0].set_index("layer").parameters)
drawn = figures.bars(counts, ylabel="Layer", xlabel="Parameters (number)")
figures.show("parameters_by_layer", drawn)

# %% [markdown]
# ## Where the parameters are
#
# {numref}`fig-parameters` shows it. Count the LSTM's by hand: it has four gates, in two directions.
# Each gate has one weight for each value that comes in, one for each of its own units, and, in
# PyTorch, two biases.

# %%
units = settings.model.hidden_size
arriving = 32 * 32  # channels times bands of one column
lstm_by_hand = 2 * 4 * units * (arriving + units + 2)
lstm_by_hand

# %% [markdown]
# These are {glue:text}`lstm_parameters:,d` parameters, as many as the live layer
# has{glue:text}`lstm_as_counted`. The convolutions have {glue:text}`convolution_share:.1%` of all.
#
# ## ReLU before or after pooling?
#
# Table I, and the network printed above, have ReLU before the pooling. On a processor `FastBlock`
# pools first, to save time. ReLU raises what is negative to zero
# and never changes which of two values is larger. So the largest of four stays the largest, and
# both orders give exactly the same numbers{glue:text}`same_order`. But pooling first leaves ReLU
# only a quarter of the work.

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
# The text wants a dropout of {glue:text}`text_dropout:.0%` after *each* convolutional block. The
# table has {glue:text}`table_dropout:.0%`, *once*, after the second. The table is the more precise
# of the two, so we follow it. Other choices are not described at all. Each has a setting, and
# {glue:text}`unchanged` of {glue:text}`alternatives` alternatives leave the number of parameters as
# it is{glue:text}`most_are_free`. The number of heads, {glue:text}`heads` here, only divides the
# same values differently. {doc}`rerun` shows how to try one.

# %% tags=["hide-cell"]
choices = {
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
# ## What was found
#
# - The live network agrees with Table I in {glue:text}`agreeing` of {glue:text}`rows` rows, and has
#   {glue:text}`parameters:,d` parameters.
# - The LSTM has {glue:text}`lstm_share:.0%` of them.
# - Text and table disagree on dropout, and several choices are not described.
#
# ## Exercises
#
# (exercise-convolution)=
# **A convolution by hand.** How many parameters has the first convolution, with its batch
# normalisation? Compare with the table.

# %% tags=["hide-cell"]
filters, kernel = paper.CONV_FILTERS[0], paper.CONV_KERNEL
by_hand = filters * (kernel * kernel * settings.model.channels + 1) + 2 * filters
by_hand, table["parameters"][0]

# %% [markdown]
# (exercise-lstm)=
# **Is the LSTM worth its parameters?** `stored` reads a reference run on GTZAN. Compare the whole
# network with the one whose LSTM is replaced by a linear layer, on the same test images of new
# tracks. Does the interval of the difference contain zero?

# %% tags=["hide-cell"]
whole, without = stored("track-0"), stored("track-0-no-lstm")
pd.Series(accuracy_difference(whole.predictions, without.predictions))

# %% [markdown]
# (exercise-attention)=
# **And attention?** Do the same with the run that leaves attention out. What would you want to see
# before you trust the answer?

# %% tags=["hide-cell"]
# More seeds: with three, the page "Does each ingredient help?" finds an interval with zero in it.
without = stored("track-0-no-attention")
pd.Series(accuracy_difference(whole.predictions, without.predictions))

# %% tags=["hide-input", "remove-output"]
# The numbers in the text, and a check of what it says about them.
lstm = table["layer"].str.startswith("LSTM")
lstm_parameters = table.loc[lstm, "parameters"].sum()
unchanged = (alternatives["parameters"] == alternatives["parameters"][0]).sum() - 1
glue_settings(settings)
glue_numbers(
    agreeing=table["agrees"].sum(),
    rows=len(paper.TABLE_1),
    batch=paper.BATCH_SIZE,
    parameters=count_parameters(model),
    lstm_parameters=lstm_parameters,
    lstm_share=lstm_parameters / count_parameters(model),
    convolution_share=table["parameters"][:2].sum() / count_parameters(model),
    text_dropout=paper.TEXT_CONV_DROPOUT,
    table_dropout=paper.TABLE_CONV_DROPOUT,
    heads=settings.model.heads,
    unchanged=unchanged,
    alternatives=len(alternatives) - 1,
)
statements(
    all_rows_agree=table["agrees"].all(),
    six_of_seven=round(7 * lstm_parameters / count_parameters(model)) == 6,
    lstm_as_counted=lstm_parameters == lstm_by_hand,
    same_order=torch.equal(table_order, our_order),
    most_are_free=unchanged > len(alternatives) / 2,
)
