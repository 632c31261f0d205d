"""What there is to hear: mixing, silence, windows."""

import tracemalloc
from itertools import chain, repeat

import numpy as np
import pytest

from genre_lib.corpus.sound import (
    REST,
    SILENT,
    Sound,
    level,
    mixed,
    share_of_sound,
    windows,
)

RATE = 8000


def noise_of(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, shape).astype(np.float32)


# Mixing


def test_channels_are_mixed_unless_they_cancel():
    channels = noise_of(RATE, 2)
    mono, alone = mixed(channels)
    np.testing.assert_array_equal(mono, channels.mean(axis=1))
    assert not alone
    one, silence = channels[:, 0], np.zeros(RATE, np.float32)
    for columns in ((one, -one), (silence, one, -one), (one, 0.01 * one - one)):
        mono, alone = mixed(np.stack(columns, axis=1))
        np.testing.assert_array_equal(mono, one)
        assert alone


def test_an_offset_is_no_sound_in_any_channel():
    offsets = np.tile(np.float32([0.5, -0.25, 0]), (RATE, 1))
    assert level(offsets.T).max() < SILENT
    mono, alone = mixed(offsets)
    assert np.abs(mono).max() < 1e-6
    assert not alone
    sound = offsets + noise_of(RATE, 3)
    np.testing.assert_array_equal(mixed(sound)[0], sound.mean(axis=1))


# Silence


@pytest.mark.parametrize("seed", range(5))
def test_silence_at_the_ends_is_left_out_and_between_it_is_zeros(seed):
    rng, piece = np.random.default_rng(seed), 100
    lengths = rng.integers(0, 20, 5) * piece
    parts = [noise_of(n, seed=seed) if i % 2 else np.full(n, SILENT / 2, np.float32)
             for i, n in enumerate(lengths)]  # fmt: skip
    audio = np.concatenate([*parts, noise_of(30), np.zeros(170)]).astype(np.float32)
    cuts = np.sort(rng.integers(0, len(audio), 12))
    sound = Sound(np.split(audio, cuts), piece)
    found = np.concatenate(list(sound))
    assert sound.samples == len(audio)
    assert sound.before + len(found) + sound.after == len(audio)
    assert len(found) % piece == 0
    loud = np.where(audio == np.float32(SILENT / 2), 0, audio)
    np.testing.assert_array_equal(found, loud[sound.before :][: len(found)])
    for end in (found[:piece], found[-piece:]):
        assert level(end) >= SILENT


def test_the_share_of_sound_is_counted_in_pieces():
    audio = np.concatenate([noise_of(300), np.full(700, 0.3), noise_of(50)])
    assert share_of_sound(audio, 100) == pytest.approx(4 / 11)


def test_long_silence_takes_no_memory():
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    blocks = chain([np.ones(5)], repeat(np.zeros(RATE, np.float32), 36_000), [noise])
    sound = Sound(blocks, RATE // 10)
    tracemalloc.start()
    count = sum(map(len, sound))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sound.samples == 5 + 36_002 * RATE
    assert sound.before + count + sound.after == sound.samples
    assert peak < 1e6


# Windows


def expected_windows(total: int, length: int, hop: int) -> list[int]:
    if total < length:
        return [0] if total else []
    starts = list(range(0, total - length + 1, hop))
    rest = total - (starts[-1] + length)
    return starts + ([total - length] if rest > REST * length else [])


def test_windows_are_the_same_however_the_audio_arrives():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        total, length, hop = (int(rng.integers(low, 400)) for low in (0, 10, 1))
        audio = np.arange(total, dtype=np.float32)
        cuts = np.sort(rng.integers(0, total + 1, rng.integers(0, 12)))
        cut = list(windows(np.split(audio, cuts), length=length, hop=hop))
        assert [first for first, _ in cut] == expected_windows(total, length, hop)
        for first, window in cut:
            np.testing.assert_array_equal(window, audio[first : first + length])


def test_no_more_than_a_few_windows_are_in_memory():
    """Ten hours of audio, a block at a time, would be more than a gigabyte."""
    length, block = 30 * RATE, 10 * RATE
    blocks = (np.zeros(block, np.float32) for _ in range(3600))
    tracemalloc.start()
    count = sum(1 for _ in windows(blocks, length=length, hop=length // 2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 2 * 1200 - 1
    assert peak < 5 * np.float32().nbytes * length
