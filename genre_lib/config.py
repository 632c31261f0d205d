"""Validated settings, profiles, places on disk, and the digest of a configuration."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

GENRES = ("blues", "classical", "country", "disco", "hiphop",
          "jazz", "metal", "pop", "reggae", "rock")  # fmt: skip


class UserError(Exception):
    """A mistake that the user can mend, in one sentence: what, where, what to do."""


def notice(text: str) -> None:
    """Write a remark beside the results, on standard error."""
    print(f"genre-book: {text}", file=sys.stderr, flush=True)


class Settings(BaseModel):
    """Base of all settings: immutable, and closed to names that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SpectrogramSettings(Settings):
    """Audio to mel spectrogram (Section IV-A); what the paper leaves open has librosa's default."""

    sample_rate: int = Field(22050, ge=8000, le=192000, description="Hz, after resampling")
    seconds: float = Field(30.0, gt=0, le=600, description="tracks are cropped or padded to this")
    n_fft: int = Field(2048, ge=64, le=16384, description="samples per analysis window")
    hop_length: int = Field(512, ge=16, le=8192, description="samples between two columns")
    n_mels: int = Field(128, ge=16, le=512, description="mel bands, the rows of the image")
    fmin: float = Field(0.0, ge=0, description="Hz, lower edge of the lowest band")
    fmax: float = Field(11025.0, gt=0, description="Hz, upper edge of the highest band")
    top_db: float = Field(80.0, gt=0, le=200, description="dB from the loudest point to black")

    @model_validator(mode="after")
    def _band_edges(self) -> Self:
        if self.fmin < self.fmax <= self.sample_rate / 2:
            return self
        limits = f"above fmin ({self.fmin}), at most half the sample rate ({self.sample_rate / 2})"
        raise ValueError(f"fmax = {self.fmax} is not possible: {limits}.")


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
        if self.noise_min <= self.noise_max:
            return self
        limit = f"at most noise_max ({self.noise_max})"
        raise ValueError(f"noise_min = {self.noise_min} is not possible: {limit}.")


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
        if 2 * self.hidden_size % self.heads == 0:
            return self
        limit = f"it must divide 2 x hidden_size ({2 * self.hidden_size})"
        raise ValueError(f"heads = {self.heads} is not possible: {limit}.")


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


class RunSettings(Settings):
    """Everything that decides what a run is; its digest names the run's directory."""

    corpus: str = "synthetic"
    profile: str = "quick"
    method: Literal["network", "handcrafted", "mfcc", "nearest", "untrained"] = "network"
    view: Literal["copies", "segments"] = "copies"
    protocol: Literal["image", "track", "fault-filtered"] = "image"  # what is split
    seed: int = Field(0, ge=0, lt=2**31)
    init_seed: int | None = Field(None, ge=0, lt=2**31, description="of the training alone")
    training_tracks: int | None = Field(None, ge=1, description="no more in training, at random")
    known_images: int | None = Field(None, ge=0, description="of each test track, in training")
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
LABELS = {"corpus", "profile", "songs_per_genre", "spectrogram", "threads"}
EXPERIMENTS = ("init_seed", "training_tracks", "known_images")  # not of the recipe; None there
PARAMETERS = ("corpus", "profile", "view", "protocol", "seed")
SECTIONS = ("spectrogram", "augmentation", "model", "training")

# The section of every single setting; None: top level.
SECTION_OF: dict[str, str | None] = dict.fromkeys(RunSettings.model_fields.keys() - SECTIONS)
for _section in SECTIONS:
    SECTION_OF |= dict.fromkeys(getattr(RunSettings(), _section).model_dump(), _section)

Model = TypeVar("Model", bound=Settings)


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

    A `UserError` is raised if a name is unknown (in a notebook also one that papermill injected),
    or a value is out of range.
    """
    refuse_unknown_parameters()
    if not isinstance(overrides, Mapping | None):
        example = '{"epochs": 5}'
        raise UserError(f"overrides = {overrides!r} is not possible: a dictionary like {example}.")
    given = settings | dict(overrides or {})
    profile = choose("profile", given.get("profile", "quick"), PROFILES)
    values: dict[str, Any] = {section: {} for section in SECTIONS}
    for name, value in (PROFILES[profile] | given).items():
        section = SECTION_OF[choose("setting", name, SECTION_OF)]
        (values if section is None else values[section])[name] = value
    return validated(RunSettings, values)


def single_settings(settings: RunSettings) -> dict[str, Any]:
    """The value of every single setting by name, without sections."""
    values = settings.model_dump()
    for section in SECTIONS:
        values |= values.pop(section)
    return values


def parse_parameters(pairs: Sequence[str] | None, **options: str) -> RunSettings:
    """Settings from ``key=value`` pairs of a command line, which win over its options.

    A `UserError` is raised if a pair has no equals sign, a name is unknown, or a value is out of
    range.
    """
    values = [pair.partition("=") for pair in pairs or ()]
    for name, equals, _ in values:
        if not equals:
            raise UserError(f"-p {name} is not understood; write it as -p NAME=VALUE.")
    return configure(
        **options, overrides={name.strip(): value.strip() for name, _, value in values}
    )


def validated(cls: type[Model], values: Mapping[str, Any]) -> Model:
    """Build settings.

    A `UserError` is raised if a value is of the wrong type or outside its range: in pydantic's
    words.
    """
    try:
        return cls.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":
            raise UserError(str(first["ctx"]["error"])) from None
        raise UserError(
            f"{first['loc'][-1]} = {first['input']!r} is not possible: {first['msg'].lower()}."
        ) from None


def refuse_unknown_parameters() -> None:
    """Refuse what papermill injected into this notebook under a name that is no parameter."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    for cell in shell.user_ns.get("In", []) if shell else []:
        if cell.startswith("# Parameters\n"):  # papermill's first line
            for name in re.findall(r"^(\w+) = ", cell, re.MULTILINE):
                choose("parameter", name, (*PARAMETERS, "overrides"))


def shareable(settings: RunSettings) -> RunSettings:
    """The same settings with a corpus of which anyone may publish as much as they like.

    GTZAN has no licence: a few figures of it are fine, a page full of spectrograms is not. The
    embedded corpus takes its place, split by track where GTZAN has a list.
    """
    if settings.corpus != "gtzan":
        return settings
    protocol = "track" if settings.protocol == "fault-filtered" else settings.protocol
    return settings.model_copy(
        update={"corpus": "synthetic", "protocol": protocol} | {"songs_per_genre": 40}
    )


def digest(settings: RunSettings, data_digest: str) -> str:
    """Name of a run: a hash of its settings and of the data, the same on every machine.

    The corpus counts by its content, so labels (corpus, profile) and the settings that made
    the content are left out, as is the number of threads.
    """
    unset = {name for name in EXPERIMENTS if getattr(settings, name) is None}
    text = settings.model_dump_json(exclude=LABELS | unset)
    return hashlib.sha256(f"{text}\n{data_digest}".encode()).hexdigest()[:16]


def project_root() -> Path:
    """The checkout around the working directory, else the working directory itself."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "_toc.yml").exists() and (folder / "notebooks").is_dir():
            return folder
    return here


def data_dir() -> Path:
    """Where corpora live: ``GENRE_DATA``, else ``data/``."""
    return Path(os.environ.get("GENRE_DATA") or project_root() / "data")


def cache_dir() -> Path:
    """Where stores and large arrays are made: ``GENRE_CACHE``, else the data folder.

    Where that is read-only, also for a superuser, they are made in ``data/`` of the checkout.
    """
    if chosen := os.environ.get("GENRE_CACHE"):
        return Path(chosen)
    data = data_dir()
    writable = not data.exists() or (data.stat().st_mode & 0o222 and os.access(data, os.W_OK))
    return data if writable else project_root() / "data"


def runs_dir() -> Path:
    """Where runs live: ``GENRE_RUNS``, else ``runs/``."""
    return Path(os.environ.get("GENRE_RUNS") or project_root() / "runs")


def reference_dir() -> Path:
    """Where the stored reference runs are: ``GENRE_REFERENCE``, else ``reference/``."""
    return Path(os.environ.get("GENRE_REFERENCE") or project_root() / "reference")


def on_error() -> str:
    """What to do about tracks that cannot be used: ``GENRE_ON_ERROR``, else ``stop``.

    It is no setting of a run: what was left out changes the content of the corpus.
    """
    answer = os.environ.get("GENRE_ON_ERROR") or "stop"
    return choose("answer to a fault", answer, ("stop", "skip"))


def offline() -> bool:
    """Tell whether ``GENRE_OFFLINE`` forbids to fetch anything."""
    return os.environ.get("GENRE_OFFLINE", "") not in ("", "0")


@contextmanager
def one_at_a_time(path: Path, *, work: str) -> Iterator[None]:
    """Let one process at a time do some work; others wait, and report what for.

    Processes lock the file `path`; one that dies releases it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        notice(f"another process is {work}; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # those who wait for it notice, and lock a new file
        lock.release()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is either complete, also after a power cut, or as it was.

    A `UserError` is raised if there is no room, or the place cannot be written.
    """
    partial = path.with_name(path.name + ".part")
    try:
        with open(partial, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        size = f"{len(data) / 1e6:.1f} MB"
        raise UserError(f"{path} ({size}) cannot be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill; it becomes `target` if all goes well, and is gone otherwise.

    Raises
    ------
    UserError
        If `target` exists or cannot be written.
    """
    if target.exists():
        raise UserError(f"{target} exists already; remove it or choose another place.")
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(partial, ignore_errors=True)  # of a killed process with the same number
        partial.mkdir(parents=True)
        yield partial
        os.replace(partial, target)
    except OSError as error:
        if target.exists():
            raise UserError(
                f"{target} was written by another process meanwhile; use it, or remove it and "
                "give the same command again."
            ) from None
        raise UserError(
            f"{target} cannot be written ({error.strerror or error}); make room there, or choose "
            "another place."
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, complete or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON, complete or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    A `UserError` is raised if the file cannot be read as one.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")).items())
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{path} cannot be read as JSON ({error}).") from None
