"""The model, data and training code of the companion to a hybrid CNN-LSTM genre classifier."""

__version__ = "0.1.0"
