"""The converters of variables: what each takes, and that the document says so."""

from __future__ import annotations

import pickle
from uuid import UUID

import pytest
from werkzeug.routing import BaseConverter

from restkit import App, DeclarationError
from restkit.routing.converters import CONVERTERS
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
    assert schema["type"] == "integer"
    assert schema["description"] == "exactly 4 digits"
    assert [Client(app).get(f"/{path}").status for path in ("0042", "42")] == [200, 404]


def test_built_in_converters_keep_their_names() -> None:
    """A converter with a built-in one's name would change other Apps' patterns,
    and is refused in one sentence.
    """
    app = App("Shadow")
    app.converters["int"] = type("Other", (BaseConverter,), {})
    with pytest.raises(
        DeclarationError, match=r"converter 'int' \(.*Other\) has the name of a built-in"
    ):
        app.get("/<int:x>")(lambda x: {})
    same = App("Same")
    same.converters["int"] = CONVERTERS["int"]
    same.get("/<int:x>")(lambda x: {"x": x})
    assert Client(same).get("/5").json == {"x": 5}


@pytest.mark.parametrize(
    "text", ["6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77", "00000000-0000-0000-0000-00000000000A"]
)
def test_uuids_are_what_the_standard_library_makes(text: str) -> None:
    """The value of a uuid variable is in nothing different from UUID of the text."""
    app, seen = App("Parts"), []
    app.get("/parts/<uuid:part>")(lambda part: {"seen": seen.append(part)})
    assert Client(app).get(f"/parts/{text}").status == 200
    found, expected = seen[0], UUID(text)
    assert type(found) is UUID
    assert found == expected
    assert hash(found) == hash(expected)
    assert str(found) == str(expected)
    assert repr(found) == repr(expected)
    assert found.bytes == expected.bytes
    assert found.version == expected.version
    assert found.is_safe == expected.is_safe
    assert pickle.dumps(found) == pickle.dumps(expected)


@pytest.mark.parametrize(
    ("pattern", "taken", "refused"),
    [
        (
            "/<int:n>",
            ["0", "7", str(2**63 - 1)],
            [str(2**63), "-1", "+1", "1_0", "\u0661", "1" * 20],
        ),
        ("/<int(min=3, max=5):n>", ["3", "5"], ["2", "6"]),
        ("/<int(signed=True):n>", ["-1", str(-(2**63))], [str(-(2**63) - 1), "--1"]),
    ],
)
def test_integers_are_bounded(pattern: str, taken: list[str], refused: list[str]) -> None:
    """An integer of ASCII digits within its bounds is taken;
    whatever else int() would read is 404.
    """
    app = App("Numbers")
    app.get(pattern)(lambda n: {"n": n})
    client = Client(app)
    assert [client.get(f"/{text}").json for text in taken] == [{"n": int(text)} for text in taken]
    assert {client.get(f"/{text}").status for text in refused} == {404}
