"""Instruments to look at, and to listen to, spectrograms: in the static page and with a kernel.

`page` has those that answer in a page without a kernel, `live` those that compute anew what is
asked for. Both draw with `drawing`.
"""

from genre_lib.explorer.examples import hear, look, new_songs
from genre_lib.explorer.live import augmentation, prediction, spectrogram
from genre_lib.explorer.page import (
    augmentation_browser,
    cutmix_mixer,
    player,
    resolution_browser,
    view_browser,
)
