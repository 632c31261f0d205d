"""From a recipe to a song: draw the ingredients, then write the notes."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from genre_lib.config import GENRES
from genre_lib.corpus.synthetic.recipes import (
    BASS_FIGURES,
    CHORD_FIGURES,
    DRUM_PATTERNS,
    ERAS,
    GENRE_STYLES,
    INSTRUMENTS,
    MELODY_FIGURES,
    MIXES,
    PROGRESSIONS,
    SCALES,
    Part,
    Range,
    SubStyle,
)

SECONDS = 30.0

_NOTE_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_QUALITIES = {  # suffix of the numeral -> semitones above the root (the third is set below)
    "": (0, 4, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "o": (0, 3, 6),
    "ø": (0, 3, 6, 10),
}
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
    rng = np.random.default_rng([seed, GENRES.index(genre), index])
    styles = GENRE_STYLES[genre]
    style = styles[int(rng.integers(len(styles)))]
    tempo = _between(rng, style.tempo)
    swing = _between(rng, style.swing)
    tonic = int(rng.integers(12))
    progression = tuple(PROGRESSIONS[_pick(rng, style.progressions)].split())
    players = tuple(_hire(rng, part) for part in style.parts if rng.random() < part.chance)
    drums = _pick(rng, style.drums) if style.drums else ""
    clock = _Clock(tempo, style.beats, swing, float(rng.uniform(0, style.beats * 60 / tempo)))

    notes: list[Note] = []
    for number, player in enumerate(players):
        write = {"bass": _write_bass, "chords": _write_chords, "melody": _write_melody}[player.role]
        for note in write(rng, clock, player, progression, tonic, style.scale):
            if note.start < SECONDS and note.start + note.length > 0.05:
                heard = round(min(note.length, note.start + note.length), 4)
                notes.append(note._replace(part=number, start=max(0.0, note.start), length=heard))
    hits = [hit for hit in _write_drums(rng, clock, drums) if 0 <= hit.start < SECONDS]
    return Song(
        genre=genre,
        index=index,
        sub_style=style.name,
        tempo=round(tempo, 1),
        beats=style.beats,
        swing=round(swing, 2),
        key=f"{_NOTE_NAMES[tonic]} {'minor' if progression[0][0] == 'i' else 'major'}",
        progression=progression,
        drums=drums,
        kit=_pick(rng, style.kits),
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


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _between(rng: np.random.Generator, limits: Range) -> float:
    return float(rng.uniform(*limits))


def _hire(rng: np.random.Generator, part: Part) -> Player:
    return Player(
        role=part.role,
        instrument=_pick(rng, part.sounds),
        figure=_pick(rng, part.figures),
        db=_between(rng, part.db),
        voicing=part.voicing,
        echo=part.echo,
        brightness=float(rng.normal(0, 1.2)),
        size=float(rng.normal(1, 0.07)),
    )


def _produce(rng: np.random.Generator, genre: str, style: SubStyle) -> Production:
    name = _pick(rng, style.eras)
    mix = np.interp(np.arange(24) / 3, np.arange(8), MIXES[genre])
    era = ERAS[name]
    return Production(
        era=name,
        low_hz=_between(rng, era.low),
        high_hz=_between(rng, era.high),
        tilt_db=_between(rng, era.tilt),
        colour_db=tuple(float(gain) for gain in MIX_STRENGTH * mix + rng.normal(0, COLOUR_DB, 24)),
        noise_db=_between(rng, era.noise),
        reverb_seconds=_between(rng, era.reverb),
        wet=_between(rng, era.wet),
        squash=_between(rng, era.squash),
        tuning_cents=float(rng.normal(0, 15)),
        peak=float(rng.uniform(0.4, 0.95)),
    )


# Two knobs of the difficulty. The mixing habits of a genre make whole songs easier to classify.
# The colour (dB) that each track draws for itself carries no genre: it makes whole songs harder
# to classify, and pieces of one song easier to recognise.
MIX_STRENGTH = 1.0
COLOUR_DB = 3.0


# --- Writing ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Clock:
    """Turns (bar, step) into seconds; the clip starts somewhere inside bar 0."""

    tempo: float
    beats: int
    swing: float
    offset: float

    @property
    def bar_seconds(self) -> float:
        return self.beats * 60 / self.tempo

    @property
    def bars(self) -> int:
        return int((SECONDS + self.offset) / self.bar_seconds) + 1

    def time(self, bar: int, step: int, steps: int) -> float:
        late = self.swing if steps == 16 and step % 2 else 0.0
        return (bar + (step + late) / steps) * self.bar_seconds - self.offset


def _events(figure: str) -> list[tuple[int, str, int]]:
    """The (step, symbol, steps held) of each event of a figure."""
    events: list[tuple[int, str, int]] = []
    for step, symbol in enumerate(figure):
        if symbol == "-" and events:
            events[-1] = (*events[-1][:2], step - events[-1][0] + 1)
        elif symbol not in "-.":
            events.append((step, symbol, 1))
    return events


def _chord_at(progression: tuple[str, ...], bar: int, fraction: float) -> tuple[int, ...]:
    numerals = progression[bar % len(progression)].split("-")
    return chord(numerals[int(fraction * len(numerals))])


def _into(pitch: int, low: int, high: int) -> int:
    """Move a pitch by octaves into a register."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


VARIED = 0.3  # how often a bar is played in the second way


def _write_bass(
    rng: np.random.Generator,
    clock: _Clock,
    player: Player,
    progression: tuple[str, ...],
    tonic: int,
    scale: str,
) -> list[Note]:
    low, high = INSTRUMENTS[player.instrument].register
    figures = BASS_FIGURES[player.figure]
    steps_of_scale = SCALES[scale]
    notes = []
    line = low + 7
    for bar in range(clock.bars):
        figure = figures[int(rng.random() < VARIED) % len(figures)]
        for step, symbol, held in _events(figure):
            tones = _chord_at(progression, bar, step / len(figure))
            root = _into(tonic + tones[0], low, low + 11)
            degrees = {
                "R": 0,
                "3": tones[1] - tones[0],
                "5": tones[2] - tones[0],
                "6": 9,
                "7": tones[3] - tones[0] if len(tones) > 3 else 10,
                "O": 12,
            }
            if symbol != "w":
                pitch = root + degrees[symbol]
            elif step == 0:
                pitch = root
            else:  # walk: a step of the scale, or a leap to a tone of the chord
                near = [tonic + s for s in (steps_of_scale if rng.random() < 0.5 else tones)]
                candidates = sorted(
                    {_into(p, line - 6, line + 6) for p in near} - {line},
                    key=lambda p: abs(p - line),
                )
                pitch = candidates[int(rng.integers(min(3, len(candidates))))]
            line = pitch = _into(pitch, low, high)
            notes.append(_note(rng, clock, bar, step, len(figure), held, pitch, 0.8))
    return notes


def _voicing(kind: str, tones: tuple[int, ...], tonic: int, low: int, high: int) -> list[int]:
    root = _into(tonic + tones[0], low, low + 11)
    third, fifth = tones[1] - tones[0], tones[2] - tones[0]
    top = tones[-1] - tones[0] if len(tones) > 3 else 12
    if kind == "power":
        return [root, root + fifth, root + 12]
    if kind == "guitar":
        return [root, root + fifth, root + top, root + 12 + third, root + 12 + fifth]
    if kind == "wide":
        return [
            root,
            root + fifth,
            root + 12,
            root + 12 + third,
            root + 12 + fifth,
            root + 12 + top,
        ]
    centre = (low + high) // 2
    close = sorted(_into(tonic + tone, centre - 5, centre + 6) for tone in tones)
    return [*close, close[0] + 12, close[1] + 12]


def _write_chords(
    rng: np.random.Generator,
    clock: _Clock,
    player: Player,
    progression: tuple[str, ...],
    tonic: int,
    scale: str,
) -> list[Note]:
    low, high = INSTRUMENTS[player.instrument].register
    figures = CHORD_FIGURES[player.figure]
    whole = 3 if player.voicing == "power" else 4 if player.voicing == "close" else 6
    notes = []
    for bar in range(clock.bars):
        figure = figures[int(rng.random() < VARIED) % len(figures)]
        for step, symbol, held in _events(figure):
            tones = _chord_at(progression, bar, step / len(figure))
            voices = _voicing(player.voicing, tones, tonic, low, high)
            if symbol.isdigit():
                pitch = voices[(int(symbol) - 1) % len(voices)]
                notes.append(_note(rng, clock, bar, step, len(figure), held, pitch, 0.8))
                continue
            if symbol == "o" and rng.random() < 0.15:
                continue
            strum = 0.012 if player.voicing == "guitar" else 0.0
            for order, pitch in enumerate(
                dict.fromkeys(voices[: min(whole, max(3, len(tones)) + 2)])
            ):
                note = _note(rng, clock, bar, step, len(figure), held, pitch, _VELOCITY[symbol])
                notes.append(note._replace(start=note.start + order * strum))
    return notes


def _write_melody(
    rng: np.random.Generator,
    clock: _Clock,
    player: Player,
    progression: tuple[str, ...],
    tonic: int,
    scale: str,
) -> list[Note]:
    """Two-bar motifs that come back with variation, and rests between phrases."""
    instrument = INSTRUMENTS[player.instrument]
    low, high = instrument.register
    ladder = [p for p in range(low, high + 1) if (p - tonic) % 12 in SCALES[scale]]
    if instrument.spoken:
        ladder = list(range(low + 4, low + 8))
    rhythms = MELODY_FIGURES[player.figure]
    motifs = [[rhythms[int(rng.integers(len(rhythms)))] for _ in range(2)] for _ in range(2)]
    activity = rng.uniform(0.75, 1.0)
    rung = len(ladder) // 2
    notes: list[Note] = []
    for bar in range(clock.bars):
        if bar % 2 and rng.random() > activity:
            continue
        rhythm = motifs[bar // 2 % 2][bar % 2]
        if rng.random() < 0.25:
            rhythm = rhythms[int(rng.integers(len(rhythms)))]
        for step, _, held in _events(rhythm):
            rung += int(rng.choice((-3, -2, -1, -1, 0, 1, 1, 2, 3)))
            if step == 0:  # pull the line back to the middle of the register
                rung += round((len(ladder) / 2 - rung) / 3)
            rung = min(max(rung, 0), len(ladder) - 1)
            pitch = ladder[rung]
            strong = step % (len(rhythm) // clock.beats) == 0
            if strong and not instrument.spoken:
                tones = [tonic + t for t in _chord_at(progression, bar, step / len(rhythm))]
                pitch = min(
                    (_into(t, pitch - 6, pitch + 6) for t in tones), key=lambda p: abs(p - pitch)
                )
            note = _note(rng, clock, bar, step, len(rhythm), held, pitch, 0.9 if strong else 0.75)
            notes.append(note._replace(syllable=int(rng.integers(5))))
    return notes


def _note(
    rng: np.random.Generator,
    clock: _Clock,
    bar: int,
    step: int,
    steps: int,
    held: int,
    pitch: int,
    velocity: float,
) -> Note:
    """A note with a player's small inaccuracies of time and strength."""
    start = clock.time(bar, step, steps) + rng.normal(0, 0.005)
    length = clock.bar_seconds * held / steps
    return Note(0, start, round(length, 4), int(pitch), velocity * rng.uniform(0.85, 1.1), 0)


def _write_drums(rng: np.random.Generator, clock: _Clock, name: str) -> list[Hit]:
    """The pattern with small variations, a fill every fourth bar, a crash after it."""
    hits: list[Hit] = []
    if not name:
        return hits
    pattern = DRUM_PATTERNS[name]
    fills = rng.random() < 0.7 and "snare" in pattern
    for bar in range(clock.bars):
        fill = fills and bar % 4 == 3 and rng.random() < 0.7
        for drum, rhythm in pattern.items():
            steps = len(rhythm)
            for step, symbol in enumerate(rhythm):
                if fill and step >= steps * 3 // 4 and drum != "kick":
                    drum_played, symbol = ("tom", "snare")[step % 2], "x"
                    if drum != "snare":
                        continue
                else:
                    drum_played = drum
                    if symbol == "." and rng.random() < 0.015:
                        symbol = "o"
                    elif symbol in "xo" and rng.random() < 0.04:
                        continue
                if symbol == ".":
                    continue
                time = clock.time(bar, step, steps) + rng.normal(0, 0.003)
                hits.append(Hit(drum_played, time, _VELOCITY[symbol] * rng.uniform(0.85, 1.1)))
        if fills and bar % 8 == 0:
            hits.append(Hit("crash", clock.time(bar, 0, 16), 0.8))
    return hits
