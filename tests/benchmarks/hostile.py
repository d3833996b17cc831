"""Instructions of a byte of bad bodies, by their kind and size, beside those of good ones.

``python -m tests.benchmarks.hostile`` posts each body of 1 kB to 2 MiB under callgrind and prints
the instructions of a byte; ``--record`` writes results/hostile.json, from which the page is made.
Needs valgrind.
"""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates, validates_schema

from restkit import App, Resource

from .instructions import counts
from .record import RECORDED, part_about, save
from .switch import Switch

__all__ = ["BAD", "GOOD", "RECORD", "SIZES", "main", "posting"]

RECORD = RECORDED.with_name("hostile.json")
SIZES = (1_000, 32_000, 500_000, 2_000_000)


class Item(Schema):
    sku = fields.Str(required=True, validate=validate.Length(1, 20))
    title = fields.Str()
    quantity = fields.Int(validate=validate.Range(1))
    price = fields.Decimal()


class Hooked(Schema):
    number = fields.Int()

    @validates("number")
    def check_number(self, value: int, **_: Any) -> None:
        if value > 0:
            raise ValidationError("This is too large.")

    @validates_schema
    def check(self, data: Mapping[str, int], **_: Any) -> None:
        if data.get("number") == 0:
            raise ValidationError("There must be a number.")


class Tree(Schema):
    name = fields.Str()
    child = fields.Nested(lambda: Tree())


class Order(Schema):
    name = fields.Str(validate=validate.Length(1, 10))
    number = fields.Int()
    items = fields.List(fields.Nested(Item))
    many = fields.Nested(Item, many=True)
    few = fields.List(fields.Nested(Item), validate=validate.Length(max=10))
    few_many = fields.Nested(Item, many=True, validate=validate.Length(max=10))
    numbers = fields.List(fields.Int())
    texts = fields.List(fields.Str())
    mails = fields.List(fields.Email())
    prices = fields.List(fields.Decimal())
    times = fields.List(fields.AwareDateTime())
    keys = fields.List(fields.UUID())
    choices = fields.List(fields.Str(validate=validate.OneOf(["a", "b"])))
    table = fields.Dict(fields.Str(validate=validate.Length(max=3)), fields.Int())
    hooked = fields.List(fields.Nested(Hooked))
    tree = fields.Nested(Tree)


def _repeated(name: str, piece: str) -> Callable[[int], str]:
    return lambda size: f'{{"{name}":[{",".join([piece] * _times(piece, size))}]}}'


def _times(piece: str, size: int) -> int:
    return max(1, (size - 20) // (len(piece) + 1))


def _members(size: int, value: str, *, start: str = "m") -> str:
    return ",".join(f'"{start}{number:06}":{value}' for number in range(_times("m" * 12, size)))


_TEXT = '"x"'
_MEMBER = '"number":1'
_GOOD_ITEM = '{"sku":"BK-1","title":"Volume 1","quantity":3,"price":"9.50"}'
GOOD: Mapping[str, Callable[[int], str]] = {
    "a list of items": _repeated("items", _GOOD_ITEM),
    "the same by many=True": _repeated("many", _GOOD_ITEM),
}
"""The bodies that are valid, by their size in bytes."""
BAD: Mapping[str, Callable[[int], str]] = {
    "numbers for items": _repeated("items", "1"),
    "numbers for items by many=True": _repeated("many", "1"),
    "items without members": _repeated("items", "{}"),
    "the same by many=True": _repeated("many", "{}"),
    "items with an unknown member": _repeated("items", '{"sku":"a","x":1}'),
    "items that are lists": _repeated("items", "[[[[]]]]"),
    "one wrong item at the end": lambda size: _repeated("items", _GOOD_ITEM)(size)[:-2] + ",1]}",
    "good items, too many": _repeated("few", _GOOD_ITEM),
    "numbers, too many": _repeated("few", "1"),
    "numbers, too many by many=True": _repeated("few_many", "1"),
    "texts for numbers": _repeated("numbers", '"x"'),
    "null for numbers": _repeated("numbers", "null"),
    "numbers for texts": _repeated("texts", "1"),
    "texts for mail addresses": _repeated("mails", '"x"'),
    "texts for decimals": _repeated("prices", '"x"'),
    "texts for times": _repeated("times", '"x"'),
    "texts for UUIDs": _repeated("keys", '"x"'),
    "other choices": _repeated("choices", '"x"'),
    "unknown members": lambda size: f"{{{_members(size, '1')}}}",
    "unknown members of an item": lambda size: f'{{"items":[{{"sku":"a",{_members(size, "1")}}}]}}',
    "long names in a table": lambda size: f'{{"table":{{{_members(size, "1")}}}}}',
    "texts in a table": lambda size: f'{{"table":{{{_members(size, _TEXT)}}}}}',
    "duplicate members": lambda size: "{" + ",".join([_MEMBER] * _times(_MEMBER, size)) + "}",
    "items with duplicate members": _repeated("items", '{"sku":"a","sku":"b"}'),
    "lists in lists": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "a long text": lambda size: f'{{"name":"{"a" * size}"}}',
    "a long number": lambda size: f'{{"number":{"1" * size}}}',
    "refused by the hook of a field": _repeated("hooked", '{"number":1}'),
    "refused by the hook of a schema": _repeated("hooked", '{"number":0}'),
    "a tree with an unknown leaf": lambda size: (
        '{"tree":' + '{"child":' * 50 + '{"x":1}' + "}" * 50 + "," + _members(size, "1") + "}"
    ),
}
"""The bodies that are not, by their size in bytes."""


def posting(body: str) -> Callable[[], int]:
    """Return a function that posts a body, as a server does, and returns the status."""
    app = App("Orders")

    @app.route("/orders")
    class Orders(Resource):
        schema = Order

        def post(self, body: dict[str, object]) -> dict[str, object]:
            return {}

    app.freeze()
    content = body.encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/orders",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    seen: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        seen.append(status)

    def post() -> int:
        given = {**environ, "wsgi.input": io.BytesIO(content)}
        response = app(given, start_response)
        for _ in response:
            pass
        close = getattr(response, "close", None)
        if close is not None:
            close()
        return int(seen.pop()[:3])

    return post


def _count(kind: str) -> None:
    """Post a body of each size with callgrind switched on."""
    make = (GOOD | BAD)[kind] if kind in BAD else GOOD[kind.removeprefix("good: ")]
    posts = [posting(make(size)) for size in SIZES]
    switch = Switch()
    for post in posts:
        post()
    gc.collect()
    gc.freeze()
    switch.on()
    for post in posts:
        switch.zero()
        post()
        switch.dump()


def main(arguments: list[str]) -> None:
    """Measure, print, and perhaps record; or post the bodies of one kind."""
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        _count(arguments[0])
        return
    found: dict[str, dict[str, float]] = {}
    for kind in (*(f"good: {each}" for each in GOOD), *BAD):
        made = counts("tests.benchmarks.hostile", kind)
        found[kind] = {
            str(size): round(each / size, 1) for size, each in zip(SIZES, made, strict=True)
        }
        print(f"{kind}: {', '.join(f'{each:,}' for each in found[kind].values())}", flush=True)
    if "--record" in arguments:
        save(RECORD, {"about": part_about(["restkit", "marshmallow"]), "instructions": found})


if __name__ == "__main__":
    main(sys.argv[1:])
