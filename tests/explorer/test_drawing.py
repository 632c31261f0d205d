import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from genre_lib.book.templates import fill
from genre_lib.explorer import drawing
from genre_lib.explorer.drawing import ASSETS, instrument, panel, picture

MANIFEST = {"n_mels": 64, "fmin": 0.0, "fmax": 11025.0, "top_db": 80.0}


def shown(html):
    (content,) = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L"), float)


def test_the_lowest_band_is_at_the_bottom_and_loud_is_bright():
    gray = np.zeros((64, 96), np.uint8)
    gray[:8] = 255
    for lossless in (False, True):
        drawn = shown(panel(gray, MANIFEST, title="t", stop=30, lossless=lossless))
        assert drawn.shape == (64, 96)
        assert drawn[-6:].mean() > 180
        assert drawn[:40].mean() < 20


def test_hostile_titles_are_text():
    html = panel(np.zeros((64, 8), np.uint8), MANIFEST, title='<b>"><script>', stop=1)
    html += fill("player.html", source="data:,", label='"><script>', start=0.0, seconds=30.0)
    assert "<b>" not in html
    assert "<script>" not in html
    assert 'aria-label="&#34;&gt;&lt;script&gt;"' in html


def test_frequencies_lie_in_the_bands_that_are_drawn():
    for fmin, fmax in ((0, 11025), (300, 3000)):
        manifest = MANIFEST | {"fmin": float(fmin), "fmax": float(fmax)}
        html = panel(np.zeros((64, 8), np.uint8), manifest, title="t", stop=1)
        ticks = re.findall(r'bottom:([\d.]+)%">(\d+)<', html)
        assert ticks
        heights = [float(height) for height, _ in ticks]
        assert heights == sorted(heights)
        assert all(fmin < int(hertz) < fmax for _, hertz in ticks)
        assert all(0 < height < 100 for height in heights)


def test_every_picture_says_what_is_seen():
    gray = np.zeros((128, 40), np.uint8)
    gray[20:30] = 255
    manifest = MANIFEST | {"n_mels": 128}
    (alt,) = re.findall('alt="([^"]+)"', panel(gray, manifest, title="t", stop=1))
    loud, half, black = map(float, re.findall(r"\d+", alt))
    assert 0 < loud <= half < 1500
    assert black == pytest.approx(100 * 118 / 128, abs=1)


def test_pictures_are_small_unless_nothing_may_be_lost():
    gray = np.random.default_rng(0).integers(0, 256, (128, 128), np.uint8)
    assert len(picture(gray)) < 1.4 * 128 * 128
    wide = np.tile(np.array([0, 200], np.uint8), (4, drawing.COLUMNS))
    small = shown(f'src="{picture(wide)}"')
    assert small.shape == (4, drawing.COLUMNS)
    assert np.ptp(small) < 3
    assert shown(f'src="{picture(wide, lossless=True)}"').shape == wide.shape


def test_style_and_script_come_along_where_no_page_loads_them(monkeypatch):
    monkeypatch.setenv("GENRE_EDITION", "embedded")
    assert instrument().children == ()
    monkeypatch.delenv("GENRE_EDITION")
    (assets,) = instrument().children
    assert (ASSETS / "explorer.css").read_text(encoding="utf-8") in assets.value
    assert "onload=" in assets.value
    monkeypatch.setattr(drawing, "ASSETS", ASSETS / "nowhere")
    assert instrument().children == ()
