"""Orders: what clients may sort by, what comes without being asked for,
and which declarations are refused.
"""

from __future__ import annotations

from typing import Any

import pytest
from shelf import Book, collection, refused

BOOKS = (Book("b", 1), Book("a", 2), Book("c", 1), Book("a", None))


def ids(path: str = "/books", **members: Any) -> list[int]:
    return [each["id"] for each in collection(*BOOKS, **members).get(path).json["items"]]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((), [1, 2, 3, 4]),
        (("-id",), [4, 3, 2, 1]),
        (("title",), [2, 4, 1, 3]),
        (("-year", "title"), [4, 2, 1, 3]),
    ],
)
def test_the_order_without_being_asked(order: Any, expected: list[int]) -> None:
    """Without `order` a list is in the order of its key."""
    assert ids(order=order) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", [2, 4, 1, 3]),
        ("-title", [3, 1, 4, 2]),
        ("year,-title", [3, 1, 2, 4]),
        ("-year,title", [4, 2, 1, 3]),
        ("title,title", [2, 4, 1, 3]),
        ("title,-title", [2, 4, 1, 3]),
    ],
)
def test_what_is_asked_for(sort: str, expected: list[int]) -> None:
    """Names are keys, the first one first; a minus descends;
    ties go the way of the last name, by the key.
    """
    assert ids(f"/books?sort={sort}", sorts=("title", "year")) == expected


def test_the_document_says_what_may_be_asked_for() -> None:
    """The parameter is an enumeration of names, each with and without a minus;
    without sorts there is none.
    """
    document = collection(sorts=("title", "year")).get("/openapi.json").json
    (sort,) = [
        each for each in document["paths"]["/books"]["get"]["parameters"] if each["name"] == "sort"
    ]
    assert sort["schema"]["items"]["enum"] == ["title", "-title", "year", "-year"]
    assert sort["schema"]["maxItems"] == 2
    assert sort["explode"] is False
    assert collection().get("/books?sort=id").status == 422


@pytest.mark.parametrize("sort", ["genre", "--title", "", "title,year,title", "-"])
def test_what_may_not_be_asked_for_is_422(sort: str) -> None:
    """Any other name, and more names than there are, is refused."""
    assert collection(sorts=("title", "year")).get(f"/books?sort={sort}").status == 422


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (
            {"sorts": "title"},
            "Books.sorts and .order must be sequences of strings, not strings. Write ('title',).",
        ),
        (
            {"order": "-title"},
            "Books.sorts and .order must be sequences of strings, not strings. Write ('-title',).",
        ),
        (
            {"sorts": ("pages",)},
            "Books sorts by 'pages', but the model has no such attribute. It has cover, genre, ",
        ),
        (
            {"sorts": ("tags",)},
            "Books sorts by 'tags', whose values have no order that every store supports. Sort by ",
        ),
        ({"order": ("-cover",)}, "Books sorts by 'cover', whose values have no order"),
        ({"order": ("-pages",)}, "Books sorts by 'pages', but the model has no such attribute"),
    ],
)
def test_an_order_that_cannot_be_is_refused(members: dict[str, Any], says: str) -> None:
    """An attribute that there is not is one clear sentence, which names those that there are."""
    refused(says, **members)
