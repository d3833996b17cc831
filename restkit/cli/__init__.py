"""The command line: commands on an App that it finds."""

from __future__ import annotations

from .group import main

__all__ = ["main"]
