"""The synthetic corpus: reproducible songs, consistent recipes, tuned instruments, its targets."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genre_lib.config import GENRES
from genre_lib.corpus.synthetic import SAMPLE_RATE, SECONDS, compose, render, synthesize
from genre_lib.corpus.synthetic.composition import _events, chord
from genre_lib.corpus.synthetic.recipes import (
    BASS_FIGURES,
    CHORD_FIGURES,
    DRUM_PATTERNS,
    GENRE_STYLES,
    MELODY_FIGURES,
    PROGRESSIONS,
    SCALES,
    VOICINGS,
    options,
)
from genre_lib.corpus.synthetic.sounds import ERAS, INSTRUMENTS, KITS, MIXES, VOWELS
from genre_lib.corpus.synthetic.synthesis import play_note

STYLES = [style for styles in GENRE_STYLES.values() for style in styles]
FIGURES = {"bass": BASS_FIGURES, "chords": CHORD_FIGURES, "melody": MELODY_FIGURES}
NEIGHBOURS = [
    ("rock", "country"),
    ("rock", "blues"),
    ("country", "blues"),
    ("disco", "pop"),
    ("reggae", "hiphop"),
    ("jazz", "blues"),
    ("metal", "rock"),
    ("classical", "jazz"),
]


def test_a_clip_is_thirty_seconds_of_sound():
    for genre in GENRES:
        audio = synthesize(genre, 7)
        assert audio.shape == (661500,) == (round(SAMPLE_RATE * SECONDS),)
        assert audio.dtype == np.float32
        assert np.isfinite(audio).all()
        assert 0.3 < np.abs(audio).max() <= 0.96
        assert abs(audio.mean()) < 1e-5  # no direct current
        assert np.sqrt(np.mean(audio.reshape(10, -1) ** 2, axis=1)).min() > 0.01  # nowhere silent
        assert np.mean(np.abs(audio) > 0.999 * np.abs(audio).max()) < 1e-4  # not clipped


def test_a_song_is_determined_by_genre_index_and_seed():
    song = compose("jazz", 3, seed=5)
    np.random.default_rng(0).random(100)
    np.random.seed(1)  # noqa: NPY002 - the global state must not matter
    assert compose("jazz", 3, seed=5) == song
    np.testing.assert_array_equal(render(song), synthesize("jazz", 3, seed=5))


def test_another_index_seed_or_genre_gives_another_song():
    for other in (("rock", 4, 0), ("rock", 3, 1), ("metal", 3, 0)):
        genre, index, seed = other
        first, second = synthesize("rock", 3, seed=0), synthesize(genre, index, seed=seed)
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.5


@pytest.mark.parametrize("other", [("rock", 1), ("metal", 0)])
def test_seeds_and_genres_draw_independently(other):
    """Where in the range of its sub-style the tempo lies differs by a third on average."""

    def draws(genre, seed):
        styles = {style.name: style.tempo for style in GENRE_STYLES[genre]}
        songs = [compose(genre, index, seed=seed) for index in range(25)]
        ranges = [styles[song.sub_style] for song in songs]
        return np.array(
            [(s.tempo - low) / (high - low) for s, (low, high) in zip(songs, ranges, strict=True)]
        )

    assert np.abs(draws("rock", 0) - draws(*other)).mean() > 0.15


def test_a_song_does_not_repeat_itself_exactly():
    song = compose("disco", 0)
    bars = 2 * song.beats * 60 / song.tempo
    audio = synthesize("disco", 0)
    period = round(bars * SAMPLE_RATE)
    for start in range(0, audio.size - 2 * period, period):
        first, second = audio[start : start + period], audio[start + period : start + 2 * period]
        assert np.corrcoef(first, second)[0, 1] < 0.99


def test_every_sub_style_occurs():
    for genre in GENRES:
        names = {style.name for style in GENRE_STYLES[genre]}
        assert len(names) == len(GENRE_STYLES[genre]) >= 4
        songs = [compose(genre, index) for index in range(3 * len(names))]
        assert Counter(song.sub_style for song in songs) == dict.fromkeys(names, 3)
        for song in songs:
            style = next(style for style in GENRE_STYLES[genre] if style.name == song.sub_style)
            low, high = style.tempo
            assert low - 0.1 <= song.tempo <= high + 0.1


@pytest.mark.parametrize(("one", "other"), NEIGHBOURS)
def test_neighbouring_genres_overlap(one, other):
    def shared(part):
        sounds = [
            {sound for style in GENRE_STYLES[genre] for player in style.parts
             for sound in options(getattr(player, part))}
            for genre in (one, other)
        ]  # fmt: skip
        return sounds[0] & sounds[1]

    assert shared("sounds")
    assert shared("figures")
    tempos = [[style.tempo for style in GENRE_STYLES[genre]] for genre in (one, other)]
    common = [(max(a[0], b[0]), min(a[1], b[1])) for a in tempos[0] for b in tempos[1]]
    assert max(high - low for low, high in common) >= 5  # beats per minute


def test_genres_have_recipes():
    assert tuple(GENRE_STYLES) == tuple(MIXES) == GENRES


def test_a_recipe_refers_only_to_what_exists():
    for style in STYLES:
        assert set(options(style.progressions)) <= set(PROGRESSIONS)
        assert set(options(style.drums)) <= set(DRUM_PATTERNS)
        assert set(options(style.kits)) <= set(KITS)
        assert options(style.eras)
        assert set(options(style.eras)) <= set(ERAS)
        assert style.scale in SCALES
        for part in style.parts:
            assert set(options(part.sounds)) <= set(INSTRUMENTS)
            assert set(options(part.figures)) <= set(FIGURES[part.role])
            assert part.voicing in VOICINGS


def test_nothing_is_described_in_vain():
    """Every instrument, pattern, figure, progression, kit and era is used by some recipe."""

    def used(field):
        return {name for style in STYLES for name in options(getattr(style, field))}

    parts = [part for style in STYLES for part in style.parts]
    assert used("drums") == set(DRUM_PATTERNS)
    assert used("kits") == set(KITS)
    assert used("eras") == set(ERAS)
    assert used("progressions") == set(PROGRESSIONS)
    assert {name for part in parts for name in options(part.sounds)} == set(INSTRUMENTS)
    for role, figures in FIGURES.items():
        played = {f for part in parts if part.role == role for f in options(part.figures)}
        assert played == set(figures)


def test_patterns_are_whole_bars_in_the_notation():
    for kit in KITS.values():
        for pattern in DRUM_PATTERNS.values():
            assert set(pattern) | {"crash", "tom"} <= set(kit)
    for pattern in DRUM_PATTERNS.values():
        assert len({len(rhythm) for rhythm in pattern.values()}) == 1
        assert set("".join(pattern.values())) <= set("Xxo.")
    for figures, symbols in [
        (BASS_FIGURES, "R3567Ow-."),
        (CHORD_FIGURES, "Xxo123456-."),
        (MELODY_FIGURES, "x-."),
    ]:
        for bars in figures.values():
            for bar in bars:
                assert len(bar) in (12, 16)
                assert set(bar) <= set(symbols)
    for instrument in INSTRUMENTS.values():
        assert set(instrument.vowels) <= set(VOWELS)
        assert instrument.register[1] - instrument.register[0] >= 11


def test_events_of_a_figure():
    assert _events("x--.1-..") == [(0, "x", 3), (4, "1", 2)]


def test_chords_are_spelt_correctly():
    for numeral, semitones in (
        ("I", (0, 4, 7)),
        ("ii7", (2, 5, 9, 12)),
        ("V7", (7, 11, 14, 17)),
        ("bVII", (10, 14, 17)),
        ("bIIImaj7", (3, 7, 10, 14)),
        ("vi", (9, 12, 16)),
        ("iiø", (2, 5, 8, 12)),
        ("iio", (2, 5, 8)),
    ):
        assert chord(numeral) == semitones


def test_a4_sounds_at_440_hz():
    """The strongest peak is a partial of 440 Hz, and the fundamental is there and in tune."""
    for name in [n for n, i in INSTRUMENTS.items() if not i.spoken]:
        # A slide arrives, and a vibrato swings around the note: listen after the onset.
        note = play_note(replace(INSTRUMENTS[name], decay=0.0), 69, 2.0)[SAMPLE_RATE // 2 :]
        spectrum = np.abs(np.fft.rfft(note * np.hanning(note.size), n=2**18))
        hertz = np.fft.rfftfreq(2**18, 1 / SAMPLE_RATE)
        strongest = hertz[spectrum.argmax()] / 440
        assert strongest / round(strongest) == pytest.approx(1, abs=0.025)
        near = (hertz > 300) & (hertz < 620)
        assert hertz[near][spectrum[near].argmax()] == pytest.approx(440, rel=0.025)
        assert spectrum[near].max() > 0.01 * spectrum.max()


@pytest.mark.parametrize("name", ["piano", "steel-string guitar", "electric bass"])
def test_a_string_decays_and_its_upper_partials_die_first(name):
    note = play_note(INSTRUMENTS[name], 57, 2.0)
    early, late = note[2000:10000], note[30000:38000]
    assert np.sum(late**2) < 0.3 * np.sum(early**2)

    def centroid(piece):
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(piece.size)))
        return np.sum(spectrum * np.arange(spectrum.size)) / np.sum(spectrum)

    assert centroid(late) < 0.9 * centroid(early)


def test_the_song_is_tuned_as_its_production_says():
    def spectrum(cents):  # in steps of ten cents, from 200 Hz up
        audio = render(replace(song, production=replace(song.production, tuning_cents=cents)))
        magnitude = np.abs(np.fft.rfft(audio[: 2**18] * np.hanning(2**18)))
        steps = 200 * 2 ** (np.arange(350) / 120)
        return np.log(magnitude[np.round(steps * 2**18 / SAMPLE_RATE).astype(int)])

    song = next(
        s for i in range(99) if (s := compose("classical", i)).instruments == ("piano",) * 2
    )
    flat, sharp = spectrum(-25.0), spectrum(25.0)
    likeness = [np.corrcoef(flat[: 350 - k], sharp[k:])[0, 1] for k in range(10)]
    assert np.argmax(likeness) == 5


def test_tempo_and_drums_agree():
    """Four on the floor: the kick drum falls on the beats of the stated tempo."""
    song = next(s for i in range(99) if "four on" in (s := compose("disco", i)).drums)
    kicks = np.array([hit.start for hit in song.hits if hit.drum == "kick" and hit.velocity > 0.8])
    beats = (kicks - kicks[0]) * song.tempo / 60
    assert len(kicks) > 0.9 * SECONDS * song.tempo / 60
    assert np.abs(beats - beats.round()).max() < 0.1


def test_an_unknown_genre_is_refused():
    with pytest.raises(ValueError, match=r"polka.*blues, classical, .* rock"):
        synthesize("polka", 0)


@pytest.mark.slow
def test_the_corpus_is_as_hard_as_it_was_designed(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks.synthetic_corpus import extract, measure

    figures = measure(extract(songs_per_genre=40, jobs=2, quiet=True), quiet=True)
    assert 0.70 <= figures.songs <= 0.85
    assert 0.07 <= figures.shuffled <= 0.13
    assert figures.pieces_mixed >= 0.95
    assert figures.pieces_by_song < figures.pieces_mixed - 0.1
