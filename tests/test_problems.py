"""Problems: the shape of RFC 9457, subclasses, caps, pointers, and what is never echoed."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import fields, validate

import restkit
from restkit import (
    App,
    Conflict,
    ContractError,
    DeclarationError,
    NotFound,
    Problem,
    UnprocessableContent,
    raises,
)
from restkit.openapi import build
from restkit.openapi.problem_responses import PROBLEM
from restkit.problems import problem_class
from restkit.testing import Client


def answer_to(problem: Problem) -> Any:
    app = App("Problems")

    @app.get("/x")
    @raises(type(problem))
    def get() -> None:
        raise problem

    return Client(app, raise_errors=False).get("/x")


def test_the_members_are_those_of_rfc_9457() -> None:
    """type, title and status are always there;
    detail, instance and extensions where they were given.
    """
    assert NotFound().to_dict() == {"type": "about:blank", "title": "Not Found", "status": 404}
    told = Conflict("taken", instance="/orders/7", headers={"X-A": "b"}, balance=Decimal("1.50"))
    response = answer_to(told)
    assert response.status == 409
    assert response.media_type == "application/problem+json"
    assert response.headers["X-A"] == "b"
    assert response.json == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "taken",
        "instance": "/orders/7",
        "balance": "1.50",
    }


def test_members_of_an_invalid_item() -> None:
    """An item of errors has a pointer, or a parameter and where it is, then detail and code."""
    problem = UnprocessableContent(
        errors=[
            {"pointer": "/a", "detail": "no", "code": "range"},
            {"parameter": "limit", "location": "header", "detail": "no"},
            {"parameter": "limit"},
        ]
    )
    assert answer_to(problem).json["errors"] == [
        {"pointer": "/a", "detail": "no", "code": "range"},
        {"parameter": "limit", "in": "header", "detail": "no", "code": "invalid"},
        {"parameter": "limit", "in": "query", "detail": "", "code": "invalid"},
    ]


@pytest.mark.parametrize("status", [200, 399, 600, 0, -1, "404", None, 404.0])
def test_a_problems_status_is_an_error(status: Any) -> None:
    """A subclass whose status is no error of HTTP is refused when the class is made."""
    with pytest.raises(DeclarationError, match="from 400 to 599"):
        type("Wrong", (Problem,), {"status": status})


def test_titles_come_from_the_status() -> None:
    """A title is the status's phrase, unless the class or its base says one for the same status."""
    made = type("Teapot", (Problem,), {"status": 418})
    assert made.title == HTTPStatus(418).phrase
    assert type("Odd", (Problem,), {"status": 499}).title == "Client Error"
    assert type("Odder", (Problem,), {"status": 599}).title == "Server Error"
    own = type(
        "OutOfStock",
        (Conflict,),
        {"title": "Out of stock", "type": "https://example.com/out-of-stock"},
    )
    assert own("x").to_dict()["title"] == "Out of stock"
    assert type("Below", (own,), {}).title == "Out of stock"
    assert type("Gone", (own,), {"status": 410}).title == "Gone"


def test_every_problem_that_is_exported_has_its_phrase() -> None:
    """The classes of restkit have one status each, and the titles of RFC 9110."""
    classes = [
        each
        for each in vars(restkit).values()
        if isinstance(each, type) and issubclass(each, Problem)
    ]
    statuses = [each.status for each in classes if each is not Problem]
    assert len(statuses) == len(set(statuses)) >= 20
    assert restkit.ContentTooLarge.title == "Content Too Large"
    assert restkit.UnprocessableContent.title == "Unprocessable Content"
    assert all(each.title for each in classes if each is not Problem)


def test_problem_class_finds_or_makes() -> None:
    """The class of a status is restkit's own where it has one,
    and else the same new one every time.
    """
    assert problem_class(404) is NotFound
    assert problem_class(451) is problem_class(451)
    assert problem_class(451).title == "Unavailable For Legal Reasons"
    with pytest.raises(DeclarationError):
        problem_class(302)


def test_caps() -> None:
    """Long texts are clipped and errors beyond the hundredth only counted."""
    many = [{"pointer": f"/{index}", "detail": "x" * 5000, "code": "c"} for index in range(250)]
    body = UnprocessableContent("y" * 5000, errors=many).to_dict()  # type: ignore[arg-type]
    assert len(body["detail"]) == 1000  # type: ignore[arg-type]
    assert len(body["errors"]) == 100  # type: ignore[arg-type]
    assert {len(each["detail"]) for each in body["errors"]} == {1000}  # type: ignore[attr-defined]
    assert body["omitted_errors"] == 150


@pytest.mark.parametrize(
    "problem",
    [
        NotFound(5),  # type: ignore[arg-type]
        NotFound("x", data={(1, 2): 3}),
        NotFound("x", number=float("nan")),
        NotFound("x", headers={3: "x"}),  # type: ignore[dict-item]
        NotFound("x", headers={"X": "a\r\nb"}),
        NotFound("x", headers={"X": "\u20ac"}),
        NotFound(errors=({} for _ in "a")),  # type: ignore[arg-type]
        NotFound(errors=[{"detail": 5}]),  # type: ignore[typeddict-item]
    ],
)
def test_a_problem_that_cannot_be_written_is_a_500(problem: Problem) -> None:
    """A mistake in a problem is answered as any other exception is; nothing escapes the App."""
    response = answer_to(problem)
    assert response.status == 500
    assert response.media_type == "application/problem+json"
    assert json.loads(response.body)["status"] == 500


def test_lone_surrogates_do_not_break_the_answer() -> None:
    """A text that is not Unicode is written as well as it can be."""
    assert answer_to(NotFound("a\ud800b")).json["detail"] == "a?b"


def test_own_content_headers_are_not_taken() -> None:
    """A problem's headers cannot change what its content is."""
    response = answer_to(
        NotFound("x", headers={"Content-Type": "text/html", "content-length": "1", "X-A": "b"})
    )
    assert response.headers.getlist("Content-Type") == ["application/problem+json"]
    assert response.headers["Content-Length"] == str(len(response.body))
    assert response.headers["X-A"] == "b"


def test_a_problem_is_an_exception_with_a_message() -> None:
    """Its text is the detail, else the title, so that logs and tracebacks say something."""
    assert str(NotFound("no book")) == "no book"
    assert str(NotFound()) == "Not Found"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Problem("too many"), "Problem cannot be raised itself"),
        (lambda: Problem("x", status=422), "does not accept status="),
        (lambda: NotFound("x", title="Gone"), "does not accept title="),
    ],
)
def test_what_a_class_says_is_not_said_again(make: Any, words: str) -> None:
    """The base itself, and a status, type or title as a member, are refused:
    they would be lost silently.
    """
    with pytest.raises(DeclarationError, match=words):
        make()


class SoldOut(Problem):
    """No copy is left."""

    status = 409
    type = "https://example.com/problems/sold-out"
    title = "Sold out"
    members = {
        "expected": fields.Date(required=True),
        "in_stock": fields.Int(data_key="inStock", validate=validate.Range(0, 5)),
    }


def test_members_are_serialized() -> None:
    """The schema of a class writes its members, under the names of the wire."""
    problem = SoldOut("All are sold.", expected=date(2027, 1, 2), in_stock=3)
    assert problem.to_dict()["expected"] == "2027-01-02"
    assert problem.to_dict()["inStock"] == 3
    assert SoldOut("x", expected=date(2027, 1, 2)).extensions == {"expected": "2027-01-02"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "expected= is missing"),
        ({"expected": date(2027, 1, 2), "other": 1}, "other= is not declared"),
        ({"expected": date(2027, 1, 2), "in_stock": 6}, "violate their schema"),
        ({"expected": "soon"}, "violate their schema"),
    ],
)
def test_other_members_are_rejected(members: dict[str, Any], message: str) -> None:
    """A member that is missing, unknown or invalid is a mistake of the program."""
    with pytest.raises(DeclarationError, match=message):
        SoldOut("x", **members)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"status": fields.Int()}, "declares 'status'"),
        ({"x": fields.Str(data_key="detail")}, "declares 'detail'"),
        (5, "must be a marshmallow schema"),
    ],
)
def test_malformed_members_are_rejected(members: Any, message: str) -> None:
    """The members of a class are a schema without the members of every problem."""
    with pytest.raises(DeclarationError, match=message):
        type("Wrong", (Conflict,), {"members": members})


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_types_of_one_status_are_told_apart(version: str) -> None:
    """A response is of exactly one alternative, and an undeclared type is outside the contract."""

    class Unknown(Conflict):
        type = "https://example.com/problems/unknown"

    app = App("Shop")

    @app.get("/<int:number>")
    @raises(SoldOut, Conflict)
    def get(number: int) -> dict[str, int]:
        if number == 1:
            raise SoldOut("x", expected=date(2027, 1, 2))
        raise Conflict("x") if number == 2 else Unknown("x")

    document = build(app, version=version)
    content = document["paths"]["/{number}"]["get"]["responses"]["409"]["content"]
    assert len(content["application/problem+json"]["schema"]["oneOf"]) == 2
    members = document["components"]["schemas"]["SoldOutProblem"]
    assert set(members["properties"]) == {"type", "title", "status", "expected", "inStock"}
    client = Client(app)
    assert client.get("/1").problem["type"] == SoldOut.type
    assert client.get("/2").problem["type"] == "about:blank"
    with pytest.raises(ContractError, match=r"a problem of type .*unknown; it declares"):
        client.get("/3")


def test_bounds_are_those_of_the_document() -> None:
    """A problem with too much of everything is valid against the component."""
    huge = "x" * 9000
    errors: Any = [{"pointer": "/" + huge, "detail": huge, "code": huge}] * 101
    problem = UnprocessableContent(huge, errors=errors, instance=huge)
    assert Draft202012Validator(PROBLEM).is_valid(problem.to_dict())
    assert problem.to_dict()["omitted_errors"] == 1


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"status": "404"}, "Odd.status must be an integer from 400 to 599, got '404'"),
        ({"status": True}, "Odd.status must be an integer from 400 to 599, got True"),
        ({"status": 399}, "Odd.status must be an integer from 400 to 599, got 399"),
        ({"status": 600}, "Odd.status must be an integer from 400 to 599, got 600"),
        ({"status": 409.0}, "Odd.status must be an integer from 400 to 599, got 409.0"),
        ({"title": 5}, "Odd.title must be a string of at most"),
        ({"title": None}, "Odd.title must be a string of at most"),
        ({"type": object()}, "Odd.type must be a string of at most"),
        ({"type": b"x"}, "Odd.type must be a string of at most"),
        ({"members": 5}, "Odd.members must be a marshmallow schema or a mapping of fields"),
    ],
)
def test_attributes_are_checked_when_the_class_is_made(
    members: dict[str, object], message: str
) -> None:
    """A status, title, type or members of a wrong type is an error of the class statement."""
    with pytest.raises(DeclarationError, match=message):
        type("Odd", (Conflict,), members)


@pytest.mark.parametrize("status", [400, 599])
def test_every_error_status_can_be_declared(status: int) -> None:
    """The first and the last status of errors are valid."""
    made = type("Edge", (Problem,), {"status": status})
    assert made.__dict__["title"]


class _Renamed(NotFound):
    def __init__(self) -> None:
        super().__init__("Gone for good.")
        vars(self)["title"] = "Lost"


class _Ruled(NotFound):
    def to_dict(self) -> dict[str, object]:
        return {**super().to_dict(), "rule": 7}


class _Typed(Conflict):
    type = "https://example.com/sold-out"
    title = "Sold out"


@pytest.mark.parametrize(
    "problem",
    [
        NotFound(),
        NotFound(""),
        NotFound('"quoted" \u00e9 \u2028 \n'),
        NotFound("x" * 5_000),
        NotFound("a", instance="/books/7"),
        NotFound("a", errors=[{"detail": "b", "code": "c"}]),
        NotFound("a", shelf=None, number=1.5),
        _Renamed(),
        _Ruled("a"),
        _Typed("None are left."),
    ],
    ids=repr,
)
def test_the_bytes_are_those_of_the_members(problem: Problem) -> None:
    """The JSON has the members of `to_dict`, in their order, also a second time."""
    for _ in range(2):
        assert json.loads(problem.to_bytes()) == problem.to_dict()
        assert list(json.loads(problem.to_bytes())) == list(problem.to_dict())


def test_details_that_are_not_unicode() -> None:
    """A lone surrogate in a detail becomes a question mark."""
    assert json.loads(NotFound("a\ud800b").to_bytes())["detail"] == "a?b"


def test_other_base_classes_are_initialized() -> None:
    """A problem that is another exception too has the arguments of both."""

    class Noted:
        def __init__(self, text: str) -> None:
            self.noted = text

    class Missing(NotFound, KeyError):
        pass

    class Counted(NotFound, Noted):  # type: ignore[misc]  # Exception has another __init__
        pass

    assert Missing("a").args == ("a",)
    assert NotFound().args == ("Not Found",)
    assert str(NotFound("a")) == "a"
    assert Counted("a").args == ("a",)
