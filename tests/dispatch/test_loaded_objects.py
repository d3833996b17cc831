"""`load` of a resource, and permissions that look at the loaded object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from restkit import App, DeclarationError, Gone, Request, Resource, access, raises
from restkit.security import HTTPBearer, role
from restkit.testing import Client


@dataclass
class User:
    name: str
    roles: tuple[str, ...] = ()


@dataclass
class Note:
    owner: str
    text: str


USERS = {"ann": User("ann"), "bob": User("bob"), "eve": User("eve", ("editor",))}


def owns(caller: User, note: Note) -> bool:
    """Whether the caller has written the note."""
    return note.owner == caller.name


def as_(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def client_of(permission: Any, **options: Any) -> tuple[Client, list[int]]:
    notes = {1: Note("ann", "one"), 2: Note("bob", "two")}
    calls: list[int] = []

    class NoteItem(Resource):
        request: Request[User]

        @raises(Gone)
        def load(self, note_id: int) -> Note | None:
            calls.append(note_id)
            if note_id == 9:
                raise Gone
            return notes.get(note_id)

        def get(self, note_id: int) -> dict[str, str]:
            note: Note = self.loaded
            return {"text": note.text}

        @access(permission=permission)
        def put(self, note_id: int) -> None:
            self.loaded.text = "changed"

    app = App("Notes", security=HTTPBearer(USERS.get), **options)
    app.add("/notes/<int:note_id>", NoteItem)
    return Client(app), calls


RULES: dict[str, tuple[Any, dict[str, tuple[int, int]]]] = {
    "owns": (owns, {"ann": (204, 403), "bob": (403, 204), "eve": (403, 403)}),
    "or": (role("editor") | owns, {"ann": (204, 403), "bob": (403, 204), "eve": (204, 204)}),
    "and": (role("editor") & owns, {"ann": (403, 403), "bob": (403, 403), "eve": (403, 403)}),
    "not": (~role("editor") & ~(role("none") | owns), {"ann": (403, 204), "eve": (403, 403)}),
}


@pytest.mark.parametrize("name", [*RULES])
def test_a_rule_of_the_object(name: str) -> None:
    """Combined rules decide by the caller, and by the object where that is needed."""
    rule, expected = RULES[name]
    client, _ = client_of(rule)
    found = {
        caller: tuple(client.put(f"/notes/{n}", headers=as_(caller)).status for n in (1, 2))
        for caller in expected
    }
    assert found == expected


def test_the_object_is_loaded_once_after_authentication() -> None:
    """A missing object is a 404, one call a request, none for strangers."""
    client, calls = client_of(owns)
    assert client.get("/notes/1").status == 401
    assert client.put("/notes/1").status == 401
    assert calls == []
    assert client.get("/notes/1", headers=as_("bob")).json == {"text": "one"}
    assert client.put("/notes/3", headers=as_("bob")).status == 404
    assert client.get("/notes/9", headers=as_("bob")).status == 410
    assert calls == [1, 3, 9]


def test_who_may_not_whatever_the_object_is_learns_nothing() -> None:
    """A 403 by the caller alone comes before the object is loaded."""
    client, calls = client_of(role("admin") & owns)
    assert client.put("/notes/3", headers=as_("ann")).status == 403
    assert calls == []


def test_the_document_has_the_problems() -> None:
    """404 of load, its declared problems, and the 403 of the rule."""
    client, _ = client_of(role("editor") | owns)
    responses = client.get("/openapi.json", headers=as_("ann")).json["paths"]["/notes/{note_id}"]
    assert {"403", "404", "410"} <= responses["put"]["responses"].keys()
    assert "404" in responses["get"]["responses"]


def test_a_rule_without_an_object() -> None:
    """Where nothing loads an object, the program does not start."""
    app = App("Notes", security=HTTPBearer(USERS.get))
    app.get("/notes", permission=owns)(lambda: {"a": 1})
    with pytest.raises(DeclarationError, match="nothing loads one"):
        app.freeze()


def test_parameters_of_load() -> None:
    """`load` takes variables of the URL."""

    class Wrong(Resource):
        def load(self, key: int) -> object:
            return key

        def get(self, note_id: int) -> dict[str, int]:
            return {"id": note_id}

    with pytest.raises(DeclarationError, match="takes key, but the URL pattern"):
        App("Notes").add("/notes/<int:note_id>", Wrong)
