"""The model, data and training code of the companion to a hybrid CNN-LSTM genre classifier."""

from genre_lib.speed.allocator import keep_freed_memory

__version__ = "0.1.0"

# Here every way in passes: the command line, the notebooks' kernels, tests, worker processes.
keep_freed_memory()
