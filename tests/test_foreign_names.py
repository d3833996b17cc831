"""Names of other frameworks on resources, collections and Apps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from restkit import App, DeclarationError, Resource
from restkit.crud import CRUDResource, MemoryStore
from restkit.foreign_names import APP_MEMBERS, RESOURCE_MEMBERS, UNKNOWN_VERBS
from restkit.testing import Client


@dataclass
class Book:
    title: str = ""
    id: int = 0


def get(self: Any) -> dict[str, Any]:
    return {}


def resource(**members: Any) -> type[Resource]:
    return type("Books", (Resource,), {"get": get, **members})


def collection(**members: Any) -> type[CRUDResource[Book]]:
    members = {"model": Book, "store": MemoryStore(Book), **members}
    return type("Books", (CRUDResource,), members)


@pytest.mark.parametrize("name", RESOURCE_MEMBERS)
@pytest.mark.parametrize("make", [resource, collection])
@pytest.mark.parametrize("value", [[1], get], ids=["attribute", "method"])
def test_a_member_of_another_framework_is_rejected(make: Any, name: str, value: object) -> None:
    """A member that would do nothing stops the start, with the class, the member and the remedy."""
    with pytest.raises(DeclarationError, match=rf"Books\.{name} is not a restkit attribute") as it:
        App("Shop").add("/books", make(**{name: value}))
    assert RESOURCE_MEMBERS[name] in str(it.value)
    assert f"_{name}" in str(it.value)


def test_a_member_of_a_mixin_is_rejected() -> None:
    """A base class that is no Resource is looked through too, and named."""

    class Guarded:
        decorators = (get,)

    with pytest.raises(DeclarationError, match=r"Guarded\.decorators"):
        App("Shop").add("/books", type("Books", (Guarded, Resource), {"get": get}))


@pytest.mark.parametrize("name", UNKNOWN_VERBS)
def test_a_method_that_reads_like_a_verb_is_rejected(name: str) -> None:
    """A plain Resource has verbs; a method like `fetch` beside them would never be called."""
    with pytest.raises(
        DeclarationError, match=rf"Books\.{name} is not an HTTP method.* Name the method"
    ):
        App("Shop").add("/books", resource(**{name: get}))


def test_the_same_names_are_actions_or_data() -> None:
    """Actions of a collection, private helpers and plain attributes stay allowed."""
    app = App("Shop")
    app.add("/things", resource(_fetch=get, index=["a"], store={}, shelf=get))
    app.add("/books", collection(update=lambda self, item, values: item))
    assert Client(app).get("/things").status == 200
    assert Client(app).get("/books").status == 200


@pytest.mark.parametrize("name", ["request", "app", "entity_tag", "last_modified", "is_stated"])
@pytest.mark.parametrize(
    "value", [get, ["Berlin"], property(get)], ids=["method", "list", "property"]
)
def test_a_member_that_replaces_a_part_of_a_resource_is_rejected(name: str, value: object) -> None:
    """A resource without its request or entity tag would fail on the first request."""
    with pytest.raises(DeclarationError, match=rf"Books\.{name} replaces a part of Resource"):
        App("Shop").add("/books", resource(**{name: value}))


@pytest.mark.parametrize("name", ["rows", "_state", "request"])
def test_a_member_that_replaces_a_part_of_a_collection_is_rejected(name: str) -> None:
    """`rows = [1]` would make a 500 of every list."""
    with pytest.raises(DeclarationError, match=rf"Books\.{name} replaces a part of"):
        App("Shop").add("/books", collection(**{name: [1]}))


def app_members() -> Iterator[str]:
    return (name for name in APP_MEMBERS if not hasattr(App, name))


def test_members_of_other_apps_are_absent() -> None:
    """The list names only what an App does not have."""
    assert set(app_members()) == set(APP_MEMBERS)


@pytest.mark.parametrize("name", APP_MEMBERS)
def test_a_member_of_another_app_is_explained(name: str) -> None:
    """The AttributeError says how restkit says the same; hasattr stays False."""
    app = App("Shop")
    assert not hasattr(app, name)
    with pytest.raises(AttributeError) as it:
        getattr(app, name)
    assert APP_MEMBERS[name] in str(it.value)
    assert it.value.name == name


def test_an_unknown_member_of_an_app_is_an_attribute_error() -> None:
    """A name that nobody knows has the usual message."""
    with pytest.raises(AttributeError, match="'App' object has no attribute 'shelf'"):
        getattr(App("Shop"), "shelf")  # noqa: B009  # type checkers would refuse the attribute
