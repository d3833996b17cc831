"""Why a member of a list is written with its whole list: what the model adds to the relation."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import attribute_keyed_dict, mapped_column, registry, relationship, validates

from restkit.crud import Related
from restkit.sqlalchemy import Database


def _set(item: Any, name: str, value: object) -> None:
    object.__setattr__(item, name, value)


def obstacle(
    item: dict[str, Any] | None = None,
    note: dict[str, Any] | None = None,
    *,
    heard: tuple[str, str] | None = None,
    subclass: bool = False,
    **options: Any,
) -> str:
    """Return the obstacle of the list of an item's notes, whose models have further members."""
    base = registry().generate_base()
    key = mapped_column(sa.Integer, primary_key=True)
    owner: dict[str, Any] = {
        "__tablename__": "item",
        "id": key,
        "notes": relationship("Note", back_populates="item", **options),
        **(item or {}),
    }
    if subclass:
        owner["kind"] = mapped_column(sa.String(9))
        owner["__mapper_args__"] = {"polymorphic_on": "kind", "polymorphic_identity": "item"}
    other = {
        "__tablename__": "note",
        "id": mapped_column(sa.Integer, primary_key=True),
        "text": mapped_column(sa.String(9)),
        "item_id": mapped_column(sa.ForeignKey("item.id"), nullable=True),
        "item": relationship("Item", back_populates="notes"),
        **(note or {}),
    }
    made = type("Item", (base,), owner)
    models = {"Item": made, "Note": type("Note", (base,), other)}
    if subclass:
        special = {"__mapper_args__": {"polymorphic_identity": "special"}}
        models["Special"] = type("Special", (made,), special)
    if heard is not None:
        model, name = heard
        kind: Any = "before_insert" if not name else "set"
        target = models[model] if not name else getattr(models[model], name)
        event.listen(target, kind, lambda *_: None)
    store: Any = Database("sqlite://").store(made)
    relation = store.relation("notes", Related("id"))
    return str(store.linking_obstacle(relation))


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("", {}),
        ("", {"cascade": "save-update, delete"}),
        ("", {"collection_class": set}),
        ("Item takes part in inheritance", {"subclass": True}),
        ("Item.notes is loaded with each item (lazy='joined')", {"lazy": "joined"}),
        ("Item.notes is loaded with each item (lazy='immediate')", {"lazy": "immediate"}),
        ("Item.notes has delete-orphan or post_update", {"post_update": True}),
        (
            "Note has validators",
            {"note": {"checked": validates("text")(lambda self, name, value: value)}},
        ),
        ("Note has its own __setattr__", {"note": {"__setattr__": _set}}),
        ("Note.item_id has listeners", {"heard": ("Note", "item_id")}),
        ("", {"heard": ("Note", "text")}),
        ("Item.notes has listeners", {"heard": ("Item", "notes")}),
        ("Note.item has listeners", {"heard": ("Note", "item")}),
        ("Item has listeners of writes", {"heard": ("Item", "")}),
        ("Note has listeners of writes", {"heard": ("Note", "")}),
        (
            "Item.notes has validators",
            {"item": {"checked": validates("notes")(lambda self, name, value: value)}},
        ),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_what_a_model_adds_needs_the_whole_list(says: str, options: dict[str, Any]) -> None:
    """Each reason names the class or the attribute that would not see a single member."""
    assert obstacle(**options) == says


def test_a_list_in_a_dict_of_its_own_is_written_whole() -> None:
    """A collection class that is neither a list nor a set decides itself how rows are added."""
    options: Any = {"collection_class": attribute_keyed_dict("text")}
    assert obstacle(**options) == "Item.notes has a collection class of its own"
