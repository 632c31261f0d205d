"""What each genre is made of: patterns, figures, progressions and sub-styles, as plain data.

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

from dataclasses import dataclass
from functools import partial
from typing import Any

from genre_lib.corpus.synthetic.sounds import Range

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
    "two-step": {"kick": "x.......x.......", "snare": "....x.......x...",
    "hat": "x.x.x.x.x.x.x.x."},
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
    "dembow": {"kick": "X...X...X...X...", "snare": "...x..x....x..x.",
    "shaker": "x.x.x.x.x.x.x.x."},
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


# --- Genres and their sub-styles ----------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One player: what may be played, on what, how loud and how likely."""

    role: str  # "bass", "chords" or "melody"
    sounds: str
    figures: str
    voicing: str = "close"
    db: Range = (-5.0, 1.0)
    chance: float = 1.0
    echo: float = 0.0  # level of a dotted-eighth echo


@dataclass(frozen=True)
class SubStyle:
    """The ingredients of one sub-style, each song's share of which is drawn by `compose`."""

    name: str
    tempo: Range  # beats per minute
    scale: str
    progressions: str
    parts: tuple[Part, ...]
    eras: str
    drums: str = ""  # none
    kits: str = "acoustic"
    drums_db: Range = (-3.0, 3.0)
    swing: Range = (0.0, 0.0)
    beats: int = 4  # per bar


def options(text: str) -> list[str]:
    """Read a choice: ``"a | b"`` gives ``["a", "b"]``, an empty text no option."""
    return [option.strip() for option in text.split("|")] if text else []


def _style(
    name: str, tempo: Range, scale: str, progressions: str, *parts: Part, **more: Any
) -> SubStyle:
    return SubStyle(name, tempo, scale, progressions, parts, **more)


_bass = partial(Part, "bass")
_chords = partial(Part, "chords", db=(-7, 0))
_melody = partial(Part, "melody", db=(-4, 3))

GENRE_STYLES: dict[str, tuple[SubStyle, ...]] = {
    "blues": (
        _style(
            "delta acoustic", (70, 130), "blues", "twelve-bar | one-chord vamp | eight-bar blues",
            _chords("steel-string guitar | resonator guitar", "fingerpicked blues | shuffle comp",
                "guitar"),
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
            eras="shellac | tape", drums="swung backbeat | swing ride | shuffle",
            kits="brushes | acoustic",
        ),
        _style(
            "blues rock", (85, 135), "minor pentatonic",
            "twelve-bar | mixolydian rock | two-chord rock",
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
            "string orchestra", (60, 120), "harmonic minor",
            "circle of fifths | pachelbel | minor sonata",
            _bass("cello", "whole notes | two-beat"),
            _chords("string section", "whole notes | eighths | half notes", "wide"),
            _melody("violin | string section | oboe", "lyrical | classical eighths"),
            _melody("french horn | flute", "long notes", chance=0.4, db=(-8, -2)),
            eras="hall | hall | tape",
        ),
        _style(
            "baroque ensemble", (85, 140), "major",
            "pachelbel | circle of fifths | classical cadence",
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
            _chords("mandolin | steel-string guitar", "off-beat skank | strummed | boom-chick",
                "guitar"),
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
            "country rock", (100, 145), "major pentatonic",
            "outlaw | mixolydian rock | axis | three chords",
            _bass("electric bass | picked bass", "root and push | eighths with fifth"),
            _chords("crunch guitar | clean electric guitar", "strummed | driven eighths", "guitar"),
            _chords("steel-string guitar | banjo", "strummed | banjo roll", "guitar", db=(-4, 1)),
            _melody("male voice | female voice", "sung phrases | busy pop"),
            _melody("slide guitar | fiddle | pedal steel", "riff | sung phrases"),
            eras="studio | digital", drums="train beat | two-step | straight rock",
            kits="acoustic | dry",
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
            eras="tape | studio", drums="four on the floor | disco sixteenths",
            kits="disco | disco | dry",
        ),
        _style(
            "funk disco", (100, 122), "dorian", "disco two-chord | soul disco | two-chord minor",
            _bass("slap bass | electric bass", "disco funk | octaves"),
            _chords("clean electric guitar | muted guitar | clavinet", "funk sixteenths"),
            _chords("electric piano", "syncopated stabs | disco stabs", chance=0.7),
            _melody("male voice | backing voices", "hook | busy pop"),
            _melody("horn section", "horn hits", db=(-5, 1), chance=0.8),
            eras="tape | studio", drums="four on the floor | linear funk",
            kits="disco | disco | dry",
        ),
        _style(
            "synth disco", (112, 136), "minor", "static minor | minor axis | minor rock",
            _bass("synth bass", "octaves | sixteenths", db=(-3, 2)),
            _chords("saw pad | string section", "whole notes | string swells"),
            _chords("synth pluck | bell synth", "sixteenth arpeggio", chance=0.6),
            _melody("female voice | square lead", "long notes | sung phrases"),
            eras="tape | studio | digital", drums="four on the floor | disco sixteenths",
            kits="machine | disco",
        ),
        _style(
            "latin disco", (108, 132), "minor", "disco two-chord | minor disco",
            _bass("electric bass", "octaves | disco funk"),
            _chords("piano", "montuno | syncopated stabs"),
            _chords("muted guitar | clean electric guitar", "funk sixteenths", chance=0.6),
            _melody("backing voices | female voice", "hook | sung phrases"),
            _melody("trumpet | horn section | flute", "horn hits | busy pop", db=(-5, 1)),
            eras="tape | studio", drums="latin disco", kits="disco | disco | dry",
        ),
        _style(
            "disco pop", (105, 130), "major", "axis | doo-wop | soul disco | pop lift",
            _bass("electric bass | synth bass", "octaves | eighths"),
            _chords("piano | electric piano", "disco stabs | syncopated stabs | eighths"),
            _chords("string section | clean electric guitar", "string swells | funk sixteenths"),
            _melody("female voice | male voice", "busy pop | sung phrases"),
            eras="studio | tape | digital", drums="four on the floor | disco sixteenths",
            kits="disco | machine",
        ),
    ),
    "hiphop": (
        _style(
            "boom bap", (82, 102), "minor", "two-chord minor | soul loop | static minor",
            _bass("upright bass | dub bass | electric bass", "kick-locked | long 808"),
            _chords("electric piano | piano | vibraphone", "looped keys | syncopated stabs",
                db=(-9, -2)),
            _melody("rap voice", "rap", db=(0, 5)),
            eras="demo | studio | tape", drums="boom bap | lazy boom bap", kits="sampled",
            swing=(0.1, 0.35),
            drums_db=(0, 5),
        ),
        _style(
            "trap", (130, 160), "phrygian", "static minor | minor loop | metal pedal",
            _bass("808 bass", "long 808", db=(0, 6)),
            _chords("bell synth | piano | saw pad", "arpeggio | looped keys | whole notes", db=(-9,
                -2)),
            _melody("rap voice", "lazy rap | rap", db=(-1, 4), echo=0.2),
            eras="digital", drums="half-time trap", kits="808", drums_db=(-1, 4),
        ),
        _style(
            "west coast", (86, 105), "minor", "static minor | two-chord minor",
            _bass("synth bass | square bass | dub bass", "kick-locked | disco funk"),
            _chords("electric piano | saw pad | clavinet", "looped keys | whole notes", db=(-8,
                -1)),
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
            eras="studio | tape | demo", drums="lazy boom bap | breakbeat", kits="sampled | dry",
            swing=(0.1, 0.3),
        ),
        _style(
            "old school", (98, 116), "dorian", "disco two-chord | static minor",
            _bass("electric bass | synth bass | slap bass", "disco funk | kick-locked"),
            _chords("clean electric guitar | synth brass", "funk sixteenths | syncopated stabs",
                db=(-8, -1)),
            _melody("rap voice | toasting voice", "rap | toast", db=(0, 4), echo=0.15),
            eras="tape | studio | demo", drums="breakbeat | electro dance | boom bap",
            kits="machine | 808 | dry",
        ),
    ),
    "jazz": (
        _style(
            "piano trio", (100, 200), "dorian", "ii-V-I | rhythm changes | minor ii-V-i",
            _bass("upright bass", "walking"),
            _chords("piano", "charleston | jazz stabs", db=(-8, -2)),
            _melody("piano | vibraphone", "bebop | cool lines"),
            eras="tape | studio | hall", drums="swing ride | brush swirl", kits="brushes",
            drums_db=(-8, 0),
        ),
        _style(
            "bebop quintet", (150, 240), "mixolydian", "rhythm changes | jazz blues | ii-V-I",
            _bass("upright bass", "walking"),
            _chords("piano", "jazz stabs | charleston", db=(-9, -3)),
            _melody("alto sax | trumpet | tenor sax", "bebop"),
            eras="shellac | tape", drums="fast swing | swing ride", kits="acoustic | brushes",
            drums_db=(-6, 1),
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
            _chords("distorted guitar", "sustained power | stop riff", "power", db=(-3, 2),
                chance=0.7),
            _melody("shouted voice | growl", "growled | rap"),
            eras="tape | studio | demo", drums="thrash | double kick", kits="triggered | arena",
        ),
        _style(
            "classic heavy metal", (105, 165), "minor", "minor rock | epic metal | mixolydian rock",
            _bass("picked bass", "gallop | eighths", db=(-6, 0)),
            _chords("distorted guitar | palm-muted guitar", "gallop | driven eighths | stop riff",
                "power"),
            _melody("shouted voice | male voice", "sung phrases"),
            _melody("lead guitar", "shred | riff | long notes", db=(-6, 2), chance=0.7),
            eras="tape | studio", drums="straight rock | gallop | driving rock",
            kits="arena | acoustic",
        ),
        _style(
            "death metal", (170, 240), "phrygian", "doom riff | metal pedal",
            _bass("picked bass", "sixteenths", db=(-8, -3)),
            _chords("distorted guitar | palm-muted guitar", "sixteenths | thrash riff", "power",
                db=(0, 4)),
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
            _chords("distorted guitar", "sixteenths | driven eighths | gallop", "power", db=(-2,
                3)),
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
            _chords("synth pluck | bell synth | muted guitar", "sixteenth arpeggio | arpeggio",
                chance=0.6),
            _melody("female voice | male voice", "busy pop | sung phrases", db=(-1, 4)),
            eras="digital | studio", drums="electro dance | four on the floor | pop backbeat",
            kits="machine | 808",
        ),
        _style(
            "piano ballad", (60, 90), "major", "axis | minor axis | pop lift | doo-wop",
            _bass("electric bass", "whole notes | root and push"),
            _chords("piano", "eighths | arpeggio | half notes", "wide"),
            _chords("string section | saw pad", "whole notes", chance=0.8),
            _melody("female voice | male voice", "sung phrases | long notes", db=(0, 5)),
            eras="studio | digital", drums="ballad | soft backbeat", kits="acoustic | machine",
            drums_db=(-8, 0),
        ),
        _style(
            "guitar pop", (100, 145), "major", "axis | doo-wop | pop lift | two-chord rock",
            _bass("electric bass | picked bass", "eighths | root and push"),
            _chords("chorus guitar | clean electric guitar | crunch guitar",
                "strummed | arpeggio | eighths", "guitar"),
            _chords("steel-string guitar | piano | transistor organ", "strummed | half notes",
                chance=0.6),
            _melody("female voice | male voice | backing voices", "sung phrases | busy pop",
                db=(-1, 4)),
            eras="studio | digital | tape", drums="pop backbeat | straight rock",
            kits="acoustic | dry",
        ),
        _style(
            "synth pop", (100, 138), "minor", "minor axis | minor rock | axis",
            _bass("synth bass | square bass", "eighths | octaves | sixteenths"),
            _chords("saw pad | string section", "whole notes | half notes"),
            _chords("synth pluck | chorus guitar | bell synth", "arpeggio | sixteenth arpeggio"),
            _melody("male voice | female voice | square lead", "sung phrases | hook", db=(-1, 4)),
            eras="studio | digital", drums="new wave | pop backbeat | electro dance",
            kits="machine",
        ),
        _style(
            "urban pop", (85, 108), "minor", "minor axis | soul loop | two-chord minor",
            _bass("808 bass | synth bass | electric bass", "kick-locked | root and push"),
            _chords("electric piano | nylon guitar | synth pluck",
                "looped keys | arpeggio | syncopated stabs"),
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
            eras="tape | studio", drums="one drop | rockers", kits="tight | tight | dry",
        ),
        _style(
            "dub", (66, 80), "minor", "static minor | reggae minor",
            _bass("dub bass", "one-drop line | steppers line", db=(2, 8)),
            _chords("clean electric guitar | electric piano | piano", "off-beat skank", echo=0.6),
            _melody("melodica | male voice | trombone", "hook | horn hits", db=(-6, 0), echo=0.5),
            eras="tape | demo", drums="one drop | steppers", kits="tight | tight | dry",
        ),
        _style(
            "rocksteady and lovers rock", (74, 98), "major", "reggae four | reggae three | doo-wop",
            _bass("electric bass | dub bass", "one-drop line | steppers line", db=(-2, 4)),
            _chords("clean electric guitar | piano", "off-beat skank | skank eighths"),
            _chords("drawbar organ | electric piano", "organ bubble | whole notes", chance=0.7),
            _melody("female voice | male voice | backing voices", "sung phrases"),
            eras="tape | studio | shellac", drums="one drop | rockers | soft backbeat",
            kits="tight | tight | dry",
        ),
        _style(
            "ska", (112, 140), "mixolydian", "reggae three | three chords | doo-wop",
            _bass("upright bass | electric bass", "walking | eighths with fifth"),
            _chords("clean electric guitar | piano", "skank eighths"),
            _melody("trombone | trumpet | tenor sax | horn section", "hook | riff"),
            _melody("male voice", "sung phrases", chance=0.7),
            eras="shellac | tape", drums="ska", kits="tight | tight | dry",
        ),
        _style(
            "dancehall", (86, 108), "minor", "static minor | reggae minor | reggae two-chord",
            _bass("synth bass | dub bass | 808 bass", "kick-locked | steppers line", db=(-1, 5)),
            _chords("synth brass | piano | transistor organ",
                "off-beat skank | skank eighths | syncopated stabs"),
            _melody("toasting voice | rap voice", "toast | rap", db=(0, 4), echo=0.25),
            eras="studio | digital | demo", drums="dancehall | dembow | steppers",
            kits="machine | 808",
        ),
    ),
    "rock": (
        _style(
            "classic rock", (100, 145), "minor pentatonic",
            "mixolydian rock | two-chord rock | three chords",
            _bass("electric bass | picked bass", "eighths | root and push | eighths with fifth"),
            _chords("crunch guitar", "driven eighths | strummed | stop riff", "guitar"),
            _chords("drawbar organ | piano | crunch guitar", "half notes | eighths", chance=0.5),
            _melody("male voice | shouted voice", "sung phrases"),
            _melody("lead guitar", "riff | sung phrases", db=(-6, 2), chance=0.6),
            eras="tape | studio", drums="straight rock | driving rock | open rock",
            kits="acoustic | arena",
        ),
        _style(
            "punk rock", (150, 200), "major", "axis | two-chord rock | three chords",
            _bass("picked bass", "eighths"),
            _chords("distorted guitar | crunch guitar", "driven eighths | eighths", "power",
                db=(-1, 4)),
            _melody("shouted voice | male voice", "sung phrases | busy pop"),
            eras="studio | demo | digital", drums="punk | driving rock", kits="acoustic | arena",
        ),
        _style(
            "hard rock", (90, 135), "minor pentatonic", "mixolydian rock | minor rock | outlaw",
            _bass("picked bass", "eighths | dark riff | root and push"),
            _chords("distorted guitar | crunch guitar",
                "stop riff | sustained power | driven eighths", "power"),
            _melody("shouted voice", "sung phrases | riff"),
            _melody("lead guitar", "riff | shred", chance=0.6),
            eras="tape | studio | digital", drums="straight rock | open rock", kits="arena",
        ),
        _style(
            "indie rock", (105, 155), "major", "axis | minor axis | two-chord rock | pop lift",
            _bass("picked bass | electric bass", "eighths | eighths with fifth"),
            _chords("crunch guitar | chorus guitar | clean electric guitar",
                "strummed | eighths | arpeggio", "guitar"),
            _chords("clean electric guitar | tremolo guitar", "arpeggio | whole notes", chance=0.7),
            _melody("male voice | female voice", "sung phrases"),
            eras="studio | demo | digital", drums="driving rock | straight rock | new wave",
            kits="acoustic | dry",
        ),
        _style(
            "rock ballad", (60, 90), "minor", "minor axis | axis | andalusian | minor rock",
            _bass("electric bass", "whole notes | root and push"),
            _chords("steel-string guitar | clean electric guitar | piano", "arpeggio | strummed",
                "guitar"),
            _chords("distorted guitar | string section", "sustained power | whole notes", "power",
                chance=0.5),
            _melody("male voice | shouted voice", "sung phrases | long notes"),
            _melody("lead guitar", "long notes | sung phrases", chance=0.5),
            eras="studio | digital | tape", drums="ballad | straight rock", kits="arena | acoustic",
        ),
    ),
}  # fmt: skip
