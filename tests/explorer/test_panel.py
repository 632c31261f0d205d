import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from genre_lib.explorer.panel import panel, webp

MANIFEST = {"n_mels": 64, "fmin": 0.0, "fmax": 11025.0, "top_db": 80.0}


def shown(html):
    (content,) = re.findall(r'src="data:image/webp;base64,([^"]+)"', html)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L"), float)


def test_the_lowest_band_is_at_the_bottom_and_loud_is_bright():
    gray = np.zeros((64, 96), np.uint8)
    gray[:8] = 255
    picture = shown(panel(gray, MANIFEST, title="t", alt="a", stop=30))
    assert picture.shape == (64, 96)
    assert picture[-6:].mean() > 200
    assert picture[:40].mean() < 20


def test_hostile_titles_are_text():
    html = panel(np.zeros((64, 8), np.uint8), MANIFEST, title="<b>", alt='"><script>', stop=1)
    assert "<b>" not in html
    assert "<script>" not in html


@pytest.mark.parametrize(("fmin", "fmax"), [(0, 11025), (300, 3000)])
def test_frequencies_lie_in_the_bands_that_are_drawn(fmin, fmax):
    manifest = MANIFEST | {"fmin": float(fmin), "fmax": float(fmax)}
    html = panel(np.zeros((64, 8), np.uint8), manifest, title="t", alt="a", stop=1)
    ticks = re.findall(r'bottom:([\d.]+)%">(\d+)<', html)
    assert ticks
    heights = [float(height) for height, _ in ticks]
    assert heights == sorted(heights)
    assert all(fmin < int(hertz) < fmax for _, hertz in ticks)
    assert all(0 < height < 100 for height in heights)


def test_a_colour_map_changes_colours_and_the_picture_stays_small():
    gray = np.random.default_rng(0).integers(0, 256, (128, 128), np.uint8)
    assert webp(gray) != webp(gray, cmap="gray")
    assert len(webp(gray)) < 128 * 128
