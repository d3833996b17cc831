"""Tuples that methods return: data with a status, headers or both."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, DeclarationError
from restkit.contract import Operation
from restkit.rendering.returned_tuples import unpacked

PAIRS = [("A", "1")]


@pytest.fixture
def operation() -> Operation:
    app = App("A")
    app.get("/")(lambda: {})
    return app.operations()[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (({}, 200), ({}, 200, ())),
        (({}, 599), ({}, 599, ())),
        ((None, 204), (None, 204, ())),
        (({}, {"A": "1"}), ({}, None, {"A": "1"})),
        (({}, PAIRS), ({}, None, PAIRS)),
        (({}, None), ({}, None, None)),
        (({}, 201, PAIRS), ({}, 201, PAIRS)),
        (({}, 599, None), ({}, 599, None)),
        ((200, 201), (200, 201, ())),
        ((99, {"A": "1"}), (99, None, {"A": "1"})),
        ((600, {"A": "1"}), (600, None, {"A": "1"})),
        ((True, {"A": "1"}), (True, None, {"A": "1"})),
        (("200", {"A": "1"}), ("200", None, {"A": "1"})),
    ],
)
def test_tuples(operation: Operation, value: tuple[object, ...], expected: object) -> None:
    assert unpacked(value, operation) == expected


@pytest.mark.parametrize(
    "value",
    [
        (),
        ({},),
        ({}, 199),
        ({}, 600),
        ({}, 199, {}),
        ({}, 600, {}),
        ({}, True),
        ({}, False, {}),
        ({}, "text"),
        ({}, b"text"),
        ({}, {"A"}),
        ({}, frozenset()),
        ({}, 5.0),
        ({}, "200", {}),
        ({}, 200, {}, {}),
    ],
)
def test_other_tuples_are_mistakes(operation: Operation, value: tuple[Any, ...]) -> None:
    with pytest.raises(DeclarationError) as raised:
        unpacked(value, operation)
    assert "begins with the status" not in str(raised.value)


@pytest.mark.parametrize(
    "value", [(200, {}), (100, {}), (599, []), (404, "text"), (200, {}, {}), (201, None)]
)
def test_the_status_stands_behind_the_data(operation: Operation, value: tuple[Any, ...]) -> None:
    with pytest.raises(DeclarationError, match=f"begins with the status {value[0]}"):
        unpacked(value, operation)
