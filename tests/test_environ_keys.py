"""The keys that restkit keeps in a WSGI environ."""

from __future__ import annotations

from pathlib import Path

import restkit
from restkit import environ_keys


def test_every_key_is_written_in_one_module() -> None:
    """No other module of the package spells one of the keys out."""
    home = Path(restkit.__file__).parent
    keys = [getattr(environ_keys, name) for name in environ_keys.__all__]
    assert len(keys) >= 3
    for path in home.rglob("*.py"):
        if path.name != "environ_keys.py":
            text = path.read_text()
            assert not [key for key in keys if f'"{key}"' in text], path


def test_keys_are_of_restkit() -> None:
    """Each key has the prefix that PEP 3333 asks of a framework, and no two are the same."""
    keys = [getattr(environ_keys, name) for name in environ_keys.__all__]
    assert all(key.startswith("restkit.") for key in keys)
    assert len(set(keys)) == len(keys)
