"""The command line: commands that load an App and work with it."""

from __future__ import annotations

from .group import main

__all__ = ["main"]
