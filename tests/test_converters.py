"""The converters of variables: what each takes, and that the document says so."""

from __future__ import annotations

import pytest
from werkzeug.routing import BaseConverter

from restkit import App, DeclarationError
from restkit.converters import CONVERTERS
from restkit.testing import Client


@pytest.mark.parametrize(
    ("pattern", "schema"),
    [
        ("/<float(signed=True, max=5):x>", {"type": "number", "maximum": 5}),
        ("/<float(signed=True, min=1.5):x>", {"type": "number", "minimum": 1.5}),
        ("/<float(min=1.5):x>", {"type": "number", "minimum": 1.5}),
        ("/<float:x>", {"type": "number", "minimum": 0}),
    ],
)
def test_floats_are_documented_as_they_are_taken(pattern: str, schema: dict[str, object]) -> None:
    """The document says of a float what its converter takes: its sign and its bounds."""
    app = App("Floats")
    app.get(pattern)(lambda x: {"x": x})
    assert app.operations()[0].path_parameters[0].schema == schema
    for number in (-9.5, -2.0, 0.0, 1.5, 5.0, 5.5):
        inside = schema.get("minimum", number) <= number <= schema.get("maximum", number)
        assert Client(app).get(f"/{number}").status == (200 if inside else 404), number


def test_fixed_digits_are_documented() -> None:
    """A converter of a fixed number of digits stays an integer, and says so in words."""
    app = App("Digits")
    app.get("/<int(fixed_digits=4):y>")(lambda y: {"y": y})
    schema = app.operations()[0].path_parameters[0].schema
    assert (schema["type"], schema["description"]) == ("integer", "exactly 4 digits")
    assert [Client(app).get(f"/{path}").status for path in ("0042", "42")] == [200, 404]


def test_built_in_converters_keep_their_names() -> None:
    """A converter with a built-in one's name would change other Apps' patterns, and is refused in one sentence."""
    app = App("Shadow")
    app.converters["int"] = type("Other", (BaseConverter,), {})
    with pytest.raises(DeclarationError, match=r"converter 'int' \(.*Other\) has a built-in one's name"):
        app.get("/<int:x>")(lambda x: {})
    same = App("Same")
    same.converters["int"] = CONVERTERS["int"]
    same.get("/<int:x>")(lambda x: {"x": x})
    assert Client(same).get("/5").json == {"x": 5}
