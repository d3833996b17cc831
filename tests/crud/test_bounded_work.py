"""Bounded work: what a hostile client sends costs little more than its size."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from types import FrameType

from shelf import Book, collection

from restkit.crud.patching import JSON_PATCH
from restkit.testing import Client, TestResponse


def calls(request: Callable[[], TestResponse], *statuses: int) -> int:
    """Return how many functions of Python and of C a request calls, instead of its time."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        response = request()
    finally:
        sys.setprofile(before)
    assert response.status in statuses, response.text[:300]
    return count


def patch_with(client: Client, operations: list[dict[str, object]], *statuses: int) -> float:
    """Return the calls for each byte of a JSON Patch."""
    content = json.dumps(operations).encode()
    found = calls(
        lambda: client.patch("/books/1", content=content, content_type=JSON_PATCH), *statuses
    )
    return found / len(content)


def test_a_patch_does_not_copy_more_than_a_good_one() -> None:
    """Small operations that copy a large member again and again cost what their bytes do."""
    cover = {f"m{number}": number for number in range(2000)}
    good = [{"op": "add", "path": "/cover", "value": cover}] * 20
    usual = patch_with(collection(Book("Emma", cover={})), list(good), 200)
    copies = [{"op": "copy", "from": "/cover/a", "path": f"/cover/b{n}"} for n in range(1000)]
    for operations in (
        [{"op": "add", "path": "/cover/a", "value": cover}, *copies],
        [{"op": "add", "path": "/cover/a", "value": cover}, *copies[:1] * 1000],
        [{"op": "copy", "from": "", "path": "/cover/a"}] * 1000,
        [{"op": "test", "path": "/cover", "value": cover}] * 20,
        [{"op": "move", "from": "/cover/m1", "path": "/cover/m1"}] * 1000,
    ):
        client = collection(Book("Emma", cover=cover))
        work = patch_with(client, list(operations), 200, 409, 413, 422)
        assert work < 20 * usual, operations[-1]


def test_selections_of_clients_do_not_displace_the_whole_view() -> None:
    """After hundreds of selections of fields, a plain list costs what it cost before."""
    books = [Book(f"t{number}") for number in range(3)]
    client = collection(*books, fields=True)
    client.get("/books")
    before = calls(lambda: client.get("/books"), 200)
    names = list(client.get("/books/1").json)
    client = collection(*books, fields=True)
    chosen = itertools.chain.from_iterable(itertools.combinations(names, size) for size in (3, 4))
    for each in itertools.islice(chosen, 200):
        assert client.get(f"/books?fields={','.join(each)}").status == 200
    client.get("/books")
    assert calls(lambda: client.get("/books"), 200) < before * 1.1
