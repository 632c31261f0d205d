"""Checkpoints that survive a power cut: complete, verified, and never executed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from genre_lib.config import UserError, notice, write_bytes


def save(directory: Path, content: dict[str, Any], *, position: int) -> Path:
    """Write a checkpoint of tensors and plain values, complete or not at all.

    Its name holds the position, which is how many epochs are done, and a hash of its bytes. The
    one before it is kept, in case the newest is damaged.
    """
    buffer = io.BytesIO()
    torch.save(content, buffer)
    data = buffer.getvalue()
    path = directory / f"checkpoint-{position:010d}-{_hash(data)}.pt"
    write_bytes(path, data)
    for old in newest_first(directory)[2:]:
        old.unlink()
    return path


def load(directory: Path, parts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Content of the newest checkpoint that is intact, or None; `parts` get their states back.

    One that is damaged is reported and removed.

    A `UserError` is raised if it is of another training, or holds what would have to be run as
    code.
    """
    for path in newest_first(directory):
        data = path.read_bytes()
        if not path.stem.endswith(_hash(data)):
            path.unlink()
            notice(f"{path} is damaged and was removed; training goes on from what is left.")
            continue
        try:
            content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
            for name, part in parts.items():
                part.load_state_dict(content[name])
        except Exception as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise UserError(
                f"{path} is no checkpoint of this training ({reason}); remove the run's directory "
                "to train from the start."
            ) from None
        return dict(content)
    return None


def newest_first(directory: Path) -> list[Path]:
    """The checkpoints of a run's directory."""
    return sorted(directory.glob("checkpoint-*.pt"), reverse=True)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
