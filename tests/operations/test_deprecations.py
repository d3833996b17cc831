"""Deprecations in the record and in the document."""

from __future__ import annotations

from restkit import App, deprecated, operation, raises
from restkit.openapi import build
from restkit.problems import NotFound


def test_the_document() -> None:
    """All responses declare the headers, 410 is one of them, the dates are members and words."""
    app = App("Books")

    @app.get("/books")
    @deprecated(since="2026-12-01", sunset="2027-06-01T12:00:00Z", successor="/v2/books", gone=True)
    @raises(NotFound)
    def books() -> list[str]:
        """List books."""
        return []

    printed = build(app)["paths"]["/books"]["get"]
    assert printed["deprecated"] is True
    assert printed["x-sunset"] == "2027-06-01T12:00:00Z"
    assert printed["x-deprecation"] == {
        "since": "2026-12-01",
        "sunset": "2027-06-01T12:00:00Z",
        "gone": True,
        "successor": "/v2/books",
    }
    assert printed["description"] == (
        "Deprecated since 2026-12-01. It ends on 2027-06-01T12:00:00Z. Use `/v2/books` in its "
        "place."
    )
    assert {"200", "404", "410"} <= printed["responses"].keys()
    for response in printed["responses"].values():
        assert response["headers"].keys() >= {"Deprecation", "Sunset", "Link"}


def test_without_gone_there_is_no_410() -> None:
    """The sunset alone has headers only."""
    app = App("Books")

    @app.get("/books")
    @deprecated(since="2026-12-01", sunset="2027-06-01")
    def books() -> list[str]:
        return []

    (record,) = app.operations()
    assert 410 not in record.statuses
    assert [each.name for each in record.surrounding_headers] == ["Deprecation", "Sunset"]


def test_a_flag_without_dates_is_as_before() -> None:
    """``@operation(deprecated=True)`` has neither dates nor headers."""
    app = App("Books")

    @app.get("/books")
    @operation(deprecated=True)
    def books() -> list[str]:
        return []

    (record,) = app.operations()
    assert record.deprecated
    assert record.deprecation is None
    assert record.surrounding_headers == ()
