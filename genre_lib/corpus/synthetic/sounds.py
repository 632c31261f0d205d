"""The sounds of the synthetic corpus, as plain data: instruments, drum kits, recordings."""

from dataclasses import dataclass
from typing import Any

Range = tuple[float, float]


# --- Instruments --------------------------------------------------------------------------


@dataclass(frozen=True)
class Instrument:
    """One pitched sound, described by how its partials start, fade and move.

    Attributes
    ----------
    register : lowest and highest MIDI note that a part gives to the instrument.
    slope : fall of the partials, in dB per octave (3 is bright, 15 is dull).
    odd : how far the even partials are missing, 0 to 1 (1 is a clarinet).
    pick : where the string is plucked, as a fraction of its length; 0 means not plucked.
    drawbars : explicit levels of the partials, instead of ``slope``.
    formants : resonances as (frequency in Hz, bandwidth in Hz).
    vowels : names of vowels, one per note in turn: their formants make it a voice.
    attack, release : seconds.
    decay : seconds in which the fundamental falls to 1/e; 0 means it is sustained.
    damping : how much faster each higher partial decays.
    tine : one struck overtone as (ratio, level, decay in seconds).
    vibrato : (rate in Hz, depth in cents).
    slide : semitones below the note from which it is reached.
    unison : number of slightly detuned copies (a section, a chorus).
    breath : level of breath or bow noise; ``consonant``: level of the noise at the onset.
    drive : amplifier gain before soft clipping; 0 means clean.
    cabinet : low-pass of the loudspeaker, Hz; 0 means none.
    tremolo : (rate in Hz, depth 0 to 1).
    spoken : the pitch stays in a narrow range and ignores the scale (rap, growls).
    """

    register: tuple[int, int]
    slope: float = 6.0
    odd: float = 0.0
    pick: float = 0.0
    drawbars: tuple[float, ...] = ()
    formants: tuple[Range, ...] = ()
    vowels: tuple[str, ...] = ()
    attack: float = 0.003
    release: float = 0.08
    decay: float = 0.0
    damping: float = 0.1
    tine: tuple[float, float, float] = (0.0, 0.0, 1.0)
    vibrato: Range = (0.0, 0.0)
    slide: float = 0.0
    unison: int = 1
    breath: float = 0.0
    consonant: float = 0.0
    drive: float = 0.0
    cabinet: float = 0.0
    tremolo: Range = (0.0, 0.0)
    spoken: bool = False


# Formant frequencies (Hz) of an adult male speaker; other voices scale them.
VOWELS = {
    "a": (730.0, 1090.0, 2440.0),
    "e": (530.0, 1840.0, 2480.0),
    "i": (290.0, 2250.0, 3000.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (310.0, 870.0, 2240.0),
}

_BODY = ((110.0, 60.0), (210.0, 90.0), (420.0, 200.0))
_BOWED: dict[str, Any] = {"attack": 0.06, "release": 0.12, "slope": 5.0, "breath": 0.012}
_SUNG: dict[str, Any] = {"attack": 0.04, "release": 0.1, "slope": 7.0, "breath": 0.02}
_SUNG["vibrato"] = (5.3, 28.0)

INSTRUMENTS: dict[str, Instrument] = {
    # plucked and struck strings
    "nylon guitar": Instrument((40, 74), 8.5, pick=0.28, decay=0.8, damping=0.13, formants=_BODY),
    "steel-string guitar": Instrument((40, 76), 5.5, pick=0.14, decay=1.1, damping=0.06),
    "resonator guitar": Instrument((40, 74), 4.5, pick=0.09, decay=0.7, formants=((900, 500),)),
    "banjo": Instrument((50, 79), 3.0, pick=0.07, decay=0.22, damping=0.05),
    "mandolin": Instrument((55, 84), 4.0, pick=0.12, decay=0.3, unison=2),
    "clean electric guitar": Instrument((40, 76), 6.0, pick=0.18, decay=1.3, cabinet=5500),
    "chorus guitar": Instrument((45, 79), 5.0, pick=0.15, decay=1.3, unison=3, cabinet=6500),
    "muted guitar": Instrument((45, 74), 5.0, pick=0.12, decay=0.11, cabinet=5000),
    "tremolo guitar": Instrument((40, 76), 6.0, pick=0.2, decay=1.6, tremolo=(5.5, 0.5)),
    "jazz guitar": Instrument((45, 76), 12.0, pick=0.25, decay=0.7, cabinet=3000),
    "crunch guitar": Instrument((40, 74), 5.0, pick=0.15, decay=2.0, drive=4, cabinet=4800),
    "distorted guitar": Instrument((36, 67), 4.0, pick=0.1, decay=3.5, drive=22, cabinet=5200),
    "palm-muted guitar": Instrument((35, 60), 4.0, pick=0.1, decay=0.14, drive=22, cabinet=4600),
    "lead guitar": Instrument(
        (57, 86), 5.0, pick=0.12, decay=3.0, drive=10, cabinet=5500, vibrato=(5.5, 25), slide=1.0
    ),
    "slide guitar": Instrument(
        (52, 78), 5.0, pick=0.1, decay=1.4, drive=2.5, cabinet=4500, vibrato=(5, 30), slide=2.0
    ),
    "pedal steel": Instrument(
        (57, 81), 7.0, pick=0.2, attack=0.06, decay=2.2, vibrato=(4.5, 16), slide=2.0
    ),
    "piano": Instrument((36, 84), 7.0, pick=0.12, decay=1.3, damping=0.16, tine=(6.3, 0.05, 0.03)),
    "honky-tonk piano": Instrument((40, 84), 5.0, pick=0.12, decay=0.8, damping=0.1, unison=2),
    "harpsichord": Instrument((41, 84), 2.0, pick=0.1, decay=0.6, damping=0.04),
    "harp": Instrument((48, 88), 10.0, pick=0.4, decay=1.2, damping=0.2),
    "electric piano": Instrument((45, 79), 13.0, decay=1.2, tine=(7.1, 0.16, 0.2)),
    "clavinet": Instrument((40, 72), 4.0, pick=0.08, decay=0.3, cabinet=4500),
    "vibraphone": Instrument((53, 84), 24.0, decay=1.3, tine=(4.0, 0.3, 0.3), tremolo=(5, 0.3)),
    "bell synth": Instrument((60, 91), 14.0, decay=0.7, tine=(3.5, 0.4, 0.5)),
    # basses
    "upright bass": Instrument((28, 50), 9.0, pick=0.3, decay=0.45, damping=0.18),
    "electric bass": Instrument((28, 50), 8.0, pick=0.22, decay=0.9, damping=0.12),
    "picked bass": Instrument((28, 50), 4.5, pick=0.12, decay=0.9, drive=2.0, cabinet=3800),
    "slap bass": Instrument((28, 53), 3.5, pick=0.08, decay=0.4, damping=0.08),
    "dub bass": Instrument((28, 48), 16.0, decay=1.4, damping=0.3),
    "808 bass": Instrument((26, 43), 26.0, decay=0.9, drive=2.0, slide=5.0),
    "synth bass": Instrument((28, 52), 6.0, decay=0.35, damping=0.12, release=0.04),
    "square bass": Instrument((28, 52), 7.0, odd=0.9, release=0.03, cabinet=1800),
    # organs and synthesizers
    "drawbar organ": Instrument(
        (48, 80), drawbars=(1, 0.8, 0.7, 0.3, 0, 0.25), attack=0.01, tremolo=(6.4, 0.25), drive=1
    ),
    "transistor organ": Instrument((50, 80), drawbars=(1, 0.5, 0.4, 0.5, 0, 0, 0, 0.3)),
    "church organ": Instrument(
        (36, 84), drawbars=(1, 0.9, 0.4, 0.7, 0.1, 0.3, 0, 0.4), attack=0.08, release=0.4, unison=2
    ),
    "saw pad": Instrument((48, 77), 9.0, attack=0.25, release=0.4, unison=3),
    "saw lead": Instrument((57, 86), 6.0, attack=0.01, unison=2, cabinet=7000),
    "square lead": Instrument((60, 88), 6.5, odd=0.95, attack=0.01, vibrato=(5.5, 15)),
    "synth brass": Instrument((50, 79), 6.5, attack=0.03, unison=3),
    "synth pluck": Instrument((57, 84), 5.0, decay=0.2, damping=0.1, unison=2),
    # bowed, blown and squeezed
    "violin": Instrument((57, 88), vibrato=(5.8, 22), formants=((500, 300), (2800, 900)), **_BOWED),
    "fiddle": Instrument((55, 84), slide=1.0, vibrato=(5.5, 10), formants=((900, 500),), **_BOWED),
    "cello": Instrument((36, 67), vibrato=(5.2, 18), formants=((250, 120), (600, 300)), **_BOWED),
    "string section": Instrument((43, 86), unison=4, vibrato=(5.5, 12), **_BOWED),
    "flute": Instrument((60, 91), 14.0, attack=0.05, vibrato=(5, 14), breath=0.05),
    "clarinet": Instrument((50, 84), 6.0, odd=0.85, attack=0.03, breath=0.015),
    "oboe": Instrument((58, 86), 4.0, attack=0.03, vibrato=(5.5, 15), formants=((1100, 400),)),
    "french horn": Instrument((41, 72), 10.0, attack=0.07, formants=((450, 300),)),
    "trumpet": Instrument((54, 84), 4.0, attack=0.03, vibrato=(5, 12), formants=((1300, 800),)),
    "muted trumpet": Instrument((56, 84), 3.0, attack=0.03, formants=((2200, 600), (4500, 900))),
    "trombone": Instrument((40, 68), 6.0, attack=0.05, slide=0.7, formants=((550, 400),)),
    "horn section": Instrument((50, 79), 4.5, attack=0.03, unison=3, formants=((1200, 900),)),
    "tenor sax": Instrument(
        (46, 75), 5.0, attack=0.03, vibrato=(5, 20), breath=0.04, slide=0.6, formants=((650, 400),)
    ),
    "alto sax": Instrument(
        (52, 82), 5.0, attack=0.03, vibrato=(5.2, 18), breath=0.03, formants=((950, 500),)
    ),
    "harmonica": Instrument(
        (58, 86), 3.5, attack=0.04, vibrato=(5.5, 14), breath=0.03, slide=1, formants=((1600, 700),)
    ),
    "accordion": Instrument((50, 82), 4.0, attack=0.05, unison=2, formants=((900, 700),)),
    "melodica": Instrument(
        (57, 84), 5.0, odd=0.4, attack=0.04, breath=0.03, vibrato=(5, 14), slide=0.3
    ),
    # voices
    "male voice": Instrument((45, 67), vowels=("a", "e", "o", "i"), consonant=0.25, **_SUNG),
    "female voice": Instrument((57, 79), vowels=("a", "i", "e", "u"), consonant=0.25, **_SUNG),
    "backing voices": Instrument((52, 76), vowels=("u", "a"), unison=3, **_SUNG),
    "choir": Instrument((43, 81), vowels=("a", "o"), unison=4, **_SUNG),
    "soprano": Instrument(
        (60, 86), 6.0, vowels=("a", "o"), attack=0.08, vibrato=(6, 55), release=0.2
    ),
    "toasting voice": Instrument(
        (45, 60), 6.5, vowels=("a", "e", "o", "i"), attack=0.02, consonant=0.4, spoken=True, slide=1
    ),
    "rap voice": Instrument(
        (40, 57), 6.0, vowels=("a", "e", "i", "o", "u"), attack=0.012, consonant=0.6, spoken=True,
        slide=1.5, release=0.04,
    ),
    "growl": Instrument(
        (33, 48), 3.0, vowels=("o", "a"), attack=0.02, consonant=0.4, breath=0.35, drive=6,
        spoken=True, cabinet=5500,
    ),
    "shouted voice": Instrument(
        (52, 72), 4.5, vowels=("a", "e", "o"), attack=0.02, consonant=0.35, drive=3, slide=1,
        vibrato=(5, 15),
    ),
}  # fmt: skip


# --- Drum kits ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Drum:
    """A struck membrane (falling sine) plus a burst of band-passed noise."""

    hz: float = 0.0  # final pitch of the membrane; 0 means noise only
    sweep: float = 1.0  # the pitch starts this many times higher
    ring: float = 0.1  # seconds until the membrane falls to 1/e
    noise: float = 1.0  # level of the noise
    band: Range = (300.0, 9000.0)  # Hz
    hiss: float = 0.1  # seconds until the noise falls to 1/e
    level: float = 1.0
    slaps: int = 1  # a clap is several slaps a few milliseconds apart


_ACOUSTIC = {
    "kick": Drum(58, 3.0, 0.09, 0.15, (800, 5000), 0.01, 1.0),
    "snare": Drum(185, 1.3, 0.06, 0.8, (900, 9000), 0.08, 0.7),
    "hat": Drum(0, band=(6500, 10500), hiss=0.025, level=0.28),
    "open": Drum(0, band=(6000, 10500), hiss=0.14, level=0.3),
    "ride": Drum(0, band=(4500, 10500), hiss=0.2, level=0.26),
    "crash": Drum(0, band=(3500, 10500), hiss=0.6, level=0.4),
    "rim": Drum(1650, 1.0, 0.012, 0.4, (1200, 6000), 0.012, 0.5),
    "tom": Drum(110, 1.6, 0.14, 0.2, (300, 3000), 0.03, 0.8),
    "clap": Drum(0, band=(900, 5500), hiss=0.06, level=0.6, slaps=3),
    "shaker": Drum(0, band=(5500, 10500), hiss=0.03, level=0.18),
    "tambourine": Drum(0, band=(6500, 10500), hiss=0.07, level=0.25),
    "conga": Drum(230, 1.15, 0.08, 0.25, (500, 3500), 0.015, 0.5),
    "cowbell": Drum(560, 1.0, 0.06, 0.1, (800, 5000), 0.05, 0.3),
    "stomp": Drum(75, 1.6, 0.05, 0.35, (120, 900), 0.03, 0.7),
}

KITS: dict[str, dict[str, Drum]] = {
    "acoustic": _ACOUSTIC,
    "dry": {
        **_ACOUSTIC,
        "kick": Drum(66, 2.5, 0.06, 0.2, (900, 4000), 0.008),
        "snare": Drum(210, 1.2, 0.04, 0.6, (1200, 7000), 0.05, 0.7),
    },
    "arena": {
        **_ACOUSTIC,
        "kick": Drum(54, 4.0, 0.12, 0.35, (2000, 8000), 0.008),
        "snare": Drum(170, 1.4, 0.1, 1.0, (600, 10000), 0.16, 0.9),
    },
    "brushes": {
        **_ACOUSTIC,
        "kick": Drum(62, 2.0, 0.07, 0.05, (300, 2000), 0.01, 0.6),
        "snare": Drum(200, 1.1, 0.03, 1.0, (1500, 9500), 0.09, 0.35),
    },
    "triggered": {
        **_ACOUSTIC,
        "kick": Drum(60, 5.0, 0.05, 0.6, (2500, 9000), 0.007, 0.9),
        "snare": Drum(200, 1.5, 0.06, 1.0, (1200, 10500), 0.1, 0.9),
    },
    "machine": {
        **_ACOUSTIC,
        "kick": Drum(50, 5.0, 0.16, 0.1, (1500, 6000), 0.006, 1.1),
        "snare": Drum(190, 1.2, 0.07, 0.9, (1500, 10500), 0.12, 0.7),
        "hat": Drum(0, band=(7500, 10800), hiss=0.02, level=0.35),
    },
    "disco": {
        **_ACOUSTIC,
        "kick": Drum(62, 2.5, 0.06, 0.3, (1500, 5000), 0.008, 1.0),
        "snare": Drum(200, 1.2, 0.04, 0.8, (1200, 9500), 0.07, 0.65),
        "hat": Drum(0, band=(6500, 10700), hiss=0.03, level=0.4),
        "open": Drum(0, band=(6000, 10700), hiss=0.16, level=0.55),
    },
    "tight": {
        **_ACOUSTIC,
        "kick": Drum(70, 2.0, 0.06, 0.1, (500, 2500), 0.01, 1.1),
        "snare": Drum(290, 1.2, 0.05, 0.5, (1500, 7000), 0.04, 0.7),
        "rim": Drum(1400, 1.0, 0.02, 0.3, (1200, 5000), 0.015, 0.75),
        "hat": Drum(0, band=(5500, 9500), hiss=0.018, level=0.2),
    },
    "808": {
        **_ACOUSTIC,
        "kick": Drum(44, 4.0, 0.35, 0.05, (1000, 4000), 0.005, 1.2),
        "snare": Drum(220, 1.1, 0.05, 0.7, (2500, 10500), 0.09, 0.6),
        "hat": Drum(0, band=(8000, 10800), hiss=0.015, level=0.3),
    },
    "sampled": {
        **_ACOUSTIC,
        "kick": Drum(56, 2.5, 0.12, 0.4, (300, 3500), 0.02, 1.1),
        "snare": Drum(200, 1.3, 0.08, 0.9, (500, 6500), 0.09, 0.9),
        "hat": Drum(0, band=(4500, 8500), hiss=0.03, level=0.3),
    },
}


# --- Recording eras: production, as different from track to track as real records are -------


@dataclass(frozen=True)
class Era:
    """Ranges of the production of one track; every track draws its own values."""

    low: Range  # Hz, lower end of the recorded band
    high: Range  # Hz, upper end
    tilt: Range  # dB per octave around 1 kHz
    noise: Range  # dB below the music
    reverb: Range  # seconds
    wet: Range  # share of the reverberant sound
    squash: Range  # 0 (natural dynamics) to 1 (crushed)


ERAS: dict[str, Era] = {
    "shellac": Era(
        (90, 260), (2800, 5200), (-2.5, 1.5), (-44, -26), (0.1, 0.6), (0.02, 0.2), (0, 0.6),
    ),
    "tape": Era(
        (40, 110), (5200, 9500), (-2.5, 1), (-60, -40), (0.2, 1.4), (0.04, 0.3), (0.1, 0.7),
    ),
    "studio": Era(
        (25, 70), (7500, 10800), (-2, 1.5), (-78, -55), (0.2, 1.6), (0.03, 0.3), (0.2, 0.8),
    ),
    "digital": Era(
        (20, 50), (9000, 10900), (-1.5, 2), (-90, -70), (0.2, 1.8), (0.03, 0.25), (0.4, 1),
    ),
    "hall": Era(
        (30, 80), (6500, 10800), (-2.5, 0.5), (-72, -46), (1.2, 3), (0.2, 0.55), (0, 0.3),
    ),
    "demo": Era(
        (50, 160), (4500, 8500), (-2, 2), (-54, -34), (0.1, 0.8), (0.02, 0.3), (0.2, 1),
    ),
}  # fmt: skip


# Mixing habits: what an engineer of the genre adds (dB) in octave bands from 50 Hz to 6.4 kHz.
MIXES: dict[str, tuple[float, ...]] = {
    # 50  100 200 400 800 1k6 3k2 6k4
    "blues": (-6, 0, 4, 6, 5, 2, -4, -7),
    "classical": (-4, 0, 0, 0, 0, 0, 0, 0),
    "country": (-6, -2, 0, -2, 0, 6, 6, 0),
    "disco": (0, 4, -2, -6, -2, 0, 6, 9),
    "hiphop": (11, 8, 0, -4, -4, 0, 0, 0),
    "jazz": (-2, 4, 6, 2, -2, -2, -4, -4),
    "metal": (4, 2, -4, -8, -4, 4, 8, 4),
    "pop": (2, 0, -2, 0, 2, 2, 4, 8),
    "reggae": (8, 10, 4, -2, -6, -3, -3, -4),
    "rock": (0, 2, 2, 2, 4, 6, 0, -4),
}
