"""The page of a problem: what stands on it, and in which order."""

from __future__ import annotations

import re

import pytest

from restkit import HTML_ERRORS, PROBLEM_DETAILS, App, Problem, UnprocessableContent, raises
from restkit.testing import Client


class SoldOut(Problem):
    """No copy is left."""

    status = 409
    type = "https://example.com/sold-out"
    title = "Sold out"


class Other(Problem):
    """Has no type of its own."""

    status = 409


def content_of(problem: Problem, *, debug: bool = False) -> str:
    """Return what a browser finds below the heading, and the heading."""
    app = App("Shop", errors=[PROBLEM_DETAILS, HTML_ERRORS], debug=debug)

    @app.get("/")
    @raises(type(problem))
    def fail() -> dict[str, int]:
        raise problem

    page = Client(app).get("/", headers={"Accept": "text/html, */*;q=0.1"}).text
    found = re.search(r"<main>\n(.*)\n</main>", page, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("problem", "content"),
    [
        (Other(), "<h1><small>409</small> Conflict</h1>\n"),
        (Other("Taken."), "<h1><small>409</small> Conflict</h1>\n<p>Taken.</p>"),
        (
            SoldOut("None left.", expected="May", shelves=[1, 2]),
            "<h1><small>409</small> Sold out</h1>\n<p>None left.</p>\n<dl>"
            "<dt>type</dt><dd>https://example.com/sold-out</dd>"
            "<dt>expected</dt><dd>May</dd><dt>shelves</dt><dd>[1, 2]</dd></dl>",
        ),
        (
            Other(instance="/orders/7"),
            "<h1><small>409</small> Conflict</h1>\n<dl><dt>instance</dt><dd>/orders/7</dd></dl>",
        ),
        (
            UnprocessableContent(
                errors=[
                    {"pointer": "/a", "detail": "Not this."},
                    {"parameter": "page", "detail": "Nor this."},
                    {"detail": "Nothing."},
                ]
            ),
            "<h1><small>422</small> Unprocessable Content</h1>\n"
            "<ul><li><code>/a</code> Not this.</li><li><code>page</code> Nor this.</li>"
            "<li><code></code> Nothing.</li></ul>",
        ),
        (
            Other(at={1.5}, traceback="line 1"),
            "<h1><small>409</small> Conflict</h1>\n<dl><dt>at</dt><dd>&quot;{1.5}&quot;</dd></dl>\n"
            "<pre>line 1</pre>",
        ),
    ],
    ids=["the title alone", "a detail", "members", "an instance", "errors", "a traceback"],
)
def test_the_members_of_a_problem_stand_on_the_page(problem: Problem, content: str) -> None:
    """The page has each member that a problem has, and no empty parts."""
    assert content_of(problem) == content
