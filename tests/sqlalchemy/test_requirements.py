"""Modules of extras name the extra if one of its packages is missing."""

from __future__ import annotations

import importlib
import sys

import pytest

from restkit.errors import MissingExtraError


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("restkit.sqlalchemy.requirements", "marshmallow_sqlalchemy", "sql"),
        ("restkit.sqlalchemy.requirements", "sqlalchemy", "sql"),
        ("restkit.limits.redis", "redis", "redis"),
        ("restkit.limits.redis_counters", "redis", "redis"),
        ("restkit.html.redis", "redis", "redis"),
        ("restkit.html.session_signing", "itsdangerous", "html"),
        ("restkit.signals", "blinker", "signals"),
        ("restkit.i18n.formats", "babel", "i18n"),
        ("restkit.i18n.catalogs", "babel", "i18n"),
    ],
)
def test_a_missing_package_is_told_with_its_extra(
    module: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what to install."""
    loaded = importlib.import_module(module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'restkit\[{extra}\]'"):
        importlib.reload(loaded)


def test_a_package_that_another_one_needs_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra would not install it."""
    loaded = importlib.import_module("restkit.sqlalchemy.requirements")
    missing = ModuleNotFoundError("No module named 'greenlet'", name="greenlet")

    def fail(name: str) -> object:
        raise missing

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(ModuleNotFoundError) as raised:
        importlib.reload(loaded)
    assert raised.value is missing
