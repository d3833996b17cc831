"""What the servers serve: the program that the environment names."""

from __future__ import annotations

import os

from .programs import build

__all__ = ["app"]

app = build(os.environ["RESTKIT_BENCHMARK_PROGRAM"], "services")
