"""Words for the document from the code: first sentences of docstrings, tags of URLs."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, Resource
from restkit.operations.words import default_tag, split_docstring
from restkit.testing import Client


@pytest.mark.parametrize(
    ("text", "summary", "rest"),
    [
        ("List books. Sorted by title.", "List books.", "Sorted by title."),
        (
            "Return each book that is\n    not lent.\n\n    More.",
            "Return each book that is not lent.",
            "More.",
        ),
        ("List books\nReturns all of them.\n", "List books", "Returns all of them."),
        ("Return books:\n- a\n- b", "Return books:", "- a\n- b"),
        ("Get a U.S. Address. More.", "Get a U.S. Address.", "More."),
        ("Ask Dr. Who (e.g. Daleks). Then more", "Ask Dr. Who (e.g. Daleks).", "Then more"),
        ("See RFC 9110, sec. 15. It says.", "See RFC 9110, sec. 15.", "It says."),
        ("Use v. 2 or so. then more. Last.", "Use v. 2 or so. then more.", "Last."),
        ("What is this? It is.", "What is this?", "It is."),
        ("No stop", "No stop", ""),
        ("List.\n\nArgs:\n  x: y", "List.", "Args:\n  x: y"),
        ("", "", ""),
    ],
)
def test_the_summary_is_the_first_sentence(text: str, summary: str, rest: str) -> None:
    """Abbreviations, wrapped lines, titles and lists do not end or hide it."""
    assert split_docstring(text)[0] == summary
    assert split_docstring(text)[1] == rest


@pytest.mark.parametrize(
    ("path", "name", "tag"),
    [
        ("/api/v1/books", "X", "Books"),
        ("/Tickets.csv", "X", "Tickets"),
        ("/order-items/{id}", "X", "Order items"),
        ("/orderItems", "X", "Order items"),
        ("/v2", "HTTPLogs", "HTTP logs"),
        ("/API", "BooksResource", "Books"),
    ],
)
def test_tags_are_words(path: str, name: str, tag: str) -> None:
    """Segments without a meaning are passed over, suffixes and capitals are taken off."""
    assert default_tag(path, name) == tag


def test_a_class_docstring_describes_its_tag_and_no_summary_is_repeated() -> None:
    """The App's own words for a tag win."""

    class Books(Resource):
        """The shelf."""

        def get(self) -> dict[str, Any]:
            """Read the shelf."""
            return {}

    app = App("Words")
    app.add("/books", Books)
    made = Client(app).get("/openapi.json").json
    assert made["tags"] == [{"name": "Books", "description": "The shelf."}]
    assert made["paths"]["/books"]["get"]["summary"] == "Read the shelf."
    assert "description" not in made["paths"]["/books"]["get"]
