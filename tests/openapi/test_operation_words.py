"""The words of operations: phrases of statuses, summaries and descriptions."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, operation, returns
from restkit.openapi import build


def _operation(function: Any) -> dict[str, Any]:
    app = App("T")
    app.get("/x")(function)
    found: dict[str, Any] = build(app)["paths"]["/x"]["get"]
    return found


@pytest.mark.parametrize(("status", "words"), [(299, "Status 299"), (202, "Accepted")])
def test_a_status_without_a_phrase_has_its_number(status: int, words: str) -> None:
    """Every response has a description (OpenAPI 3.1, section 4.8.17)."""

    @returns(None, status=status)
    def respond() -> Any:
        return None

    assert _operation(respond)["responses"][str(status)]["description"] == words


@pytest.mark.parametrize(
    ("description", "shown"),
    [("List the books.", None), ("List the books", None), ("List the books of one.", True)],
)
def test_a_description_that_repeats_the_summary_is_left_out(
    description: str, shown: bool | None
) -> None:
    """The full stop at the end makes no difference."""

    @operation(summary="List the books.", description=description)
    def respond() -> dict[str, int]:
        return {}

    found = _operation(respond)
    assert found["summary"] == "List the books."
    assert found.get("description") == (description if shown else None)


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("listBooks", "List books."),
        ("getURLOfBook", "Get URL of book."),
        ("get_book2", "Get book 2."),
        ("getABook", "Get a book."),
        ("öffne", "Öffne."),
        ("_", "_."),
    ],
)
def test_an_operation_without_words_is_named_by_its_id(name: str, summary: str) -> None:
    """Abbreviations keep their capital letters."""

    @operation(operation_id=name)
    def respond() -> dict[str, int]:
        return {}

    assert _operation(respond)["summary"] == summary
