"""What a CRUDResource declares:
what cannot be meant is one sentence at start-up, which says where.
"""

from __future__ import annotations

from typing import Any

import pytest
from shelf import Book, mounted, refused


async def create_later(self: Any, item: Any) -> Any:
    return item


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"filters": 5}, "shelf.Books.filters must be a sequence of strings, got 5."),
        ({"filters": None}, "shelf.Books.filters must be a sequence of strings, got None."),
        ({"filters": (5,)}, "shelf.Books.filters must be a sequence of strings, got (5,)."),
        (
            {"filters": {"year": "gte"}},
            "shelf.Books.filters['year'] must be a sequence of strings, not the string 'gte'. "
            "Write ['gte'].",
        ),
        ({"sorts": 5}, "shelf.Books.sorts must be a sequence of strings, got 5."),
        ({"order": (5,)}, "shelf.Books.order must be a sequence of strings, got (5,)."),
        (
            {"expand": "author"},
            "shelf.Books.expand must be a sequence of strings, not the string 'author'. "
            "Write ['author'].",
        ),
        ({"methods": 5}, "shelf.Books.methods must be a sequence of strings, got 5."),
        ({"page_size": "20"}, "shelf.Books.page_size is '20'; give a whole number."),
        ({"max_page_size": True}, "shelf.Books.max_page_size is True; give a whole number."),
        ({"max_bulk": None}, "shelf.Books.max_bulk is None; give a whole number."),
        ({"fields": ("title",)}, "shelf.Books.fields is ('title',); write True or False."),
        ({"bulk": "yes"}, "shelf.Books.bulk is 'yes'; write True or False."),
        ({"upsert": 1}, "shelf.Books.upsert is 1; write True or False."),
        ({"key": 5}, "shelf.Books.key and .soft_delete are names of attributes"),
        ({"soft_delete": True}, "shelf.Books.key and .soft_delete are names of attributes"),
        (
            {"create": create_later},
            "shelf.Books.create is async, which restkit does not await: it runs on WSGI. Write a "
            "plain function or method.",
        ),
        ({"create": lambda self: None}, "which cannot be called as a function of (self, item)."),
        (
            {"update": lambda self, item: None},
            "which cannot be called as a function of (self, item, values).",
        ),
        ({"scope": lambda self, request: {}}, "which cannot be called as a function of (self)."),
        ({"list": 5}, "shelf.Books.list is not a method; an action is one of (self, query)."),
        ({"read": staticmethod(lambda key: None)}, "shelf.Books.read is not a method"),
        (
            {"get": lambda self: None},
            "shelf.Books.get would not be called: the verbs of a CRUDResource call its actions",
        ),
        ({"post": lambda self, body: None}, "override create instead."),
        (
            {"creat": lambda self, item: None},
            "shelf.Books.creat says nothing; call it create, or _creat where it is",
        ),
        ({"filter": ("year",)}, "shelf.Books.filter says nothing; call it filters"),
        ({"secuirty": ()}, "shelf.Books.secuirty says nothing; call it security"),
        ({"sort": ("year",)}, "shelf.Books.sort says nothing; call it sorts"),
    ],
)
def test_what_cannot_be_meant_is_refused(members: dict[str, Any], says: str) -> None:
    """A value of another kind, an action that cannot be called,
    and a name with a slip are told at start-up.
    """
    refused(says, **members)


def test_members_of_ones_own_are_left_alone() -> None:
    """Names that are words of their own, and what begins with an underscore, are the user's."""
    mounted(
        path=lambda self: "",
        mode="r",
        deleted=lambda self: None,
        _filter=(),
        shelf=Book,
        lister=lambda self: None,
    )
