"""Checkpoints that survive a power cut: complete, verified, and never executed."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from genre_lib.config import UserError, notice, write_bytes

KEPT = 2  # the newest, and the one before in case the newest is damaged


def save(directory: Path, content: dict[str, Any], *, position: int) -> Path:
    """Write a checkpoint, complete or not at all, and drop all but the newest two.

    Parameters
    ----------
    content
        Tensors, numbers, text, and lists and dictionaries of them.
    position
        Training steps done; the name holds it, and a hash of the file's bytes.

    Raises
    ------
    UserError
        If there is no room: what was saved before stays.
    """
    buffer = io.BytesIO()
    torch.save(content, buffer)
    data = buffer.getvalue()
    for rest in directory.glob("checkpoint-*.part"):
        rest.unlink()
    path = directory / f"checkpoint-{position:010d}-{_hash(data)}.pt"
    write_bytes(path, data)
    for old in newest_first(directory)[KEPT:]:
        old.unlink()
    return path


def load(directory: Path) -> dict[str, Any] | None:
    """Content of the newest checkpoint that is intact; None where there is none.

    A damaged one is told, removed, and the one before it is used.

    Raises
    ------
    UserError
        If an intact file holds anything but tensors and plain values: nothing of it is run.
    """
    for path in newest_first(directory):
        data = path.read_bytes()
        if not path.stem.endswith(_hash(data)):
            path.unlink()
            before = newest_first(directory)
            notice(
                f"{path} is damaged and was removed; training goes on "
                + (f"from {before[0].name}." if before else "from the start.")
            )
            continue
        try:
            loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except Exception as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise UserError(
                f"{path} is no checkpoint of a training and is not loaded ({reason}); "
                "remove it if you do not know where it came from."
            ) from None
        return dict(loaded)
    return None


def newest_first(directory: Path) -> list[Path]:
    """The checkpoints of a run's directory."""
    return sorted(directory.glob("checkpoint-*.pt"), reverse=True)


def remove(directory: Path) -> None:
    """Remove all checkpoints of a run: it is complete."""
    for path in directory.glob("checkpoint-*"):
        path.unlink()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
