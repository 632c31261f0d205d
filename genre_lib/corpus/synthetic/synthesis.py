"""From a song to audio: every distinct note is rendered once, then placed, mixed and recorded."""

from dataclasses import replace

import numpy as np
from scipy import signal

from genre_lib.corpus.synthetic.composition import SECONDS, Player, Production, Song
from genre_lib.corpus.synthetic.sounds import INSTRUMENTS, KITS, VOWELS, Drum, Instrument

SAMPLE_RATE = 22050
SAMPLES = int(SAMPLE_RATE * SECONDS)

_BREATH = np.random.default_rng(0).standard_normal(4 * SAMPLE_RATE, dtype=np.float32)
_HIGHEST_PARTIAL = 9500.0  # Hz: nothing above it, so that reading a table does not alias


def render(song: Song) -> np.ndarray:
    """Render a song.

    Parameters
    ----------
    song : what `compose` returns.

    Returns
    -------
    numpy.ndarray
        float32, shape (661500,): 30 seconds at 22050 Hz, mono, its peak below 1.
    """
    rng = np.random.default_rng(song.sound_seed)
    mix = np.zeros(SAMPLES, dtype=np.float32)
    for number, player in enumerate(song.players):
        stem = _render_part(song, number, player)
        mix += _level(stem, player.db)
    mix += _level(_render_drums(song, rng), song.drums_db)
    return _record(mix, song.production, rng)


# --- Pitched instruments ------------------------------------------------------------------


def play_note(
    instrument: Instrument,
    pitch: float,
    seconds: float,
    *,
    syllable: int = 0,
    brightness: float = 0.0,
    size: float = 1.0,
) -> np.ndarray:
    """One note of one instrument.

    A single cycle is built from the levels of its partials, once for a sustained note and once
    per cycle for a decaying one (a plucked string whose upper partials die first), and this
    table is read at the note's frequency, bent by vibrato and slides.

    Parameters
    ----------
    instrument : its description.
    pitch : MIDI number, 69 is A4; fractions are allowed.
    seconds : time until the note is released.
    syllable : which of the instrument's vowels is sung.
    brightness : dB per octave added to the spectrum.
    size : factor on the resonances.

    Returns
    -------
    numpy.ndarray
        float32, shape (samples,), its root mean square about 0.1.
    """
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    count = int((seconds + instrument.release) * SAMPLE_RATE)
    time = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    partials = np.arange(1, max(2, min(128, int(_HIGHEST_PARTIAL / frequency))) + 1)
    level = _partial_levels(instrument, frequency * partials, syllable, brightness, size)
    cycles = _phase(instrument, frequency, time)
    wave = np.zeros(count, dtype=np.float32)
    points = 1 << int(np.ceil(np.log2(4 * partials[-1])))
    fade = np.ones((1, partials.size), dtype=np.float32)
    if instrument.decay:
        decay = instrument.decay * min(1.5, (200 / frequency) ** 0.35)
        start = np.arange(int(cycles[-1]) + 2, dtype=np.float32) / frequency
        rate = (1 + instrument.damping * (partials - 1)) / decay
        fade = np.exp(-start[:, None] * rate.astype(np.float32))
    spectrum = np.zeros((len(fade), points // 2 + 1), dtype=np.complex64)
    angle = np.exp(2.4j * partials**1.5)  # fixed, scattered phases: no spiky waveform
    spectrum[:, 1 : partials[-1] + 1] = fade * (level * angle)
    table = np.fft.irfft(spectrum, n=points, axis=1).ravel()
    for copy in range(instrument.unison):
        detune = 1 + 0.004 * (copy - (instrument.unison - 1) / 2)
        wave += _read(table, (cycles * detune + 0.37 * copy) * points)
    wave *= 0.1 / max(1e-9, float(np.sqrt(np.mean(wave[: SAMPLE_RATE // 4] ** 2))))
    ratio, strength, ring = instrument.tine
    if ratio and ratio * frequency < _HIGHEST_PARTIAL:
        struck = np.sin(2 * np.pi * ratio * frequency * time) * np.exp(-time / ring)
        wave += (0.14 * strength * struck).astype(np.float32)
    if instrument.breath or instrument.consonant:
        onset = instrument.consonant * np.exp(-time / 0.018)
        wave += 0.3 * np.resize(_BREATH, count) * (instrument.breath + onset)
    wave *= np.minimum(1, time / instrument.attack)
    wave *= np.minimum(1, (time[-1] - time) / instrument.release)
    return wave


def _partial_levels(
    instrument: Instrument, hertz: np.ndarray, syllable: int, bright: float, size: float
) -> np.ndarray:
    order = np.arange(1, hertz.size + 1)
    if instrument.drawbars:
        bars = instrument.drawbars[: hertz.size]
        level = np.pad(np.array(bars, dtype=float), (0, hertz.size - len(bars)))
    else:
        level = 1.0 * order ** (-(instrument.slope - bright) / 6.02)
    level[1::2] *= 1 - instrument.odd
    if instrument.pick:
        level *= np.abs(np.sin(np.pi * order * instrument.pick)) + 0.03
    formants = instrument.formants
    if instrument.vowels:
        vowel = VOWELS[instrument.vowels[syllable % len(instrument.vowels)]]
        higher = 1.17 if instrument.register[0] >= 52 else 1.0
        formants = tuple((hz * higher, 60 + 0.06 * hz) for hz in vowel)
    if formants:
        resonance = sum(1 / (1 + ((hertz - hz * size) / width) ** 2) for hz, width in formants)
        level *= 0.12 + resonance
    return level


def _phase(instrument: Instrument, frequency: float, time: np.ndarray) -> np.ndarray:
    """Number of cycles played at each sample."""
    cycles = frequency * time.astype(np.float64)
    rate, cents = instrument.vibrato
    if rate:
        depth = frequency * (2 ** (cents / 1200) - 1)
        cycles += depth / (2 * np.pi * rate) * (1 - np.cos(2 * np.pi * rate * time))
    if instrument.slide:  # reached from below within some 50 ms
        below = frequency * (1 - 2 ** (-instrument.slide / 12))
        cycles -= below * 0.05 * (1 - np.exp(-time / 0.05))
    return cycles


def _read(table: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Read a cyclic table at fractional positions, with linear interpolation."""
    whole = position.astype(np.int64)
    part = (position - whole).astype(np.float32)
    left = table[whole % table.size]
    return left + part * (table[(whole + 1) % table.size] - left)


def _render_part(song: Song, number: int, player: Player) -> np.ndarray:
    instrument = INSTRUMENTS[player.instrument]
    stem = np.zeros(SAMPLES, dtype=np.float32)
    known: dict[tuple[int, float, int], np.ndarray] = {}
    tuning = song.production.tuning_cents / 100
    for note in song.notes:
        if note.part != number:
            continue
        syllable = note.syllable % max(1, len(instrument.vowels))
        key = (note.pitch, note.length, syllable)
        if key not in known:
            known[key] = play_note(
                instrument,
                note.pitch + tuning,
                note.length,
                syllable=syllable,
                brightness=player.brightness,
                size=player.size,
            )
        _add(stem, known[key], note.start, note.velocity)
    if instrument.drive:
        stem = np.tanh(stem * (instrument.drive * 4)) * 0.25
    if instrument.cabinet:
        box = signal.butter(2, instrument.cabinet, fs=SAMPLE_RATE, output="sos").astype(np.float32)
        stem = signal.sosfilt(box, stem)
    rate, depth = instrument.tremolo
    if rate:
        time = np.arange(SAMPLES, dtype=np.float32) * np.float32(2 * np.pi * rate / SAMPLE_RATE)
        stem *= 1 - depth * (0.5 + 0.5 * np.sin(time))
    if player.echo:
        delay = int(0.75 * 60 / song.tempo * SAMPLE_RATE)
        dry = stem.copy()
        for repeat in range(1, 4):
            stem[repeat * delay :] += player.echo**repeat * dry[: -repeat * delay]
    return stem


# --- Drums --------------------------------------------------------------------------------


def play_drum(drum: Drum, rng: np.random.Generator) -> np.ndarray:
    """One stroke: float32, shape (samples,)."""
    count = int(SAMPLE_RATE * 5 * max(drum.ring if drum.hz else 0, drum.hiss))
    time = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    sound = np.zeros(count, dtype=np.float32)
    if drum.hz:
        fall = 0.02  # seconds in which the pitch settles
        cycles = drum.hz * (time + (drum.sweep - 1) * fall * (1 - np.exp(-time / fall)))
        sound += np.sin(2 * np.pi * cycles) * np.exp(-time / drum.ring)
    band = signal.butter(2, drum.band, "bandpass", fs=SAMPLE_RATE, output="sos")
    hiss = signal.sosfilt(band, rng.standard_normal(count)) * np.exp(-time / drum.hiss)
    hiss /= max(1e-9, float(np.abs(hiss).max()))
    for slap in range(drum.slaps):
        late = int(slap * 0.011 * SAMPLE_RATE)
        sound[late:] += (drum.noise * hiss[: count - late]).astype(np.float32)
    return (drum.level * sound).astype(np.float32)


def _render_drums(song: Song, rng: np.random.Generator) -> np.ndarray:
    stem = np.zeros(SAMPLES, dtype=np.float32)
    kit = KITS[song.kit]
    names = sorted({hit.drum for hit in song.hits})
    tuned = {name: _retune(kit[name], rng) for name in names}
    strokes = {name: [play_drum(tuned[name], rng) for _ in range(2)] for name in names}
    for number, hit in enumerate(song.hits):
        _add(stem, strokes[hit.drum][number % 2], hit.start, hit.velocity)
    return stem


def _retune(drum: Drum, rng: np.random.Generator) -> Drum:
    """The drum of this song's drummer: its own tuning, damping and level."""
    pitch, ring, hiss, level = np.exp(rng.normal(0, (0.1, 0.2, 0.25, 0.25)))
    low, high = drum.band
    return replace(
        drum,
        hz=drum.hz * pitch,
        ring=drum.ring * ring,
        band=(low * pitch, min(high * pitch, 10900.0)),
        hiss=drum.hiss * hiss,
        level=drum.level * level,
    )


# --- Mixing and recording -----------------------------------------------------------------


def _add(stem: np.ndarray, sound: np.ndarray, start: float, gain: float) -> None:
    first = int(start * SAMPLE_RATE)
    piece = sound[: SAMPLES - first]
    stem[first : first + piece.size] += np.float32(gain) * piece


def _level(stem: np.ndarray, db: float) -> np.ndarray:
    """Bring a part to a loudness relative to the others, whatever its instrument."""
    rms = float(np.sqrt(np.mean(stem**2)))
    return stem * np.float32(0.1 * 10 ** (db / 20) / max(rms, 1e-6))


def _record(mix: np.ndarray, production: Production, rng: np.random.Generator) -> np.ndarray:
    """Room, equaliser, compressor and noise of one recording.

    Room and equaliser are one circular convolution: the reverberation of the end of the clip
    is heard at its beginning, as in an excerpt from the middle of a song.
    """
    hertz = np.fft.rfftfreq(SAMPLES, 1 / SAMPLE_RATE).astype(np.float32)
    octaves = np.log2(np.maximum(hertz, 20) / 1000)
    gain_db = production.tilt_db * octaves
    bands = np.log2(0.05) + np.arange(len(production.colour_db)) / 3
    gain_db += np.interp(octaves, bands, production.colour_db)
    gain_db -= 10 * np.log10(1 + (production.low_hz / np.maximum(hertz, 1)) ** 4)
    gain_db -= 10 * np.log10(1 + (hertz / production.high_hz) ** 12)
    response = 10 ** (gain_db.astype(np.float32) / 20)
    response[0] = 0.0

    tail = int(1.2 * production.reverb_seconds * SAMPLE_RATE)
    room = rng.standard_normal(tail, dtype=np.float32)
    room *= np.exp(-6.9 / (production.reverb_seconds * SAMPLE_RATE) * np.arange(tail))
    room *= np.float32(production.wet / (1 - production.wet) / np.sqrt(np.sum(room**2)))
    room[0] += 1.0
    music = np.fft.irfft(np.fft.rfft(mix) * np.fft.rfft(room, n=SAMPLES) * response, n=SAMPLES)

    music = _compress(music, production.squash)
    music *= np.float32(0.1 / max(1e-9, np.sqrt(np.mean(music**2))))
    hiss = np.resize(rng.standard_normal(5 * SAMPLE_RATE, dtype=np.float32), SAMPLES)
    music += np.float32(0.1 * 10 ** (production.noise_db / 20)) * hiss
    music -= music.mean()  # clipping an asymmetric wave leaves some direct current
    return (music * np.float32(production.peak / np.abs(music).max())).astype(np.float32)


def _compress(music: np.ndarray, squash: float) -> np.ndarray:
    """Even out the loudness, block by block, and round off the peaks."""
    block = 630
    power = np.mean(music.reshape(-1, block) ** 2, axis=1)
    power = signal.lfilter([0.2], [1, -0.8], power) + 1e-10
    gain = (power / power.mean()) ** (-0.3 * squash)
    centres = (np.arange(power.size) + 0.5) * block
    music = music * np.interp(np.arange(music.size), centres, gain)
    peak = (5.5 - 3 * squash) * np.sqrt(np.mean(music**2))
    return (peak * np.tanh(music / peak)).astype(np.float32)
