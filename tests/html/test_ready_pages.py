"""Pages whose method returns a response that is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from restkit import App, Response, SeeOther
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

MakeTemplates = Callable[[Mapping[str, str]], Templates]


@pytest.mark.parametrize("is_ready", [True, False])
def test_a_ready_response_is_sent_without_the_template(
    templates: MakeTemplates, is_ready: bool
) -> None:
    """A Response is the page itself; any other value is the context of the template."""
    app = App("T")
    app.install(templates({"page.html": "<p>{{ word }}</p>"}))

    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> Any:
            ready = Response("<p>ready</p>", content_type="text/html; charset=utf-8")
            return ready if is_ready else {"word": "made"}

    app.add("/", Page)
    assert Client(app).get("/").text == f"<p>{'ready' if is_ready else 'made'}</p>"


def test_a_page_may_lead_elsewhere(templates: MakeTemplates) -> None:
    """A redirect needs no template."""
    app = App("T")
    app.install(templates({"page.html": "<p>{{ word }}</p>"}))

    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> dict[str, str] | SeeOther:
            return SeeOther("/new")

    app.add("/", Page)
    response = Client(app).get("/")
    assert response.status == 303
    assert response.headers["Location"] == "/new"
