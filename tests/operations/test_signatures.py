"""Signatures: string annotations, closures, what cannot be resolved, and what annotations mean."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, get_type_hints

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Resource, Response, takes
from restkit.operations.signatures import item_of, read_signature, return_kind
from restkit.testing import Client


@dataclass
class Thing:
    """Is the Thing of the module, which a local one of the same name hides."""

    never: int


class ThingSchema(Schema):
    n = fields.Int(required=True)


def test_names_parameters_and_returns() -> None:
    """Named parameters, which of them are required, and the return annotation are read."""

    def method(
        self: Any, a: int, b: str = "x", *args: int, c: Thing, **rest: Any
    ) -> list[Thing]: ...

    read = read_signature(method, "here", method=True)
    assert dict(read.annotations) == {"a": int, "b": str, "c": Thing}
    assert read.required == {"a", "c"}
    assert read.open
    assert read.takes("anything")
    assert read.returns == list[Thing]


def test_code_and_inspect_say_the_same() -> None:
    """What is read off a plain function's code is what inspect reads of it."""

    def plain(self, a: int, b: Thing | None = None) -> None: ...  # type: ignore[no-untyped-def]
    def keyword(self: Any, *, a: int, b: str = "") -> dict[str, Any]: ...
    def open_one(self: Any, a: int | None = None, *args: int, **rest: Any) -> Thing: ...
    def all_optional(self: Any = None, a: int = 1, b: int = 2) -> Any: ...
    def bare(): ...  # type: ignore[no-untyped-def]

    for function in (plain, keyword, open_one, all_optional, bare):
        for method in (True, False) if function is not bare else (False,):
            read = read_signature(function, "here", method=method)
            # a function that has anything of its own
            function.said = "here"  # type: ignore[attr-defined]
            assert read_signature(function, "here", method=method) == read, function.__name__
            del function.said  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", ["int", "None", "dict[str, Any]", "Thing | None", "list['Thing']", "Optional[Thing]"]
)
def test_annotations_mean_what_typing_says(text: str) -> None:
    """An annotation is what typing.get_type_hints makes of it, however it is read."""

    def function(a): ...  # type: ignore[no-untyped-def]

    function.__annotations__ = {"a": text}
    expected = get_type_hints(function)["a"]
    assert read_signature(function, "here", method=False).annotations["a"] == expected


def test_functions_have_no_self() -> None:
    """The first parameter of a function is a parameter like the others."""

    def function(a, b=1): ...  # type: ignore[no-untyped-def]

    read = read_signature(function, "here", method=False)
    assert dict(read.annotations) == {"a": None, "b": None}
    assert not read.takes("c")


def test_closures_hide_the_module() -> None:
    """A class of the enclosing function is meant where the module has another of the same name."""

    @dataclass
    class Thing:
        n: int

    app = App("Closure")

    @app.post("/x")
    @takes(body=ThingSchema)
    def post(body: Thing) -> dict[str, bool]:
        return {"local": type(body) is Thing}

    assert Client(app).post("/x", json={"n": 1}).json == {"local": True}


def test_unresolved_names_are_refused_with_what_to_do() -> None:
    """An annotation that names what is not there at run time is a start-up error that says so."""

    class Broken(Resource):
        schema = ThingSchema

        def post(self, body: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(
        DeclarationError,
        match=r"'Missing' of 'body' cannot be resolved.*not only for type checking",
    ):
        App("Broken").add("/x", Broken)

    class BrokenReturn(Resource):
        def get(self) -> Missing: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(DeclarationError, match="of 'return' cannot be resolved"):
        App("Broken").add("/x", BrokenReturn)


def test_wrapped_functions_are_read_through() -> None:
    """A decorator with functools.wraps does not hide names,
    nor the module in which they are known.
    """

    def traced(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return call

    class Traced(Resource):
        @traced
        @takes(body=ThingSchema)
        def post(self, body: Mapping[str, int]) -> dict[str, int]:
            return dict(body)

    app = App("Traced")
    app.add("/x", Traced)
    assert Client(app).post("/x", json={"n": 1}).json == {"n": 1}


def test_positional_only_is_refused() -> None:
    """Arguments are passed by name."""

    def function(a: int, /) -> None: ...

    with pytest.raises(DeclarationError, match="'a' is positional-only"):
        read_signature(function, "here", method=False)


class _Items(list[int]): ...


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (None, "none"),
        (type(None), "none"),
        (int, "one"),
        (dict, "one"),
        (dict[str, Any], "one"),
        (Mapping[str, int], "one"),
        (str, "one"),
        (bytes, "one"),
        (Any, "one"),
        (Thing | None, "one"),
        (Optional[Thing], "one"),  # noqa: UP045  # both spellings
        (Thing | int, "one"),
        (list, "many"),
        (list[Thing], "many"),
        (list[Thing] | None, "many"),
        (Iterable[Thing], "many"),
        (Iterator[Thing], "many"),
        (Sequence[Thing], "many"),
        (set[int], "many"),
        (frozenset, "many"),
        (_Items, "many"),
        (tuple, "one"),
        (tuple[Thing, int], "one"),
        (tuple[list[Thing], int], "many"),
        (tuple[None, int], "none"),
        (Response, "response"),
        (tuple[Response, int], "response"),
        (AsyncIterator[int], "one"),
    ],
)
def test_what_return_annotations_mean(annotation: Any, kind: str) -> None:
    """A return annotation means nothing, a Response, one value or many;
    a tuple means its first member.
    """
    assert return_kind(annotation) == kind


def test_items() -> None:
    """The item of list[X] and its kin is X; of a bare list anything."""
    assert item_of(list[Thing]) is Thing
    assert item_of(Optional[Sequence[Thing]]) is Thing  # noqa: UP045  # both spellings
    assert item_of(list) is Any
    assert item_of(dict[str, int]) is None
    assert item_of(Thing) is None
