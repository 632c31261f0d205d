"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import typer


def tell(*libraries: str) -> None:
    """Print the number of cores and the versions of Python and of some libraries."""
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    typer.echo(f"cores             {os.cpu_count()}")
    typer.echo(f"versions          Python {platform.python_version()}, {versions}")
