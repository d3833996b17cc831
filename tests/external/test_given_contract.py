"""Schemathesis against the programs of "Serve a contract you were given"."""

from __future__ import annotations

import re
import sys
import types
from typing import Any

import pytest

from restkit import App

from .places import ROOT
from .test_schemathesis import _PHASES, _run

pytestmark = pytest.mark.external

_PAGE = ROOT / "docs" / "how-to" / "serve-a-contract-you-were-given.md"
_OPERATIONS = {
    "app": {
        "POST /api/users",
        "POST /api/users/login",
        "GET /api/user",
        "GET /api/articles",
        "POST /api/articles",
        "GET /api/articles/{slug}",
        "PUT /api/articles/{slug}",
    },
    "old": {"GET /orders/{order_id}"},
}


def _programs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the blocks of the page, and return its names."""
    blocks = re.findall(
        r"^```python\n(.*?)^```$", _PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    module = types.ModuleType("given_contract")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # where dataclasses look
    namespace: dict[str, Any] = vars(module)
    for block in blocks:
        exec(compile(block, str(_PAGE), "exec"), namespace)
    return namespace


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD:wsgiref.validate.WSGIWarning")
@pytest.mark.parametrize("name", _OPERATIONS)
def test_a_given_contract_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All checks hold in all phases: errors, credentials and envelopes are as documented."""
    app: App = _programs(monkeypatch)[name]

    tally = _run(app, 30)

    assert not tally.findings, str(tally)
    assert tally.ended == "completed", str(tally)
    assert set(tally.phases) <= set(_PHASES), str(tally)
    assert tally.checks.total() > 100, str(tally)
    assert set(tally.statuses) == _OPERATIONS[name], str(tally)
