"""The functions of a program that find callers, and those that say their scopes."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import DeclarationError
from restkit.request import Request
from restkit.security.caller_checks import check_scopes, forbidden, lacks_scope, make_check

REQUEST = Request({"REQUEST_METHOD": "GET"})


class Keys:
    """A table of keys, whose methods are checks."""

    def find(self, key: str) -> list[object]:
        return [key]

    def find_for(self, key: str, request: Request) -> list[object]:
        return [key, request]


def pair(user: str, password: str) -> list[object]:
    return [user, password]


def pair_for(user: str, password: str, request: Request) -> list[object]:
    return [user, password, request]


@pytest.mark.parametrize(
    ("check", "parameters", "given", "expected"),
    [
        (lambda token: [token], ("token",), ("t",), ["t"]),
        (lambda token, request: [token, request], ("token",), ("t",), ["t", REQUEST]),
        (Keys().find, ("key",), ("k",), ["k"]),
        (Keys().find_for, ("key",), ("k",), ["k", REQUEST]),
        (pair, ("user", "password"), ("u", "p"), ["u", "p"]),
        (pair_for, ("user", "password"), ("u", "p"), ["u", "p", REQUEST]),
        ({"t": "ada"}.get, ("token",), ("t",), "ada"),
        (max, ("token",), ("abc",), "c"),  # it has no signature
    ],
)
def test_a_check_gets_the_credentials(
    check: Any, parameters: tuple[str, ...], given: tuple[str, ...], expected: object
) -> None:
    """And the request if it has a parameter of that name."""
    assert make_check(check, parameters, "Own")(REQUEST, *given) == expected


@pytest.mark.parametrize("check", [None, "find", 5, lambda: None, lambda a, b: None])
def test_what_is_no_check_is_refused(check: Any) -> None:
    with pytest.raises(DeclarationError, match="The check of Own") as raised:
        make_check(check, ("token",), "Own")
    assert "request" not in str(raised.value)


@pytest.mark.parametrize(
    ("required", "scopes", "lacks"),
    [
        ((), None, False),
        ((), lambda caller: [], False),
        (("read",), lambda caller: ["read", "write"], False),
        (("read", "write"), lambda caller: ["write", "read"], False),
        (("read", "write"), lambda caller: ["read"], True),
        (("read",), lambda caller: [], True),
        (("read",), lambda caller: [caller], True),
        (("ada",), lambda caller: [caller], False),
    ],
)
def test_whether_a_caller_lacks_a_scope(
    required: tuple[str, ...], scopes: Any, lacks: bool
) -> None:
    assert lacks_scope("ada", required, scopes, "Own") is lacks


def test_scopes_of_a_scheme_that_knows_none_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"scopes of Own, which knows none"):
        lacks_scope("ada", ("read",), None, "Own")


def test_the_function_of_scopes() -> None:
    def scopes(caller: object) -> list[str]:
        return []

    assert check_scopes(None, "Own") is None
    assert check_scopes(scopes, "Own") is scopes
    for wrong in ("read", lambda: [], ["read"]):
        with pytest.raises(DeclarationError, match="scopes of Own"):
            check_scopes(wrong, "Own")  # type: ignore[arg-type]


def test_the_rejection_of_a_caller() -> None:
    assert forbidden().status == 403
