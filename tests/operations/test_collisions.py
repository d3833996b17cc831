"""Collisions: what belongs to one declaration alone is refused at the second."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, CollisionError, Resource, operation
from restkit.testing import Client


class Reader(Resource):
    def get(self) -> dict[str, int]:
        return {}


class Writer(Resource):
    def post(self) -> dict[str, int]:
        return {}


def test_one_method_of_one_url_is_declared_once() -> None:
    """A method that another App answers at this URL is refused when it is mounted,
    or added to what is mounted.
    """
    top, low = App("Top"), App("Low")
    top.add("/v1/x", Reader)
    low.add("/x", Reader)
    with pytest.raises(CollisionError, match="GET /v1/x is declared twice"):
        top.mount("/v1", low)
    late = App("Late")
    top.mount("/v1", late)
    with pytest.raises(CollisionError, match="GET /v1/x is declared twice"):
        late.add("/x", Reader)
    late.add("/y", type("Other", (Reader,), {}))
    late.add("/x", Writer)
    client = Client(top)
    assert [client.get("/v1/x").status, client.post("/v1/x").status] == [200, 200]
    assert client.get("/v1/y").status == 200


def test_names_collide_across_mounts_that_are_documented() -> None:
    """What is added to a mounted App is held against the outer document,
    unless it does not stand in it.
    """

    def build(*, documented: bool) -> App:
        top, low = App("Top"), App("Low")
        top.get("/x")(thing)
        top.mount("/low", low, documented=documented)
        low.get("/x")(other)
        return top

    @operation(operation_id="thing")
    def thing() -> dict[str, int]:
        return {}

    @operation(operation_id="thing")
    def other() -> dict[str, int]:
        return {}

    with pytest.raises(CollisionError, match="operationId 'thing'"):
        build(documented=True)
    assert Client(build(documented=False)).get("/low/x").status == 200


def test_one_method_at_several_urls_has_several_ids() -> None:
    """The first one has the operationId that was given, the others add their path."""

    class Things(Resource):
        @operation(operation_id="allThings")
        def get(self) -> list[int]:
            return []

    top, old, new = App("Top"), App("Old"), App("New")
    old.add("/things", Things)
    new.add("/things", Things)
    top.mount("/v1", old)
    top.mount("/v2", new)
    ids = [each.operation_id for each in top.operations()]
    assert ids == ["allThings", "allThingsAtV2Things"]


def test_adding_takes_as_long_for_the_last_as_for_the_first() -> None:
    """Each `add` looks at what is added, not at everything that was added before."""
    app = App("Many")
    looked: list[int] = []
    check = app._registry._claims._check_names

    def counting(operations: Any, *taken: Any) -> None:
        operations = list(operations)
        looked.append(len(operations))
        check(operations, *taken)

    app._registry._claims._check_names = counting
    for number in range(50):
        app.add(f"/r{number}", type(f"R{number}", (Resource,), {"get": lambda self: {}}))
    assert looked == [1] * 50
