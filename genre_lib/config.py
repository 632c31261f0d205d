"""Validated settings, profiles, places on disk, and the digest of a configuration."""

import difflib
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

GENRES = ("blues", "classical", "country", "disco", "hiphop",
          "jazz", "metal", "pop", "reggae", "rock")  # fmt: skip


class UserError(Exception):
    """A mistake that the user can mend, in one sentence: what, where, what to do."""


def notice(text: str) -> None:
    """Write a remark beside the results, on standard error."""
    print(f"genre-book: {text}", file=sys.stderr, flush=True)


@contextmanager
def refusing(fault: str, *errors: type[Exception], then: str = "") -> Iterator[None]:
    """Raise a `UserError` in place of some errors: the fault, the reason in brackets, what then."""
    try:
        yield
    except errors as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UserError(f"{fault} ({reason.splitlines()[0]}){then}.") from None


class Settings(BaseModel):
    """Base of all settings: immutable, closed to other names; a `UserError` says what is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_sentence(cls, values: Any, build: Callable[[Any], Self]) -> Self:
        try:
            return build(values)
        except ValidationError as error:
            first = error.errors()[0]
            name, fault = (cls.__name__, *first["loc"])[-1], first["msg"].lower()
            if first["type"] == "missing":
                raise UserError(f"{name} is missing.") from None
            raise UserError(f"{name} = {first['input']!r} is not possible: {fault}.") from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read settings of a JSON file; a `UserError` names it and what is wrong with it."""
        values = read_json(path)
        try:
            return cls(**values)
        except UserError as error:
            raise UserError(f"{path}: {error}") from None


class SpectrogramSettings(Settings):
    """Audio to mel spectrogram (Section IV-A); what the paper leaves open has librosa's default."""

    sample_rate: int = Field(22050, ge=8000, le=192000, description="Hz, after resampling")
    seconds: float = Field(30.0, ge=0.1, le=600, description="tracks are cropped or padded to this")
    n_fft: int = Field(2048, ge=64, le=16384, description="samples per analysis window")
    hop_length: int = Field(512, ge=16, le=8192, description="samples between two columns")
    n_mels: int = Field(128, ge=16, le=512, description="mel bands, the rows of the image")
    fmin: float = Field(0.0, ge=0, description="Hz, lower edge of the lowest band")
    fmax: float = Field(11025.0, gt=0, description="Hz, upper edge of the highest band")
    top_db: float = Field(80.0, gt=0, le=200, description="dB from the loudest point to black")

    @model_validator(mode="after")
    def _band_edges(self) -> Self:
        if not self.fmin < self.fmax <= self.sample_rate / 2:
            band = f"fmin ({self.fmin}) and half the sample rate ({self.sample_rate / 2})"
            raise UserError(f"fmax = {self.fmax} is not between {band}.")
        return self


class AugmentationSettings(Settings):
    """The image augmentations of Section IV-A; the paper names them without their strengths."""

    brightness: float = Field(0.15, ge=0, le=1, description="largest change, as a share of white")
    contrast: float = Field(0.15, ge=0, le=1, description="largest relative change of contrast")
    brightness_contrast_probability: float = Field(0.5, ge=0, le=1)
    flip_probability: float = Field(0.5, ge=0, le=1, description="horizontal flip: time reversed")
    noise_min: float = Field(0.012, ge=0, le=1, description="standard deviation, share of white")
    noise_max: float = Field(0.028, ge=0, le=1, description="standard deviation, share of white")
    noise_probability: float = Field(0.5, ge=0, le=1)
    crop_min: float = Field(0.8, gt=0, le=1, description="smallest share of the area that is kept")
    crop_probability: float = Field(0.5, ge=0, le=1)
    augment_training: bool = Field(True, description="augment training images anew every epoch")
    cutmix_probability: float = Field(0.5, ge=0, le=1, description="per batch, in the first epoch")
    cutmix_final_probability: float = Field(0.0, ge=0, le=1, description="in the last epoch")
    cutmix_alpha: float = Field(1.0, gt=0, le=10, description="Beta(alpha, alpha) of the area")

    @model_validator(mode="after")
    def _noise_range(self) -> Self:
        if self.noise_min > self.noise_max:
            raise UserError(f"noise_min = {self.noise_min} is above noise_max ({self.noise_max}).")
        return self


class ModelSettings(Settings):
    """The network of Table I and the alternatives that the paper leaves open."""

    channels: Literal[1, 3] = Field(1, description="1: gray image; 3: the gray image as RGB")
    hidden_size: int = Field(64, ge=1, le=1024, description="LSTM units per direction")
    heads: int = Field(4, ge=1, le=128, description="attention heads; divides 2 x hidden_size")
    conv_dropout: Literal["table", "text"] = Field("table", description="0.5 once; 0.4 twice")
    lstm: bool = Field(True, description="without: a linear layer at each time step instead")
    attention: bool = Field(True, description="without: what enters it goes straight on")
    residual: bool = Field(False, description="add the attention's input to its output")
    pooling: Literal["mean", "last", "max"] = Field("mean", description="over the 32 time steps")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if (size := 2 * self.hidden_size) % self.heads:
            raise UserError(f"heads = {self.heads} does not divide 2 x hidden_size ({size}).")
        return self


class TrainingSettings(Settings):
    """The loop of Sections IV-C and V-A."""

    epochs: int = Field(400, ge=1, le=10000, description="at most this many")
    patience: int = Field(20, ge=1, le=10000, description="epochs without a better loss")
    batch_size: int = Field(128, ge=2, le=65536)
    learning_rate: float = Field(0.001, gt=0, le=1, description="peak of the schedule")
    schedule: Literal["onecycle", "linear-warmup-cosine", "constant"] = "onecycle"
    warmup_share: float = Field(0.3, gt=0, lt=1, description="share of the steps that warm up")
    weight_decay: float = Field(0.01, ge=0, le=1)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    clip_norm: float = Field(1.0, gt=0, le=1000)
    precision: Literal["bfloat16"] | None = Field(None, description="faster with AMX, AVX512-BF16")


class RunSettings(Settings):
    """Everything that decides what a run is; its digest names the run's directory."""

    corpus: str = Field("synthetic", min_length=1)
    profile: str = "quick"
    method: Literal["network", "handcrafted", "mfcc", "nearest", "untrained"] = "network"
    view: Literal["copies", "segments"] = "copies"
    protocol: Literal["image", "track", "fault-filtered"] = "image"  # what is split
    seed: int = Field(0, ge=0, lt=2**31)
    init_seed: int | None = Field(None, ge=0, lt=2**31, description="of the training alone")
    training_tracks: int | None = Field(None, ge=1, description="no more in training, at random")
    known_images: int | None = Field(None, ge=0, description="of each test track, in training")
    split: str | None = Field(None, description="file of tracks and subsets, or a folder of them")
    split_digest: str | None = Field(None, description="of what it says; is found by itself")
    songs_per_genre: int = Field(100, ge=3, le=1000, description="of the synthetic corpus")
    images_per_track: int = Field(12, ge=1, le=64)
    threads: int | None = Field(None, ge=1, le=256, description="by default one for each core")
    spectrogram: SpectrogramSettings = SpectrogramSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()

    @property
    def training_seed(self) -> int:
        """Seed of weights, batches, augmentation and dropout: `init_seed`, else `seed`."""
        return self.seed if self.init_seed is None else self.init_seed


# A profile is a budget: the settings that it changes, by name.
PROFILES: dict[str, dict[str, Any]] = {
    "smoke": {"songs_per_genre": 8, "images_per_track": 4, "epochs": 2, "batch_size": 32},
    "quick": {"songs_per_genre": 40, "epochs": 12},
    "paper": {},
}

# What a run's numbers do not depend on, other than through the content of its corpus.
LABELS = {"corpus", "profile", "songs_per_genre", "spectrogram", "split", "threads"}
EXPERIMENTS = ("init_seed", "training_tracks", "known_images", "split")  # not of the recipe
PARAMETERS = ("corpus", "profile", "view", "protocol", "seed")
SECTIONS = ("spectrogram", "augmentation", "model", "training")

# The section of every single setting; None: top level.
SECTION_OF: dict[str, str | None] = dict.fromkeys(RunSettings.model_fields.keys() - SECTIONS)
SECTION_OF |= {name: part for part in SECTIONS for name in RunSettings().model_dump()[part]}
SWITCHES = ("augment_training", "lstm", "attention", "residual")  # settings that are yes or no


def choose(what: str, name: str, known: Iterable[str]) -> str:
    """Return `name` if it is known, else raise a UserError with all known names and the nearest."""
    names = list(known)
    if name in names:
        return name
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UserError(f"There is no {what} {name!r}.{hint} Known: {', '.join(names)}.")


def configure(*, overrides: Mapping[str, Any] | None = None, **settings: Any) -> RunSettings:
    """Settings of a run by name, such as ``configure(profile="smoke", seed=1, heads=8)``.

    They win over the profile, and `overrides`, in which notebooks give further ones, over both.
    A `UserError` is raised if a name is unknown, or a value is out of range.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    for cell in shell.user_ns.get("In", []) if shell else []:
        if cell.startswith("# Parameters\n"):  # papermill's first line, where it injects some
            for name in re.findall(r"^(\w+) = ", cell, re.MULTILINE):
                choose("parameter", name, (*PARAMETERS, "overrides"))
    if not isinstance(overrides, Mapping | None):
        raise UserError(f"overrides = {overrides!r} is not possible: give a dictionary.")
    given = settings | dict(overrides or {})
    if given.get("split") is not None:
        path = Path(str(given["split"])).resolve()
        said = [it.name.encode() * path.is_dir() + it.read_bytes() for it in split_files(path)]
        content = hashlib.sha256(b"\0".join(said)).hexdigest()
        given |= {"split": str(path), "split_digest": content[:16]}
    elif given.get("split_digest") is not None:
        raise UserError("split_digest is found by itself, from what split says; do not give it.")
    profile = choose("profile", given.get("profile", "quick"), PROFILES)
    values: dict[str, Any] = {section: {} for section in SECTIONS}
    for name, value in (PROFILES[profile] | given).items():
        section = SECTION_OF[choose("setting", name, SECTION_OF)]
        if isinstance(value, bool) and name not in SWITCHES:  # pydantic takes True for 1
            raise UserError(f"{name} = {value} is not possible: it is no switch.")
        (values if section is None else values[section])[name] = value
    return RunSettings(**values)


def split_files(path: Path) -> list[Path]:
    """The file of a split, or those of a folder, in order; a `UserError` is raised without any."""
    inside = path.iterdir() if path.is_dir() else ()
    files = sorted(it for it in inside if it.is_file() and it.name[0] != ".") or [path]
    if not files or not files[0].is_file():
        raise UserError(f"{path} is no file that says which track is in which subset.")
    return files


def parse_parameters(pairs: Sequence[str] | None, **options: str) -> RunSettings:
    """Settings from ``key=value`` pairs of a command line, which win over its options."""
    for pair in pairs or ():
        if "=" not in pair:
            raise UserError(f"-p {pair} is not understood; write it as -p NAME=VALUE.")
    return configure(**options, overrides=dict(pair.split("=", 1) for pair in pairs or ()))


def digest(settings: RunSettings, data_digest: str) -> str:
    """Name of a run: a hash of its settings, except `LABELS`, and of the content of its corpus."""
    text = settings.model_dump_json(exclude=LABELS, exclude_none=True)  # None: of no experiment
    return hashlib.sha256(f"{text}\n{data_digest}".encode()).hexdigest()[:16]


def project_root() -> Path:
    """The checkout around the working directory, else the working directory itself."""
    here = Path.cwd()
    found = (it for it in (here, *here.parents) if (it / "_toc.yml").exists())
    return next((it for it in found if (it / "notebooks").is_dir()), here)


def _folder(variable: str, default: str) -> Path:
    """A folder that an environment variable names, else one of the project."""
    return Path(os.environ.get(variable) or project_root() / default)


data_dir = partial(_folder, "GENRE_DATA", "data")  # where corpora live
cache_dir = partial(_folder, "GENRE_CACHE", "data")  # where stores and large arrays are made
runs_dir = partial(_folder, "GENRE_RUNS", "runs")
reference_dir = partial(_folder, "GENRE_REFERENCE", "reference")  # of the stored reference runs


def on_error() -> str:
    """Whether to ``stop`` or ``skip`` where tracks cannot be used: as ``GENRE_ON_ERROR`` says."""
    answer = os.environ.get("GENRE_ON_ERROR") or "stop"
    return choose("answer to a fault", answer, ("stop", "skip"))


@contextmanager
def one_at_a_time(path: Path, *, work: str) -> Iterator[None]:
    """Let one process at a time lock a file and do some work; others wait, and report what for."""
    make_room(path.parent)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        notice(f"another process is {work}; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # those who wait for it notice, and lock a new file
        lock.release()


def writing(path: Path, *, otherwise: str = "choose another place") -> AbstractContextManager[None]:
    """Raise a `UserError` where there is no room for `path`, or it cannot be written."""
    then = f"; make room there, or {otherwise}"
    return refusing(f"{path} cannot be written", OSError, then=then)


def make_room(folder: Path) -> Path:
    """Make a folder in which files can be written; a `UserError` is raised before any work."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(2**20))
    return folder


def write_file(path: Path, data: bytes | str) -> None:
    """Write a file so that it is either complete, also after a power cut, or as it was."""
    part = path.with_name(path.name + ".part")
    with writing(path):
        try:
            with open(part, "wb") as file:
                file.write(data.encode() if isinstance(data, str) else data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill; it becomes `target` if all goes well, and is gone otherwise.

    A `UserError` is raised if `target` exists or cannot be written.
    """
    if target.exists():
        raise UserError(f"{target} exists already; remove it or choose another place.")
    begun = tempfile.TemporaryDirectory(".part", f".{target.name}.", make_room(target.parent))
    with writing(target), begun as part:
        folder = Path(part) / target.name
        folder.mkdir()
        yield folder
        os.replace(folder, target)


def write_json(path: Path, value: Any) -> None:
    """Write JSON, complete or not at all."""
    write_file(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; a `UserError` names a file that cannot be read as one."""
    with refusing(f"{path} cannot be read as JSON", OSError, ValueError, AttributeError):
        return dict(json.loads(path.read_text(encoding="utf-8")).items())
