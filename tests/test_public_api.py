"""Public names, parameters and defaults are a promise to programs; data classes are frozen."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import restkit
from tests.public_api import RECORDED, lines


def test_parameters_and_defaults_are_as_recorded() -> None:
    """A change is said in the changelog, and recorded with ``python -m tests.public_api``."""
    assert lines() == RECORDED.read_text("utf-8").splitlines()


_MUTABLE = {"restkit.compiler.tier_counts.Counts"}
_FLOWS = ("Flow", "Implicit", "PasswordGrant", "ClientCredentials", "AuthorizationCode")
_WITHOUT_SLOTS = {
    "restkit.openapi.conversion._Reference",
    "restkit.settings.Settings",
    *(f"restkit.security.flows.{name}" for name in _FLOWS),
}


def _data_classes() -> Iterator[type]:
    """Yield the data classes of the package, from every module."""
    for found in pkgutil.walk_packages(restkit.__path__, "restkit."):
        if found.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(found.name)).values():
            is_own = isinstance(value, type) and value.__module__ == found.name
            if is_own and "__dataclass_params__" in vars(value):
                yield value


def test_data_classes_are_frozen_and_have_slots() -> None:
    """Few are changed after they were made, or have a dictionary for what subclasses add."""
    frozen: dict[str, bool] = {}
    slotted: dict[str, bool] = {}
    for each in _data_classes():
        name = f"{each.__module__}.{each.__qualname__}"
        frozen[name] = vars(each)["__dataclass_params__"].frozen
        slotted[name] = "__slots__" in vars(each)
    assert {name for name in frozen if not frozen[name]} == _MUTABLE
    assert {name for name in slotted if not slotted[name]} == _WITHOUT_SLOTS
