"""From a recipe to a song: draw the ingredients, then write the notes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from genre_lib.config import GENRES
from genre_lib.corpus.synthetic.recipes import (
    BASS_FIGURES,
    CHORD_FIGURES,
    DRUM_PATTERNS,
    GENRE_STYLES,
    MELODY_FIGURES,
    PROGRESSIONS,
    SCALES,
    Part,
    SubStyle,
    options,
)
from genre_lib.corpus.synthetic.sounds import ERAS, INSTRUMENTS, MIXES, Range

SECONDS = 30.0

# Colour (dB) that each track draws for itself. It carries no genre, so it makes whole songs harder
# to classify and pieces of one song easier to recognise: a knob of the difficulty, like the
# mixing habits of the genres (`sounds.MIXES`), which do the opposite.
COLOUR_DB = 4.0
VARIED = 0.2  # how often a bar of an accompaniment is played in its second way

_NOTE_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_QUALITIES = {  # suffix of the numeral -> semitones above the root (the third is set below)
    "": (0, 4, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "o": (0, 3, 6),
    "ø": (0, 3, 6, 10),
}
# A style's scale, where the progression drawn for a song is in the other mode.
_IN_MAJOR = dict.fromkeys(("minor", "harmonic minor", "dorian", "phrygian"), "major")
_IN_MINOR = {"major": "minor", "mixolydian": "dorian", "major pentatonic": "minor pentatonic"}
_VELOCITY = {"X": 1.0, "x": 0.75, "o": 0.4}


class Note(NamedTuple):
    """One note of one part; times in seconds from the start of the clip."""

    part: int
    start: float
    length: float
    pitch: int  # MIDI number
    velocity: float
    syllable: int  # which of the instrument's vowels


class Hit(NamedTuple):
    """One stroke on one drum."""

    drum: str
    start: float
    velocity: float


@dataclass(frozen=True)
class Player:
    """One part of the arrangement: who plays what, how loud, and its own tone."""

    role: str
    instrument: str
    figure: str
    db: float
    voicing: str
    echo: float
    brightness: float  # dB per octave added to the instrument's spectrum
    size: float  # factor on its resonances: a larger or smaller body or singer


@dataclass(frozen=True)
class Production:
    """How the song was recorded; the same for every second of it."""

    era: str
    low_hz: float
    high_hz: float
    tilt_db: float  # per octave around 1 kHz
    colour_db: tuple[float, ...]  # equaliser, 24 bands a third of an octave apart from 50 Hz
    noise_db: float
    reverb_seconds: float
    wet: float
    squash: float
    tuning_cents: float
    peak: float


@dataclass(frozen=True)
class Song:
    """A short composition, complete enough to be rendered; the events are left out of `repr`."""

    genre: str
    index: int
    sub_style: str
    tempo: float  # beats per minute
    beats: int  # per bar
    swing: float
    key: str
    scale: str  # of the melody
    progression: tuple[str, ...]  # one roman numeral per bar
    drums: str
    kit: str
    drums_db: float
    players: tuple[Player, ...]
    production: Production
    sound_seed: int = field(repr=False)
    notes: tuple[Note, ...] = field(repr=False)
    hits: tuple[Hit, ...] = field(repr=False)

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the instruments, in the order of the parts."""
        return tuple(player.instrument for player in self.players)


def compose(genre: str, index: int, *, seed: int = 0) -> Song:
    """Compose one synthetic song.

    Parameters
    ----------
    genre : one of `genre_lib.config.GENRES`.
    index : number of the song within its genre, from 0.
    seed : number of the corpus; another seed gives other songs.

    Returns
    -------
    Song
        The same song for the same arguments, whatever else has been drawn.
    """
    if genre not in GENRES:
        raise ValueError(f"unknown genre {genre!r}; there are {', '.join(GENRES)}")
    number = GENRES.index(genre)
    styles = GENRE_STYLES[genre]
    # Each sub-style comes once in every row of songs, in an order of its own.
    row, place = divmod(index, len(styles))
    style = styles[np.random.default_rng([seed, number, row, 0]).permutation(len(styles))[place]]
    rng = np.random.default_rng([seed, number, index])
    tempo = _between(rng, style.tempo)
    swing = _between(rng, style.swing)
    tonic = int(rng.integers(12))
    progression = tuple(PROGRESSIONS[_pick(rng, options(style.progressions))].split())
    players = tuple(_hire(rng, part) for part in style.parts if rng.random() < part.chance)
    drums = _pick(rng, options(style.drums)) if style.drums else ""
    minor = any(chord(numeral)[:2] == (0, 3) for bar in progression for numeral in bar.split("-"))
    scale = (_IN_MINOR if minor else _IN_MAJOR).get(style.scale, style.scale)
    offset = float(rng.uniform(0, style.beats * 60 / tempo))
    score = _Score(rng, tempo, style.beats, swing, offset, progression, tonic, scale)

    notes: list[Note] = []
    for number, player in enumerate(players):
        write = {"bass": _write_bass, "chords": _write_chords, "melody": _write_melody}[player.role]
        for note in write(score, player):
            if note.start < SECONDS and note.start + note.length > 0.05:
                heard = round(min(note.length, note.start + note.length), 4)
                notes.append(note._replace(part=number, start=max(0.0, note.start), length=heard))
    hits = [hit for hit in _write_drums(score, drums) if 0 <= hit.start < SECONDS]
    return Song(
        genre=genre,
        index=index,
        sub_style=style.name,
        tempo=round(tempo, 1),
        beats=style.beats,
        swing=round(swing, 2),
        key=f"{_NOTE_NAMES[tonic]} {'minor' if minor else 'major'}",
        scale=scale,
        progression=progression,
        drums=drums,
        kit=_pick(rng, options(style.kits)),
        drums_db=_between(rng, style.drums_db),
        players=players,
        production=_produce(rng, genre, style),
        sound_seed=int(rng.integers(2**31)),
        notes=tuple(notes),
        hits=tuple(hits),
    )


def chord(numeral: str) -> tuple[int, ...]:
    """Semitones of a chord above the tonic, root first: ``"ii7"`` gives (2, 5, 9, 12)."""
    shift = -numeral.startswith("b")
    numeral = numeral.removeprefix("b")
    name = max((n for n in _NUMERALS if numeral.lower().startswith(n)), key=len)
    root = _NUMERALS[name] + shift
    tones = list(_QUALITIES[numeral[len(name) :]])
    if numeral[0] == "i" or numeral[0] == "v":  # lower case: a minor third
        tones[1] = 3
    return tuple(root + tone for tone in tones)


# --- Drawing ------------------------------------------------------------------------------


def _pick(rng: np.random.Generator, choice: Sequence[str]) -> str:
    return choice[int(rng.integers(len(choice)))]


def _between(rng: np.random.Generator, limits: Range) -> float:
    return round(float(rng.uniform(*limits)), 3)


def _hire(rng: np.random.Generator, part: Part) -> Player:
    return Player(
        role=part.role,
        instrument=_pick(rng, options(part.sounds)),
        figure=_pick(rng, options(part.figures)),
        db=_between(rng, part.db),
        voicing=part.voicing,
        echo=part.echo,
        brightness=round(float(rng.normal(0, 1.2)), 2),
        size=round(float(rng.normal(1, 0.07)), 3),
    )


def _produce(rng: np.random.Generator, genre: str, style: SubStyle) -> Production:
    name = _pick(rng, options(style.eras))
    mix = np.interp(np.arange(24) / 3, np.arange(8), MIXES[genre])
    era = ERAS[name]
    return Production(
        era=name,
        low_hz=_between(rng, era.low),
        high_hz=_between(rng, era.high),
        tilt_db=_between(rng, era.tilt),
        colour_db=tuple(np.round(mix + rng.normal(0, COLOUR_DB, 24), 1).tolist()),
        noise_db=_between(rng, era.noise),
        reverb_seconds=_between(rng, era.reverb),
        wet=_between(rng, era.wet),
        squash=_between(rng, era.squash),
        tuning_cents=round(float(rng.normal(0, 15)), 1),
        peak=_between(rng, (0.4, 0.95)),
    )


# --- Writing ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Score:
    """What all players of a song share; the clip starts somewhere inside bar 0."""

    rng: np.random.Generator
    tempo: float
    beats: int
    swing: float
    offset: float  # seconds
    progression: tuple[str, ...]
    tonic: int
    scale: str

    @property
    def bar_seconds(self) -> float:
        return self.beats * 60 / self.tempo

    @property
    def bars(self) -> int:
        return int((SECONDS + self.offset) / self.bar_seconds) + 1

    def time(self, bar: int, step: int, steps: int) -> float:
        """Seconds from the start of the clip; in sixteenths, every second one swings."""
        late = self.swing if steps == 16 and step % 2 else 0.0
        return (bar + (step + late) / steps) * self.bar_seconds - self.offset

    def chord(self, bar: int, fraction: float) -> tuple[int, ...]:
        """Semitones above C of the chord at a fraction of a bar, root first."""
        numerals = self.progression[bar % len(self.progression)].split("-")
        return tuple(self.tonic + tone for tone in chord(numerals[int(fraction * len(numerals))]))

    def note(self, bar: int, step: int, steps: int, held: int, pitch: int, velocity: float) -> Note:
        """A note with a player's small inaccuracies of time and strength."""
        start = self.time(bar, step, steps) + self.rng.normal(0, 0.005)
        length = round(self.bar_seconds * held / steps, 4)
        return Note(0, start, length, int(pitch), velocity * self.rng.uniform(0.85, 1.1), 0)


def _events(figure: str) -> list[tuple[int, str, int]]:
    """The (step, symbol, steps held) of each event of a figure."""
    events: list[tuple[int, str, int]] = []
    for step, symbol in enumerate(figure):
        if symbol == "-" and events:
            events[-1] = (*events[-1][:2], step - events[-1][0] + 1)
        elif symbol not in "-.":
            events.append((step, symbol, 1))
    return events


def _accompaniment(
    score: _Score, figures: tuple[str, ...]
) -> Iterator[tuple[int, int, str, int, int]]:
    """The (bar, step, symbol, steps held, steps of the bar) of a figure played throughout."""
    for bar in range(score.bars):
        figure = figures[int(score.rng.random() < VARIED) % len(figures)]
        for step, symbol, held in _events(figure):
            yield bar, step, symbol, held, len(figure)


def _into(pitch: int, low: int, high: int) -> int:
    """Move a pitch by octaves into a register."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def _write_bass(score: _Score, player: Player) -> list[Note]:
    low, high = INSTRUMENTS[player.instrument].register
    notes = []
    line = low + 7
    for bar, step, symbol, held, steps in _accompaniment(score, BASS_FIGURES[player.figure]):
        tones = score.chord(bar, step / steps)
        root = _into(tones[0], low, low + 11)
        degrees = {"R": 0, "3": tones[1] - tones[0], "5": tones[2] - tones[0], "6": 9, "O": 12}
        degrees["7"] = tones[3] - tones[0] if len(tones) > 3 else 10
        if symbol != "w" or step == 0:
            pitch = root + degrees.get(symbol, 0)
        else:  # walk: a step of the scale, or a leap to a tone of the chord
            scale = tuple(score.tonic + tone for tone in SCALES[score.scale])
            targets = scale if score.rng.random() < 0.5 else tones
            moves = sorted({_into(target - line, -6, 5) for target in targets} - {0}, key=abs)
            pitch = line + moves[int(score.rng.integers(min(3, len(moves))))]
        line = _into(pitch, low, high)
        notes.append(score.note(bar, step, steps, held, line, 0.8))
    return notes


def _voices(voicing: str, tones: tuple[int, ...], low: int, high: int) -> list[int]:
    """Pitches of a chord from the bottom, as `VOICINGS` describes them."""
    root = _into(tones[0], low, low + 11)
    third, fifth = tones[1] - tones[0], tones[2] - tones[0]
    top = tones[3] - tones[0] if len(tones) > 3 else 12
    if voicing == "power":
        return [root, root + fifth, root + 12]
    if voicing == "guitar":
        return [root, root + fifth, root + top, root + 12 + third, root + 12 + fifth]
    if voicing == "wide":
        return [root, root + fifth, *(root + 12 + tone for tone in (0, third, fifth, top))]
    centre = (low + high) // 2
    return sorted(_into(tone, centre - 5, centre + 6) for tone in tones)


def _write_chords(score: _Score, player: Player) -> list[Note]:
    low, high = INSTRUMENTS[player.instrument].register
    strum = 0.012 if player.voicing == "guitar" else 0.0  # seconds between two strings
    notes = []
    for bar, step, symbol, held, steps in _accompaniment(score, CHORD_FIGURES[player.figure]):
        voices = _voices(player.voicing, score.chord(bar, step / steps), low, high)
        if symbol.isdigit():
            octave, voice = divmod(int(symbol) - 1, len(voices))
            voices = [voices[voice] + 12 * octave]
        velocity = _VELOCITY.get(symbol, 0.8)
        for order, pitch in enumerate(voices):
            note = score.note(bar, step, steps, held, pitch, velocity)
            notes.append(note._replace(start=note.start + order * strum))
    return notes


def _write_melody(score: _Score, player: Player) -> list[Note]:
    """Two-bar motifs that come back with variation, and rests between phrases."""
    rng = score.rng
    instrument = INSTRUMENTS[player.instrument]
    low, high = instrument.register
    ladder = [p for p in range(low, high + 1) if (p - score.tonic) % 12 in SCALES[score.scale]]
    if instrument.spoken:
        ladder = list(range(low + 4, low + 8))
    rhythms = MELODY_FIGURES[player.figure]
    motifs = [_pick(rng, rhythms) for _ in range(4)]
    activity = rng.uniform(0.85, 1.0)
    rung = len(ladder) // 2
    notes: list[Note] = []
    for bar in range(score.bars):
        if bar % 2 and rng.random() > activity:
            continue
        rhythm = _pick(rng, rhythms) if rng.random() < VARIED else motifs[bar % 4]
        for step, _, held in _events(rhythm):
            rung += int(rng.choice((-3, -2, -1, -1, 1, 1, 2, 3)))
            if step == 0:  # pull the line back to the middle of the register
                rung += round((len(ladder) / 2 - rung) / 3)
            rung = min(max(rung, 0), len(ladder) - 1)
            pitch = ladder[rung]
            strong = step % (len(rhythm) // score.beats) == 0
            if strong and not instrument.spoken:
                tones = score.chord(bar, step / len(rhythm))
                pitch += min((_into(tone - pitch, -6, 5) for tone in tones), key=abs)
            note = score.note(bar, step, len(rhythm), held, pitch, 0.9 if strong else 0.75)
            notes.append(note._replace(syllable=int(rng.integers(5))))
    return notes


def _write_drums(score: _Score, name: str) -> list[Hit]:
    """The pattern with small variations, some fills in every fourth bar, a crash every eighth."""
    if not name:
        return []
    rng = score.rng
    pattern = DRUM_PATTERNS[name]
    fills = "snare" in pattern and rng.random() < 0.7
    hits = []
    for bar in range(score.bars):
        bar_pattern = dict(pattern)
        if fills and bar % 8 == 0:
            bar_pattern["crash"] = "x..............."
        if fills and bar % 4 == 3 and rng.random() < 0.7:  # the last beat of the bar
            bar_pattern = {drum: rhythm[:-4] + "...." for drum, rhythm in pattern.items()}
            bar_pattern["snare"] = pattern["snare"][:-4] + ".x.x"
            bar_pattern["tom"] = "." * (len(pattern["snare"]) - 4) + "x.x."
        for drum, rhythm in bar_pattern.items():
            for step, symbol in enumerate(rhythm):
                if symbol == "." and drum in pattern and rng.random() < 0.015:
                    symbol = "o"
                elif symbol in "xo" and rng.random() < 0.04:
                    symbol = "."
                if symbol != ".":
                    time = score.time(bar, step, len(rhythm)) + rng.normal(0, 0.003)
                    hits.append(Hit(drum, time, _VELOCITY[symbol] * rng.uniform(0.85, 1.1)))
    return hits
