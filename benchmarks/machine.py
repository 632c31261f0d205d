"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import typer


def processor() -> str:
    """The processor's name, as far as the system says it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def tell(*libraries: str) -> None:
    """Print the number of cores and the versions of Python and of some libraries."""
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    typer.echo(f"cores             {os.cpu_count()}")
    typer.echo(f"versions          Python {platform.python_version()}, {versions}")
