"""The compiler under test: restkit's, or what the environment variable RESTKIT_COMPILER names.

RESTKIT_COMPILER=standin puts marshmallow itself in its place, which must pass everything: that
tests the tests.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

__all__ = ["STANDIN", "compile_schema"]

_NAME = os.environ.get("RESTKIT_COMPILER", "restkit.compiler")
STANDIN = _NAME == "standin"


def _load(name: str) -> object:
    """Import the module under test;
    the stand-in lies beside this file, which may be no package here.
    """
    folder = str(Path(__file__).parent)
    if STANDIN and folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


compile_schema = _load(_NAME).compile_schema
