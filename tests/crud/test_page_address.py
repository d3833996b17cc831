"""The URLs of other pages: that of a request, with other parameters."""

from __future__ import annotations

import pytest
from werkzeug.test import create_environ

from restkit.crud.page_address import PageAddress
from restkit.request import Request


def address(query: str = "", *, filtering: str = "", script_name: str = "") -> PageAddress:
    """Return the address of a request whose parameter ``sort`` filters with one value."""
    environ = create_environ("/a b", "http://localhost" + script_name)
    environ["QUERY_STRING"] = query
    return PageAddress(
        Request(environ), lambda name, text: name == "sort" and text == filtering != ""
    )


@pytest.mark.parametrize(
    ("query", "parameters", "url"),
    [
        ("", {}, "/a%20b"),
        ("", {"cursor": "x"}, "/a%20b?cursor=x"),
        ("", {"cursor": None}, "/a%20b"),
        ("a=1&b=2", {}, "/a%20b?a=1&b=2"),
        ("a=1&b=2", {"a": None}, "/a%20b?b=2"),
        ("a=1&b=2&a=3", {"a": "9"}, "/a%20b?b=2&a=9"),
        ("a=1", {"a": None}, "/a%20b"),
        ("a=1", {"b": "x y", "c": None}, "/a%20b?a=1&b=x+y"),
        ("a=1%202&b=", {"c": "1"}, "/a%20b?a=1+2&b=&c=1"),
        ("a=%C3%A9", {}, "/a%20b?a=%C3%A9"),
        ("a=Ã©", {}, "/a%20b?a=%C3%A9"),
        ("a=%FF", {"b": None}, "/a%20b?a=%EF%BF%BD"),
    ],
)
def test_parameters_are_replaced(query: str, parameters: dict[str, str | None], url: str) -> None:
    """Those that are not named stay, in their order."""
    assert address(query).url(parameters) == url


@pytest.mark.parametrize(
    ("query", "filtering", "url"),
    [
        ("sort=x", "x", "/a%20b?sort__eq=x&sort=name"),
        ("sort=x%20y&a=1", "x y", "/a%20b?sort__eq=x+y&a=1&sort=name"),
        ("sort=x", "y", "/a%20b?sort=name"),
        ("sort=name", "x", "/a%20b?sort=name"),
        ("sort=a%3Db", "a=b", "/a%20b?sort__eq=a%3Db&sort=name"),
    ],
)
def test_a_value_that_filters_is_kept_under_the_name_of_its_filter(
    query: str, filtering: str, url: str
) -> None:
    assert address(query, filtering=filtering).url({"sort": "name"}) == url


def test_the_prefix_of_the_program_is_kept() -> None:
    assert address("a=1", script_name="/v1").url({}) == "/v1/a%20b?a=1"
