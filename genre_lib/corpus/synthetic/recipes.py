"""What each genre is made of: instruments, drum kits, patterns and sub-styles, as plain data.

Everything here is meant to be read, and changed, by a musician.

* A **drum pattern** is one bar, divided evenly by the length of its strings: 16 characters
  are sixteenth notes, 12 are triplets (or the sixteenths of a 3/4 bar).
  ``X`` accent, ``x`` normal, ``o`` ghost note, ``.`` silence.
* A **bass figure** names chord degrees: ``R`` root, ``3``, ``5``, ``6``, ``7``, ``O`` octave,
  ``w`` the next step of a walking line, ``-`` hold.
* A **chord figure** plays the whole chord (``x``, ``X``, ``o``) or one voice of it, counted
  from the bottom (``1`` to ``6``); ``-`` holds.
* A **melody figure** is a set of one-bar rhythms; the pitches are drawn from the scale.
* A **progression** has one roman numeral per bar; ``ii7-V7`` shares a bar between two chords.
* ``"a | b"`` means: each song takes one of these.

The ranges of neighbouring genres overlap on purpose: the overlap is what makes the corpus
neither trivial nor impossible to classify, and it is a design choice.
"""

from dataclasses import dataclass, field

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
_BOWED = {"attack": 0.06, "release": 0.12, "slope": 5.0, "breath": 0.012}
_SUNG = {"attack": 0.04, "release": 0.1, "slope": 7.0, "vibrato": (5.3, 28.0), "breath": 0.02}

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
    "melodica": Instrument((57, 84), 5.0, odd=0.4, attack=0.04, breath=0.03),
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
    "ride": Drum(3300, 1.0, 0.2, 0.8, (5000, 10500), 0.22, 0.16),
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

DRUM_PATTERNS: dict[str, dict[str, str]] = {
    # rock and its relatives
    "straight rock": {
        "kick": "X.......X.x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x.",
    },
    "driving rock": {
        "kick": "X..x..x.X.x...x.", "snare": "....X.......X...", "hat": "X.x.X.x.X.x.X.x.",
    },
    "open rock": {
        "kick": "X.....x.X.x.....", "snare": "....X.......X...", "open": "x...x...x...x...",
    },
    "punk": {
        "kick": "X..x..x.X..x..x.", "snare": "....X.......X...", "open": "x.x.x.x.x.x.x.x.",
    },
    "ballad": {
        "kick": "X.........x.....", "snare": "........X.......", "hat": "x...x...x...x...",
    },
    "soft backbeat": {
        "kick": "x.......x.......", "rim": "....x.......x...", "hat": "x.x.x.x.x.x.x.x.",
    },
    "shuffle": {"kick": "x.....x.....", "snare": "...X.....X..", "hat": "x.xx.xx.xx.x"},
    "swung backbeat": {"kick": "x.....x.x...", "snare": "...X.....X..", "ride": "x..x.xx..x.x"},
    "slow twelve-eight": {"kick": "x....xx.....", "snare": "...X.....X..", "hat": "xoxxoxxoxxox"},
    "foot stomp": {"stomp": "x...x...x...x..."},
    "stomp and clap": {"stomp": "x.....x.....", "clap": "...o.....o.."},
    # country
    "train beat": {"kick": "x...x...x...x...", "snare": "ooXoooXoooXoooXo"},
    "two-step": {"kick": "x.......x.......", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
    "waltz": {"kick": "x...........", "snare": "....o...o...", "hat": "x...x...x..."},
    # jazz
    "swing ride": {"ride": "x..x.xx..x.x", "hat": "...x.....x..", "kick": "o..o..o..o.."},
    "fast swing": {"ride": "x..x.xx..x.x", "snare": ".....o..o...", "hat": "...x.....x.."},
    "brush swirl": {"snare": "x.ox.ox.ox.o", "hat": "...x.....x.."},
    "bossa nova": {
        "kick": "x..xx..xx..xx..x", "rim": "x..x..x...x..x..", "hat": "oooooooooooooooo",
    },
    "linear funk": {
        "kick": "X..x......x..x..", "snare": "....X..o.o..X..o", "hat": "x.xxx.xxx.xxx.xx",
    },
    # dance
    "four on the floor": {
        "kick": "X...X...X...X...", "snare": "....X.......X...", "open": "..x...x...x...x.",
    },
    "disco sixteenths": {
        "kick": "X...X...X...X...", "clap": "....X.......X...", "hat": "xx.xxx.xxx.xxx.x",
        "open": "..x...x...x...x.",
    },
    "latin disco": {
        "kick": "X...X...X...X...", "snare": "....X.......X...", "conga": "x.xx..x.x.xx..xx",
        "cowbell": "x...x...x...x...", "open": "..x...x...x...x.",
    },
    "electro dance": {
        "kick": "X...X...X...X...", "clap": "....X.......X...", "hat": "x.x.x.x.x.x.x.x.",
    },
    "pop backbeat": {
        "kick": "X.....x.x.......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x.",
        "tambourine": "....x.......x...",
    },
    "dembow": {"kick": "X...X...X...X...", "snare": "...x..x....x..x.", "shaker": "x.x.x.x.x.x.x.x."},
    "new wave": {
        "kick": "X...x...X...x...", "snare": "....X.......X...", "hat": "xxxxxxxxxxxxxxxx",
    },
    # hip-hop
    "boom bap": {
        "kick": "X......x..X.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x.",
    },
    "lazy boom bap": {
        "kick": "X..x.......x....", "snare": "....X.......X..o", "hat": "x.x.x.xxx.x.x.x.",
    },
    "half-time trap": {
        "kick": "X.....x...x.....", "clap": "........X.......", "hat": "x.x.x.xxx.x.xxxx",
    },
    "west coast": {
        "kick": "X..x..x...x.....", "clap": "....X.......X...", "hat": "x.x.x.x.x.x.x.x.",
        "tambourine": "..x...x...x...x.",
    },
    "breakbeat": {
        "kick": "X.x.......x..x..", "snare": "....X..x.x..X...", "ride": "x.x.x.x.x.x.x.x.",
    },
    # reggae
    "one drop": {"kick": "........X.......", "rim": "........X.......", "hat": "x.x.x.x.x.x.x.xx"},
    "rockers": {
        "kick": "X...x...X...x...", "rim": "........X.......", "hat": "x.x.x.x.x.x.x.x.",
    },
    "steppers": {
        "kick": "X...X...X...X...", "snare": "........x.......", "hat": "x.xxx.xxx.xxx.xx",
    },
    "ska": {"kick": "x...x...x...x...", "snare": "....X.......X...", "hat": "..x...x...x...x."},
    "dancehall": {
        "kick": "X..x....X..x....", "snare": "......x.......x.", "hat": "x.x.x.x.x.x.x.x.",
    },
    # metal
    "double kick": {
        "kick": "xxxxxxxxxxxxxxxx", "snare": "....X.......X...", "open": "x...x...x...x...",
    },
    "gallop": {
        "kick": "X.xxX.xxX.xxX.xx", "snare": "....X.......X...", "open": "x...x...x...x...",
    },
    "thrash": {
        "kick": "X...X...X...X...", "snare": "..X...X...X...X.", "hat": "x.x.x.x.x.x.x.x.",
    },
    "blast beat": {
        "kick": "x.x.x.x.x.x.x.x.", "snare": ".x.x.x.x.x.x.x.x", "ride": "x.x.x.x.x.x.x.x.",
    },
    "doom": {"kick": "X.....x.........", "snare": "........X.......", "open": "x...x...x...x..."},
}  # fmt: skip


# --- Figures ------------------------------------------------------------------------------

BASS_FIGURES: dict[str, tuple[str, ...]] = {
    "walking": ("w--w--w--w--", "w--w--w--w-w"),
    "two-beat": ("R---....5---....",),
    "two-beat with runs": ("R---....5---....", "R---....5---5-6-"),
    "shuffle boogie": ("R-RR-R5-56-5", "R-R3-35-56-5"),
    "slow root": ("R----R5--R--", "R-----5--7--"),
    "waltz root": ("R---........", "5---........"),
    "eighths": ("R-R-R-R-R-R-R-R-",),
    "eighths with fifth": ("R-R-R-R-R-R-5-7-", "R-R-R-R-5-5-R-R-"),
    "sixteenths": ("RRRRRRRRRRRRRRRR",),
    "gallop": ("R-RRR-RRR-RRR-RR",),
    "octaves": ("R.O.R.O.R.O.R.O.", "R.O.R.O.R.O.5.O."),
    "disco funk": ("R..OR.O..7.OR.5O", "R--.R.O.5.7.R..O"),
    "whole notes": ("R---------------",),
    "root and push": ("R-----R-R-----5-", "R-----R-R---5---"),
    "kick-locked": ("R-----RR--R-----", "R-------R-R---7-"),
    "one-drop line": ("R---R-3-5-------", "....R-5-R---3-5-", "R---5-R---3-R---"),
    "steppers line": ("R-R-3-5-R-R-5-3-", "R---R-R-5---3---"),
    "long 808": ("R---------R-----", "R-----R---------"),
    "bossa": ("R-----5-5-----R-",),
    "dark riff": ("R-R-..R-R-3-..R-", "R-R-R-3-R-R-5-3-"),
}

CHORD_FIGURES: dict[str, tuple[str, ...]] = {
    "whole notes": ("x---------------",),
    "half notes": ("x-------x-------",),
    "four to the bar": ("x-..x-..x-..x-..",),
    "eighths": ("x-o-x-o-x-o-x-o-",),
    "driven eighths": ("X-x-x-x-X-x-x-x-", "X-x-x-X-x-x-X-x-"),
    "sixteenths": ("xxxxxxxxxxxxxxxx",),
    "gallop": ("X-xxX-xxX-xxX-xx",),
    "thrash riff": ("xxX-xxX-xxxxX-X-", "xxxxX-xxxxxxX---"),
    "sustained power": ("X---------x---x-", "X-----x---------"),
    "stop riff": ("X---..X-..X---..", "X-..X---..X-X---"),
    "strummed": ("X---x-xo..xox-xo", "X---x-x-o-x-x-xo"),
    "strummed triplets": ("x-ox-ox-ox-o",),
    "boom-chick": ("1---x-..2---x-..",),
    "waltz chick": ("1---x-..x-..",),
    "travis picking": ("1-4-2-5-1-4-3-5-", "1-4-2-3-1-5-2-4-"),
    "fingerpicked blues": ("1-41-51-41-3", "1-51-41-31-4"),
    "banjo roll": ("3251325132513251", "4321432143254321"),
    "shuffle comp": ("x-ox-ox-ox-o", "x-xo.ox-xo.o"),
    "charleston": ("x--..x-.....", "...x-...x---"),
    "jazz stabs": (".....x-.....", "..x-.....x--", "x-...x......"),
    "twelve-eight triplets": ("x-x-x-x-x-x-", "xxxxxxxxxxxx"),
    "off-beat skank": ("....x.......x...",),
    "skank eighths": ("..x...x...x...x.",),
    "double skank": ("....xx......xx..",),
    "organ bubble": ("..o.x.o...o.x.o.",),
    "funk sixteenths": ("x.xo..xo.oxo..x.", "x..x..xo.x.xo.x."),
    "disco stabs": ("..x-..x-..x-..x-", "x-....x...x-..x."),
    "string swells": ("x---------------", "x-------5-6-5-4-"),
    "syncopated stabs": ("x-----x-----x---", "x--x--x---------"),
    "arpeggio": ("1-2-3-4-5-4-3-2-", "1-3-2-4-3-5-4-3-"),
    "sixteenth arpeggio": ("1234543212345432", "1324354312343212"),
    "romantic arpeggio": ("1-3-4-5-6-5-4-3-", "1-2-4-6-5-4-3-4-"),
    "alberti": ("1-3-2-3-1-3-2-3-",),
    "looped keys": ("x-----..3-5-....", "x---..x---......"),
    "bossa comp": ("x--x--x---x--x--", "x-x---x--x--x---"),
    "montuno": ("1-x.x-1.x.x-1.x.",),
}

MELODY_FIGURES: dict[str, tuple[str, ...]] = {
    "sung phrases": (
        "..x-x-x-x---x---",
        "x---x-x-x-------",
        "x-x-x---....x-x-",
        "x-----x-x-----..",
    ),
    "long notes": ("x---------------", "x-------x-------", "x-----------x---"),
    "busy pop": ("x-x-xxx-x-x-x---", "..xxx-x-x-xxx---", "x--x--x-x--x--x-"),
    "blues calls": ("x-xx--......", "..xx-xx-----", "x-xx-xx-x---", "x-----......"),
    "slow blues lines": ("..xx--x--...", "x-----xxxx--", "......xx-x--"),
    "bebop": ("x-xx-xx-xx-x", "..xx-xx-xxxx", "xxxx-xx-x...", "x-xx-x......"),
    "swing riff": ("x-xx-.......", "..xx-xx-....", "x--..xx--..."),
    "cool lines": ("x-----x--x--", "...x-xx-----", "x-xx--......"),
    "classical eighths": ("x-x-x-x-x-x-x-x-", "x---x-x-x---x-x-", "x-------x-x-x-x-"),
    "classical sixteenths": ("xxxxxxxxxxxxxxxx", "x-xxx-xxx-x-x-x-", "xxxxx-x-xxxxx---"),
    "lyrical": ("x-------x---x---", "x-----x-x-------", "x---x---x-------"),
    "fiddle tune": ("x-xxx-xxx-xxx-xx", "xxx-xxx-x-x-xxx-", "x-x-xxxxx-x-x---"),
    "rap": ("x-xxx-xxx-xxx-x.", "xxx-xxx-xxxxx-..", "..xxxxx-xxx-xxx-", "x-xxxxxxx-x-xxx."),
    "lazy rap": ("x-x-x-xxx-x-x...", "..x-xxx-x-x-xx-.", "x-x-..x-xxx-x-.."),
    "toast": ("x-xxx-x-x-xxx-..", "..x-x-xxx-x-....", "x-x-x-..x-x-x-.."),
    "riff": ("x-..x-x---..x-x-", "x-x-x---x-x-x---"),
    "shred": ("xxxxxxxxxxxxxxxx", "x-xxxxx-xxxxxxxx", "x-------xxxxxxxx"),
    "growled": ("x---x-x-x---....", "x-x-x-x-x-x-....", "x-----..x-----.."),
    "hook": ("x-x-....x-x-....", "x--x--x-........", "....x-x-x-x-...."),
    "horn hits": ("x...........x-x.", "......x-......x.", "x-x-............"),
}

PROGRESSIONS: dict[str, str] = {
    "twelve-bar": "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7",
    "quick change": "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
    "minor twelve-bar": "i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 V7",
    "one-chord vamp": "I7 I7 I7 I7 I7 IV7 I7 I7",
    "eight-bar blues": "I7 V7 IV7 IV7 I7 V7 I7-IV7 I7-V7",
    "jazz blues": "I7 IV7 I7 I7 IV7 IV7 I7 VI7 ii7 V7 I7-VI7 ii7-V7",
    "rhythm changes": "I-vi7 ii7-V7 iii7-VI7 ii7-V7 I7 IV7 I-vi7 ii7-V7",
    "ii-V-I": "ii7 V7 Imaj7 Imaj7 ii7 V7 Imaj7 VI7",
    "minor ii-V-i": "iiø V7 i7 i7 iv7 bVII7 bIIImaj7 V7",
    "modal vamp": "i7 i7 i7 i7 i7 i7 i7 i7 bii7 bii7 i7 i7",
    "bossa changes": "Imaj7 Imaj7 II7 II7 ii7 bII7 Imaj7 bII7",
    "three chords": "I I IV I I I V V I I IV I I V I I",
    "country turn": "I IV I V I IV V I",
    "country waltz": "I I IV IV I I V V",
    "outlaw": "I bVII IV I I bVII IV V",
    "axis": "I V vi IV",
    "minor axis": "vi IV I V",
    "doo-wop": "I vi IV V",
    "pop lift": "IV V iii vi IV V I I",
    "two-chord rock": "I I IV IV",
    "mixolydian rock": "I bVII IV I",
    "minor rock": "i bVI bVII i",
    "andalusian": "i bVII bVI V",
    "minor disco": "i7 iv7 bVII bIIImaj7 bVImaj7 iiø V7 V7",
    "disco two-chord": "i7 i7 IV7 IV7",
    "soul disco": "Imaj7 vi7 ii7 V7",
    "two-chord minor": "i7 i7 iv7 iv7",
    "minor loop": "i bVI iv V7",
    "static minor": "i i i i",
    "soul loop": "ii7 V7 Imaj7 vi7",
    "reggae two-chord": "I I ii ii",
    "reggae minor": "i i bVII bVII",
    "reggae four": "I V vi IV",
    "reggae three": "I IV V IV",
    "metal pedal": "i i i bII i i bIII bII",
    "metal minor": "i bVI bIII bVII",
    "doom riff": "i i bV bII",
    "epic metal": "i bVI bVII V",
    "classical cadence": "I IV V7 I vi ii V7 I",
    "pachelbel": "I V vi iii IV I IV V",
    "circle of fifths": "i iv bVII bIII bVI iio V7 i",
    "romantic": "I iii vi ii V7 I IV V7",
    "minor sonata": "i V7 i iv i iio V7 i",
}

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
}

VOICINGS: dict[str, str] = {
    "close": "three or four notes within an octave",
    "guitar": "root, fifth, octave, third, fifth, octave: an open six-string chord",
    "power": "root, fifth, octave: no third",
    "wide": "root and fifth in the left hand, the chord two octaves above",
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
    "shellac": Era((90, 260), (2800, 5200), (-2.5, 1.5), (-44, -26), (0.1, 0.6), (0.02, 0.2), (0, 0.6)),
    "tape": Era((40, 110), (5200, 9500), (-2.5, 1.0), (-60, -40), (0.2, 1.4), (0.04, 0.3), (0.1, 0.7)),
    "studio": Era((25, 70), (7500, 10800), (-2.0, 1.5), (-78, -55), (0.2, 1.6), (0.03, 0.3), (0.2, 0.8)),
    "digital": Era((20, 50), (9000, 10900), (-1.5, 2.0), (-90, -70), (0.2, 1.8), (0.03, 0.25), (0.4, 1)),
    "hall": Era((30, 80), (6500, 10800), (-2.5, 0.5), (-72, -46), (1.2, 3.0), (0.2, 0.55), (0, 0.3)),
    "demo": Era((50, 160), (4500, 8500), (-2.0, 2.0), (-54, -34), (0.1, 0.8), (0.02, 0.3), (0.2, 1)),
}  # fmt: skip


# Mixing habits: what an engineer of the genre adds (dB) in octave bands from 50 Hz to 6.4 kHz.
MIXES: dict[str, tuple[float, ...]] = {
    # 50  100 200 400 800 1k6 3k2 6k4
    "blues": (-3, 0, 2, 3, 3, 1, -2, -4),
    "classical": (-2, 0, 0, 0, 0, 0, 0, 0),
    "country": (-3, -1, 0, -1, 0, 3, 3, 0),
    "disco": (0, 2, -1, -3, -1, 0, 3, 5),
    "hiphop": (6, 4, 0, -2, -2, 0, 0, 0),
    "jazz": (-1, 2, 3, 1, -1, -1, -2, -2),
    "metal": (2, 1, -2, -5, -2, 2, 5, 2),
    "pop": (1, 0, -1, 0, 1, 1, 2, 4),
    "reggae": (5, 6, 2, -1, -3, -2, -3, -4),
    "rock": (0, 1, 1, 1, 2, 3, 0, -2),
}

# --- Genres and their sub-styles ----------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One player: what may be played, on what, how loud (dB) and how likely."""

    role: str  # "bass", "chords" or "melody"
    sounds: tuple[str, ...]
    figures: tuple[str, ...]
    db: Range = (-4.0, 2.0)
    chance: float = 1.0
    voicing: str = "close"
    echo: float = 0.0  # level of a dotted-eighth echo


@dataclass(frozen=True)
class SubStyle:
    """The ingredients of one sub-style; see the module's documentation."""

    name: str
    tempo: Range
    scale: str
    progressions: tuple[str, ...]
    parts: tuple[Part, ...]
    eras: tuple[str, ...]
    drums: tuple[str, ...] = ()
    kits: tuple[str, ...] = ("acoustic",)
    drums_db: Range = (-3.0, 3.0)
    swing: Range = (0.0, 0.0)
    beats: int = 4
    weight: float = field(default=1.0)


def _choices(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split("|"))


def _bass(sounds: str, figures: str, db: Range = (-5, 1), **more: float) -> Part:
    return Part("bass", _choices(sounds), _choices(figures), db, **more)


def _chords(
    sounds: str, figures: str, voicing: str = "close", db: Range = (-7, 0), **more: float
) -> Part:
    return Part("chords", _choices(sounds), _choices(figures), db, voicing=voicing, **more)


def _melody(sounds: str, figures: str, db: Range = (-4, 3), **more: float) -> Part:
    return Part("melody", _choices(sounds), _choices(figures), db, **more)


def _style(
    name: str,
    tempo: Range,
    scale: str,
    progressions: str,
    *parts: Part,
    eras: str,
    drums: str = "",
    kits: str = "acoustic",
    swing: Range = (0, 0),
    beats: int = 4,
    drums_db: Range = (-3, 3),
) -> SubStyle:
    return SubStyle(
        name,
        tempo,
        scale,
        _choices(progressions),
        parts,
        _choices(eras),
        _choices(drums) if drums else (),
        _choices(kits),
        drums_db,
        swing,
        beats,
    )


GENRE_STYLES: dict[str, tuple[SubStyle, ...]] = {
    "blues": (
        _style(
            "delta acoustic", (70, 130), "blues", "twelve-bar | one-chord vamp | eight-bar blues",
            _chords("steel-string guitar | resonator guitar", "fingerpicked blues | shuffle comp", "guitar"),
            _melody("male voice | slide guitar", "blues calls | slow blues lines"),
            eras="shellac | tape | demo", drums="foot stomp | stomp and clap", drums_db=(-16, -6),
        ),
        _style(
            "Chicago shuffle", (95, 140), "blues", "twelve-bar | quick change",
            _bass("upright bass | electric bass", "shuffle boogie | walking"),
            _chords("crunch guitar | clean electric guitar", "shuffle comp", "guitar"),
            _chords("piano", "twelve-eight triplets | shuffle comp", chance=0.6),
            _melody("harmonica | male voice | lead guitar", "blues calls"),
            eras="tape | studio", drums="shuffle | swung backbeat", kits="dry | acoustic",
        ),
        _style(
            "slow minor blues", (50, 75), "blues", "minor twelve-bar",
            _bass("electric bass", "slow root | walking"),
            _chords("drawbar organ | electric piano", "whole notes | twelve-eight triplets"),
            _melody("lead guitar | slide guitar", "slow blues lines | bebop"),
            _melody("male voice", "slow blues lines", chance=0.5),
            eras="tape | studio | digital", drums="slow twelve-eight", kits="acoustic | arena",
        ),
        _style(
            "jump blues", (130, 190), "mixolydian", "twelve-bar | jazz blues | quick change",
            _bass("upright bass", "walking | shuffle boogie"),
            _chords("piano | honky-tonk piano", "shuffle comp | charleston"),
            _melody("horn section", "swing riff", db=(-7, 0)),
            _melody("tenor sax | male voice", "blues calls | bebop"),
            eras="shellac | tape", drums="swung backbeat | swing ride | shuffle", kits="brushes | acoustic",
        ),
        _style(
            "blues rock", (85, 135), "minor pentatonic", "twelve-bar | mixolydian rock | two-chord rock",
            _bass("electric bass | picked bass", "eighths with fifth | root and push"),
            _chords("crunch guitar", "driven eighths | stop riff | strummed", "guitar"),
            _melody("lead guitar | shouted voice | male voice", "riff | sung phrases"),
            eras="tape | studio", drums="straight rock | shuffle", kits="acoustic | arena",
        ),
    ),
    "classical": (
        _style(
            "classical piano", (80, 150), "major", "classical cadence | romantic | minor sonata",
            _chords("piano", "alberti | half notes", db=(-6, -1)),
            _melody("piano", "classical eighths | classical sixteenths | lyrical"),
            eras="hall | studio | tape",
        ),
        _style(
            "romantic piano", (55, 100), "minor", "minor sonata | circle of fifths | romantic",
            _chords("piano", "romantic arpeggio | sixteenth arpeggio", "wide", db=(-4, 0)),
            _melody("piano", "lyrical | long notes"),
            eras="hall | studio | shellac",
        ),
        _style(
            "string orchestra", (60, 120), "harmonic minor", "circle of fifths | pachelbel | minor sonata",
            _bass("cello", "whole notes | two-beat"),
            _chords("string section", "whole notes | eighths | half notes", "wide"),
            _melody("violin | string section | oboe", "lyrical | classical eighths"),
            _melody("french horn | flute", "long notes", chance=0.4, db=(-8, -2)),
            eras="hall | hall | tape",
        ),
        _style(
            "baroque ensemble", (85, 140), "major", "pachelbel | circle of fifths | classical cadence",
            _bass("cello", "eighths | eighths with fifth"),
            _chords("harpsichord | church organ", "four to the bar | arpeggio", db=(-8, -1)),
            _melody("violin | flute | oboe | trumpet", "classical sixteenths | classical eighths"),
            eras="hall | studio",
        ),
        _style(
            "classical guitar", (65, 120), "minor", "andalusian | circle of fifths | romantic",
            _chords("nylon guitar", "arpeggio | sixteenth arpeggio", "guitar", db=(-4, 0)),
            _melody("nylon guitar | flute | harp", "lyrical | classical eighths"),
            eras="studio | tape | hall",
        ),
        _style(
            "opera and choir", (60, 110), "major", "romantic | classical cadence | minor sonata",
            _bass("cello | french horn", "whole notes | two-beat"),
            _chords("string section | choir | church organ", "whole notes | half notes", "wide"),
            _melody("soprano | choir | male voice", "lyrical | long notes"),
            eras="hall | hall | shellac",
        ),
    ),
    "country": (
        _style(
            "honky-tonk", (85, 150), "major pentatonic", "three chords | country turn",
            _bass("upright bass | electric bass", "two-beat | two-beat with runs"),
            _chords("steel-string guitar", "boom-chick | strummed", "guitar"),
            _chords("honky-tonk piano", "charleston | off-beat skank", chance=0.5),
            _melody("male voice", "sung phrases"),
            _melody("pedal steel | fiddle", "sung phrases | long notes", db=(-8, 0)),
            eras="tape | studio", drums="two-step | train beat", kits="brushes | dry",
        ),
        _style(
            "bluegrass", (110, 170), "major pentatonic", "three chords | country turn",
            _bass("upright bass", "two-beat"),
            _chords("banjo", "banjo roll", "guitar"),
            _chords("mandolin | steel-string guitar", "off-beat skank | strummed | boom-chick", "guitar"),
            _melody("fiddle | male voice | mandolin", "fiddle tune | sung phrases"),
            eras="tape | studio | shellac",
        ),
        _style(
            "country ballad", (60, 95), "major", "axis | doo-wop | country turn | pop lift",
            _bass("electric bass", "root and push | two-beat | whole notes"),
            _chords("steel-string guitar | nylon guitar", "travis picking | strummed", "guitar"),
            _chords("piano | string section", "half notes | arpeggio | whole notes", chance=0.6),
            _melody("male voice | female voice", "sung phrases"),
            _melody("pedal steel", "long notes", db=(-9, -2), chance=0.8),
            eras="studio | digital | tape", drums="soft backbeat | ballad", kits="dry | acoustic",
            drums_db=(-8, 0),
        ),
        _style(
            "country rock", (100, 145), "major pentatonic", "outlaw | mixolydian rock | axis | three chords",
            _bass("electric bass | picked bass", "root and push | eighths with fifth"),
            _chords("crunch guitar | clean electric guitar", "strummed | driven eighths", "guitar"),
            _chords("steel-string guitar", "strummed", "guitar", db=(-6, 0), chance=0.7),
            _melody("male voice | female voice", "sung phrases | busy pop"),
            _melody("slide guitar | fiddle | pedal steel", "riff | sung phrases", chance=0.7),
            eras="studio | digital", drums="straight rock | two-step | train beat", kits="acoustic | arena",
        ),
        _style(
            "country waltz", (85, 130), "major", "country waltz",
            _bass("upright bass | electric bass", "waltz root"),
            _chords("steel-string guitar | nylon guitar", "waltz chick", "guitar"),
            _melody("male voice | female voice", "blues calls | cool lines"),
            _melody("fiddle | pedal steel | accordion", "cool lines", db=(-6, 0)),
            eras="tape | studio", drums="waltz", kits="brushes | dry", beats=3,
        ),
    ),
    "disco": (
        _style(
            "orchestral disco", (108, 128), "minor", "minor disco | two-chord minor | andalusian",
            _bass("electric bass", "octaves | disco funk"),
            _chords("clean electric guitar | muted guitar", "funk sixteenths"),
            _chords("string section", "string swells | disco stabs", "wide"),
            _melody("female voice | string section", "sung phrases | busy pop"),
            _melody("horn section", "horn hits", db=(-6, 0), chance=0.6),
            eras="tape | studio", drums="four on the floor | disco sixteenths", kits="dry | acoustic",
        ),
        _style(
            "funk disco", (100, 122), "dorian", "disco two-chord | soul disco | two-chord minor",
            _bass("slap bass | electric bass", "disco funk | octaves"),
            _chords("clean electric guitar | muted guitar | clavinet", "funk sixteenths"),
            _chords("electric piano", "syncopated stabs | disco stabs", chance=0.7),
            _melody("male voice | backing voices", "hook | busy pop"),
            _melody("horn section", "horn hits", db=(-5, 1), chance=0.8),
            eras="tape | studio", drums="four on the floor | linear funk", kits="dry | acoustic",
        ),
        _style(
            "synth disco", (112, 136), "minor", "static minor | minor axis | minor rock",
            _bass("synth bass | square bass", "octaves | sixteenths"),
            _chords("saw pad | string section", "whole notes | string swells"),
            _chords("synth pluck | bell synth", "sixteenth arpeggio", chance=0.6),
            _melody("female voice | square lead", "long notes | sung phrases"),
            eras="tape | studio | digital", drums="four on the floor | electro dance", kits="machine | dry",
        ),
        _style(
            "latin disco", (108, 132), "minor", "disco two-chord | minor disco",
            _bass("electric bass", "octaves | disco funk"),
            _chords("piano", "montuno | syncopated stabs"),
            _chords("muted guitar | clean electric guitar", "funk sixteenths", chance=0.6),
            _melody("backing voices | female voice", "hook | sung phrases"),
            _melody("trumpet | horn section | flute", "horn hits | busy pop", db=(-5, 1)),
            eras="tape | studio", drums="latin disco", kits="dry | acoustic",
        ),
        _style(
            "disco pop", (105, 130), "major", "axis | doo-wop | soul disco | pop lift",
            _bass("electric bass | synth bass", "octaves | eighths"),
            _chords("piano | electric piano", "disco stabs | syncopated stabs | eighths"),
            _chords("string section | clean electric guitar", "string swells | funk sixteenths"),
            _melody("female voice | male voice", "busy pop | sung phrases"),
            eras="studio | tape | digital", drums="four on the floor | disco sixteenths", kits="dry | machine",
        ),
    ),
    "hiphop": (
        _style(
            "boom bap", (82, 102), "minor", "two-chord minor | soul loop | static minor",
            _bass("upright bass | dub bass | electric bass", "kick-locked | long 808"),
            _chords("electric piano | piano | vibraphone", "looped keys | syncopated stabs", db=(-9, -2)),
            _melody("rap voice", "rap", db=(0, 5)),
            eras="demo | studio | tape", drums="boom bap | lazy boom bap", kits="sampled", swing=(0.1, 0.35),
            drums_db=(0, 5),
        ),
        _style(
            "trap", (130, 160), "phrygian", "static minor | minor loop | metal pedal",
            _bass("808 bass", "long 808", db=(0, 6)),
            _chords("bell synth | piano | saw pad", "arpeggio | looped keys | whole notes", db=(-9, -2)),
            _melody("rap voice", "lazy rap | rap", db=(-1, 4), echo=0.2),
            eras="digital", drums="half-time trap", kits="808", drums_db=(-1, 4),
        ),
        _style(
            "west coast", (86, 105), "minor", "static minor | two-chord minor",
            _bass("synth bass | square bass | dub bass", "kick-locked | disco funk"),
            _chords("electric piano | saw pad | clavinet", "looped keys | whole notes", db=(-8, -1)),
            _melody("square lead | saw lead", "long notes | hook", db=(-10, -2), chance=0.8),
            _melody("rap voice", "lazy rap | rap", db=(0, 4)),
            eras="studio | digital", drums="west coast", kits="machine | sampled", swing=(0, 0.2),
        ),
        _style(
            "jazz rap", (85, 105), "dorian", "soul loop | ii-V-I | two-chord minor",
            _bass("upright bass", "kick-locked | root and push"),
            _chords("electric piano | jazz guitar | vibraphone", "looped keys | syncopated stabs"),
            _melody("muted trumpet | alto sax | flute", "hook", db=(-9, -1), chance=0.7),
            _melody("rap voice", "rap | lazy rap", db=(-1, 4)),
            eras="studio | tape | demo", drums="lazy boom bap | breakbeat", kits="sampled | dry", swing=(0.1, 0.3),
        ),
        _style(
            "old school", (98, 116), "dorian", "disco two-chord | static minor",
            _bass("electric bass | synth bass | slap bass", "disco funk | kick-locked"),
            _chords("clean electric guitar | synth brass", "funk sixteenths | syncopated stabs", db=(-8, -1)),
            _melody("rap voice | toasting voice", "rap | toast", db=(0, 4), echo=0.15),
            eras="tape | studio | demo", drums="breakbeat | electro dance | boom bap", kits="machine | 808 | dry",
        ),
    ),
    "jazz": (
        _style(
            "piano trio", (100, 200), "dorian", "ii-V-I | rhythm changes | minor ii-V-i",
            _bass("upright bass", "walking"),
            _chords("piano", "charleston | jazz stabs", db=(-8, -2)),
            _melody("piano | vibraphone", "bebop | cool lines"),
            eras="tape | studio | hall", drums="swing ride | brush swirl", kits="brushes", drums_db=(-8, 0),
        ),
        _style(
            "bebop quintet", (150, 240), "mixolydian", "rhythm changes | jazz blues | ii-V-I",
            _bass("upright bass", "walking"),
            _chords("piano", "jazz stabs | charleston", db=(-9, -3)),
            _melody("alto sax | trumpet | tenor sax", "bebop"),
            eras="shellac | tape", drums="fast swing | swing ride", kits="acoustic | brushes", drums_db=(-6, 1),
        ),
        _style(
            "cool ballad", (55, 85), "major", "ii-V-I | bossa changes | minor ii-V-i",
            _bass("upright bass", "slow root | walking"),
            _chords("piano | jazz guitar", "whole notes | half notes | charleston"),
            _melody("tenor sax | muted trumpet | female voice", "cool lines | slow blues lines"),
            eras="tape | studio | hall", drums="brush swirl", kits="brushes", drums_db=(-12, -4),
        ),
        _style(
            "bossa nova", (110, 150), "major", "bossa changes | ii-V-I",
            _bass("upright bass", "bossa"),
            _chords("nylon guitar", "bossa comp", "close"),
            _melody("female voice | flute | tenor sax", "sung phrases | lyrical"),
            eras="tape | studio", drums="bossa nova", kits="brushes | acoustic", drums_db=(-10, -2),
        ),
        _style(
            "big band", (110, 180), "mixolydian", "jazz blues | rhythm changes | twelve-bar",
            _bass("upright bass", "walking"),
            _chords("piano | jazz guitar", "charleston | shuffle comp", db=(-10, -4)),
            _chords("horn section", "jazz stabs | charleston", "wide", db=(-3, 2)),
            _melody("trumpet | trombone | clarinet | tenor sax", "swing riff | bebop"),
            eras="shellac | tape | hall", drums="swing ride | swung backbeat", kits="acoustic",
        ),
        _style(
            "jazz funk", (90, 118), "dorian", "modal vamp | two-chord minor | soul loop",
            _bass("electric bass | slap bass", "disco funk | kick-locked"),
            _chords("electric piano | clavinet", "funk sixteenths | syncopated stabs"),
            _melody("alto sax | electric piano | trumpet", "busy pop | riff"),
            eras="tape | studio", drums="linear funk", kits="dry", swing=(0, 0.2),
        ),
    ),
    "metal": (
        _style(
            "thrash", (160, 215), "phrygian", "metal pedal | doom riff",
            _bass("picked bass", "sixteenths | eighths", db=(-8, -2)),
            _chords("palm-muted guitar", "thrash riff | sixteenths", "power", db=(0, 4)),
            _chords("distorted guitar", "sustained power | stop riff", "power", db=(-3, 2), chance=0.7),
            _melody("shouted voice | growl", "growled | rap"),
            eras="tape | studio | demo", drums="thrash | double kick", kits="triggered | arena",
        ),
        _style(
            "classic heavy metal", (105, 165), "minor", "minor rock | epic metal | mixolydian rock",
            _bass("picked bass", "gallop | eighths", db=(-6, 0)),
            _chords("distorted guitar | palm-muted guitar", "gallop | driven eighths | stop riff", "power"),
            _melody("shouted voice | male voice", "sung phrases"),
            _melody("lead guitar", "shred | riff | long notes", db=(-6, 2), chance=0.7),
            eras="tape | studio", drums="straight rock | gallop | driving rock", kits="arena | acoustic",
        ),
        _style(
            "death metal", (170, 240), "phrygian", "doom riff | metal pedal",
            _bass("picked bass", "sixteenths", db=(-8, -3)),
            _chords("distorted guitar | palm-muted guitar", "sixteenths | thrash riff", "power", db=(0, 4)),
            _melody("growl", "growled", db=(-3, 3)),
            eras="studio | digital | demo", drums="blast beat | double kick", kits="triggered",
        ),
        _style(
            "doom", (52, 85), "minor", "doom riff | minor rock | metal pedal",
            _bass("picked bass | electric bass", "whole notes | eighths", db=(-4, 2)),
            _chords("distorted guitar", "sustained power | stop riff", "power", db=(0, 4)),
            _melody("male voice | shouted voice | lead guitar", "long notes | sung phrases"),
            eras="tape | studio | demo", drums="doom | open rock", kits="arena | acoustic",
        ),
        _style(
            "power metal", (140, 180), "minor", "epic metal | metal minor | axis",
            _bass("picked bass", "eighths | sixteenths", db=(-7, -1)),
            _chords("distorted guitar", "sixteenths | driven eighths | gallop", "power", db=(-2, 3)),
            _chords("saw pad | choir | string section", "whole notes", db=(-10, -3), chance=0.6),
            _melody("shouted voice | female voice | lead guitar", "sung phrases | shred"),
            eras="studio | digital", drums="double kick | gallop", kits="triggered | arena",
        ),
    ),
    "pop": (
        _style(
            "dance pop", (112, 132), "major", "axis | minor axis | pop lift",
            _bass("synth bass | square bass", "octaves | eighths | root and push"),
            _chords("saw pad | synth brass | piano", "syncopated stabs | whole notes | eighths"),
            _chords("synth pluck | bell synth | muted guitar", "sixteenth arpeggio | arpeggio", chance=0.6),
            _melody("female voice | male voice", "busy pop | sung phrases", db=(-1, 4)),
            eras="digital | studio", drums="electro dance | four on the floor | pop backbeat", kits="machine | 808",
        ),
        _style(
            "piano ballad", (60, 90), "major", "axis | minor axis | pop lift | doo-wop",
            _bass("electric bass", "whole notes | root and push"),
            _chords("piano", "eighths | arpeggio | half notes", "wide"),
            _chords("string section | saw pad", "whole notes", chance=0.8),
            _melody("female voice | male voice", "sung phrases | long notes", db=(0, 5)),
            eras="studio | digital", drums="ballad | soft backbeat", kits="acoustic | machine", drums_db=(-8, 0),
        ),
        _style(
            "guitar pop", (100, 145), "major", "axis | doo-wop | pop lift | two-chord rock",
            _bass("electric bass | picked bass", "eighths | root and push"),
            _chords("chorus guitar | clean electric guitar | crunch guitar", "strummed | arpeggio | eighths", "guitar"),
            _chords("steel-string guitar | piano | transistor organ", "strummed | half notes", chance=0.6),
            _melody("female voice | male voice | backing voices", "sung phrases | busy pop", db=(-1, 4)),
            eras="studio | digital | tape", drums="pop backbeat | straight rock", kits="acoustic | dry",
        ),
        _style(
            "synth pop", (100, 138), "minor", "minor axis | minor rock | axis",
            _bass("synth bass | square bass", "eighths | octaves | sixteenths"),
            _chords("saw pad | string section", "whole notes | half notes"),
            _chords("synth pluck | chorus guitar | bell synth", "arpeggio | sixteenth arpeggio"),
            _melody("male voice | female voice | square lead", "sung phrases | hook", db=(-1, 4)),
            eras="studio | digital", drums="new wave | pop backbeat | electro dance", kits="machine",
        ),
        _style(
            "urban pop", (85, 108), "minor", "minor axis | soul loop | two-chord minor",
            _bass("808 bass | synth bass | electric bass", "kick-locked | root and push"),
            _chords("electric piano | nylon guitar | synth pluck", "looped keys | arpeggio | syncopated stabs"),
            _melody("female voice | male voice", "busy pop | sung phrases", db=(0, 5), echo=0.15),
            _melody("backing voices", "hook | long notes", db=(-8, -1), chance=0.7),
            eras="digital | studio", drums="west coast | dembow | boom bap", kits="808 | machine",
        ),
    ),
    "reggae": (
        _style(
            "roots", (66, 84), "minor", "reggae minor | reggae two-chord | two-chord minor",
            _bass("dub bass | electric bass", "one-drop line", db=(0, 6)),
            _chords("clean electric guitar | muted guitar", "off-beat skank | double skank"),
            _chords("drawbar organ", "organ bubble", chance=0.8),
            _melody("male voice", "sung phrases"),
            _melody("horn section | melodica", "horn hits", db=(-8, -1), chance=0.5),
            eras="tape | studio", drums="one drop | rockers", kits="dry | acoustic",
        ),
        _style(
            "dub", (66, 80), "minor", "static minor | reggae minor",
            _bass("dub bass", "one-drop line | steppers line", db=(2, 8)),
            _chords("clean electric guitar | electric piano | piano", "off-beat skank", echo=0.6),
            _melody("melodica | male voice | trombone", "hook | long notes", db=(-6, 0), echo=0.5),
            eras="tape | demo", drums="one drop | steppers", kits="dry | acoustic",
        ),
        _style(
            "rocksteady and lovers rock", (74, 98), "major", "reggae four | reggae three | doo-wop",
            _bass("electric bass | dub bass", "one-drop line | steppers line", db=(-2, 4)),
            _chords("clean electric guitar | piano", "off-beat skank | skank eighths"),
            _chords("drawbar organ | electric piano", "organ bubble | whole notes", chance=0.7),
            _melody("female voice | male voice | backing voices", "sung phrases"),
            eras="tape | studio | shellac", drums="one drop | rockers | soft backbeat", kits="dry | acoustic",
        ),
        _style(
            "ska", (112, 140), "mixolydian", "reggae three | three chords | doo-wop",
            _bass("upright bass | electric bass", "walking | eighths with fifth"),
            _chords("clean electric guitar | piano", "skank eighths"),
            _melody("trombone | trumpet | tenor sax | horn section", "hook | riff"),
            _melody("male voice", "sung phrases", chance=0.7),
            eras="shellac | tape", drums="ska", kits="dry | acoustic",
        ),
        _style(
            "dancehall", (86, 108), "minor", "static minor | reggae minor | reggae two-chord",
            _bass("synth bass | dub bass | 808 bass", "kick-locked | steppers line", db=(-1, 5)),
            _chords("synth brass | piano | transistor organ", "off-beat skank | skank eighths | syncopated stabs"),
            _melody("toasting voice | rap voice", "toast | rap", db=(0, 4), echo=0.25),
            eras="studio | digital | demo", drums="dancehall | dembow | steppers", kits="machine | 808",
        ),
    ),
    "rock": (
        _style(
            "classic rock", (100, 145), "minor pentatonic", "mixolydian rock | two-chord rock | three chords",
            _bass("electric bass | picked bass", "eighths | root and push | eighths with fifth"),
            _chords("crunch guitar", "driven eighths | strummed | stop riff", "guitar"),
            _chords("drawbar organ | piano | crunch guitar", "half notes | eighths", chance=0.5),
            _melody("male voice | shouted voice", "sung phrases"),
            _melody("lead guitar", "riff | sung phrases", db=(-6, 2), chance=0.6),
            eras="tape | studio", drums="straight rock | driving rock | open rock", kits="acoustic | arena",
        ),
        _style(
            "punk rock", (150, 200), "major", "axis | two-chord rock | three chords",
            _bass("picked bass", "eighths"),
            _chords("distorted guitar | crunch guitar", "driven eighths | eighths", "power", db=(-1, 4)),
            _melody("shouted voice | male voice", "sung phrases | busy pop"),
            eras="studio | demo | digital", drums="punk | driving rock", kits="acoustic | arena",
        ),
        _style(
            "hard rock", (90, 135), "minor pentatonic", "mixolydian rock | minor rock | outlaw",
            _bass("picked bass", "eighths | dark riff | root and push"),
            _chords("distorted guitar | crunch guitar", "stop riff | sustained power | driven eighths", "power"),
            _melody("shouted voice", "sung phrases | riff"),
            _melody("lead guitar", "riff | shred", chance=0.6),
            eras="tape | studio | digital", drums="straight rock | open rock", kits="arena",
        ),
        _style(
            "indie rock", (105, 155), "major", "axis | minor axis | two-chord rock | pop lift",
            _bass("picked bass | electric bass", "eighths | eighths with fifth"),
            _chords("crunch guitar | chorus guitar | clean electric guitar", "strummed | eighths | arpeggio", "guitar"),
            _chords("clean electric guitar | tremolo guitar", "arpeggio | whole notes", chance=0.7),
            _melody("male voice | female voice", "sung phrases"),
            eras="studio | demo | digital", drums="driving rock | straight rock | new wave", kits="acoustic | dry",
        ),
        _style(
            "rock ballad", (60, 90), "minor", "minor axis | axis | andalusian | minor rock",
            _bass("electric bass", "whole notes | root and push"),
            _chords("steel-string guitar | clean electric guitar | piano", "arpeggio | strummed", "guitar"),
            _chords("distorted guitar | string section", "sustained power | whole notes", "power", chance=0.5),
            _melody("male voice | shouted voice", "sung phrases | long notes"),
            _melody("lead guitar", "long notes | sung phrases", chance=0.5),
            eras="studio | digital | tape", drums="ballad | straight rock", kits="arena | acoustic",
        ),
    ),
}  # fmt: skip
