"""The converters of variables: what each takes, and that the document says so."""

from __future__ import annotations

import os
import pickle
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
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
    described = dict(app.operations()[0].path_parameters[0].schema)
    assert "with a point and the fewest digits" in str(described.pop("description"))
    assert described == schema
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
    "text", ["6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77", "00000000-0000-0000-0000-00000000000a"]
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


_UUID = "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77"


@pytest.mark.parametrize(
    ("pattern", "spelling", "others"),
    [
        ("/<float:x>", "1.0", ["1.00", "01.0", "1", "1.", "1e0", "+1.0", "1.0000000000000000001"]),
        ("/<float:x>", "0.1", ["0.10", ".1", "0.1000000000000000055511151231257827"]),
        ("/<float(signed=True):x>", "0.0", ["-0.0", "0.00", "-0.00"]),
        ("/<float(signed=True):x>", "-1.5", ["-1.50", "--1.5", "-01.5"]),
        ("/<float:x>", "100000000000000000000.0", ["1e20", "1e+20", "100000000000000000001.0"]),
        ("/<float:x>", "0.000001", ["1e-06", "0.0000010"]),
        ("/<int:x>", "1", ["01", "+1", "1_", "\u0661"]),
        ("/<int(signed=True):x>", "0", ["-0", "00"]),
        ("/<int(fixed_digits=3):x>", "001", ["1", "0001", "01"]),
        ("/<int(fixed_digits=3, signed=True):x>", "000", ["-00", "-0", "0"]),
        ("/<int(fixed_digits=3, signed=True):x>", "-05", ["-5", "-005"]),
        ("/<uuid:x>", _UUID, [_UUID.upper(), _UUID.replace("-", ""), f"{{{_UUID}}}"]),
        ("/<any(a, B):x>", "a", ["A", "b", "a "]),
    ],
)
@pytest.mark.parametrize("around", ["", "item-"])
def test_each_value_has_one_spelling(
    pattern: str, spelling: str, others: list[str], around: str
) -> None:
    """A URL with another spelling of a value is a 404, in a mixed segment as well."""
    app = App("Spellings")
    app.get(pattern.replace("/", f"/{around}"), name="item")(lambda x: {"x": str(x)})
    client = Client(app)
    assert client.get(f"/{around}{spelling}").status == 200
    assert {text: client.get(f"/{around}{text}").status for text in others} == dict.fromkeys(
        others, 404
    )


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.one_of(
    st.integers(-(10**20), 10**20),
    st.integers(-100, 10_000),
    st.floats(),
    st.uuids(),
    st.uuids().map(lambda value: str(value).upper()),
    _TEXTS,
    st.sampled_from(["a b", "ü", "x/y", "50%", "", "/", "a//b", "a/", "..", "\0", "%2F", "a\n"]),
)
_PATTERNS = (
    *("int", "int(signed=True)", "int(min=3, max=500)", "int(fixed_digits=3)"),
    *("int(fixed_digits=3, signed=True)", "float", "float(signed=True)", "float(max=1.5)"),
    *("uuid", "string", "string(length=2)", "string(minlength=2, maxlength=4)", "path"),
    "any('a b', ü, 'x/y', '50%')",
)


def _routed() -> tuple[App, list[Any]]:
    """Return an App with a route for each converter, and the list that receives the values."""
    app = App("Round trips")
    seen: list[Any] = []

    def keep(x: object) -> dict[str, object]:
        seen.append(x)
        return {}

    for index, converter in enumerate(_PATTERNS):
        app.get(f"/{index}/<{converter}:x>", name=f"plain{index}")(keep)
        app.get(f"/{index}/<{converter}:x>/end", name=f"inner{index}")(keep)
        app.get(f"/{index}/v-<{converter}:x>.json", name=f"mixed{index}")(keep)
    return app, seen


def test_url_for_round_trips() -> None:
    """Each URL that `url_for` builds has the value that it was built with, or no URL is built."""
    app, seen = _routed()
    client = Client(app)
    built: set[str] = set()
    names = [
        (pattern, f"{kind}{index}")
        for index, pattern in enumerate(_PATTERNS)
        for kind in ("plain", "inner", "mixed")
    ]

    @settings(
        max_examples=int(os.environ.get("RESTKIT_TEST_ROUND_TRIPS") or 100),
        deadline=None,
        derandomize=True,
    )
    @given(value=_VALUES)
    @example(value=1e20)
    @example(value=-0.0)
    @example(value=300)
    @example(value=0.5)
    @example(value="x/y")
    @example(value="a//b")
    def check(value: object) -> None:
        for pattern, name in names:
            try:
                url = app.url_for(name, x=value)
            except LookupError:
                continue
            seen.clear()
            assert url.isascii()
            assert client.get(url).status == 200, url
            found = seen[0]
            assert found == type(found)(str(value))
            assert app.url_for(name, x=found) == url
            built.add(pattern)

    check()
    assert built == {*_PATTERNS}
