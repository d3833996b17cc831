"""Pages that are sent while they are rendered: the unit of work ends before the first byte."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

import pytest

from restkit import App, DeclarationError, provide
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]
LONG = "{% for number in items %}<p>{{ number|seen }}</p>\n{% endfor %}{{ tail }}"


def site(made: Templates, events: list[str], *, fails: bool = False) -> App:
    def transaction() -> Iterator[str]:
        events.append("open")
        try:
            yield "a"
        except Exception:
            events.append("rolled back")
            raise
        if fails:
            raise RuntimeError("The commit failed.")
        events.append("committed")

    @made.filter
    def seen(number: int) -> int:
        if number % 500 == 0:
            events.append(str(number))
        return number

    app = App("Site")
    app.install(made)

    @app.route("/<int:size>")
    class Numbers(HTMLResource):
        template, streamed = "page.html", True
        unit = provide(transaction)

        def get(self, size: int) -> list[int]:
            assert self.unit == "a"
            return list(range(1, size + 1))

        def context(self) -> Mapping[str, object]:
            return {"tail": "end"}

    return app


def test_the_transaction_ends_before_the_first_byte(templates: MakeTemplates) -> None:
    events: list[str] = []
    client = Client(site(templates({"page.html": LONG}), events))

    response = client.get("/2000")

    assert response.status == 200
    assert response.text.startswith("<p>1</p>\n<p>2</p>")
    assert response.text.endswith("<p>2000</p>\nend")
    assert "Content-Length" not in response.headers
    assert events == ["open", "committed", "500", "1000", "1500", "2000"]


def test_a_page_that_fails_at_its_begin_is_an_error(templates: MakeTemplates) -> None:
    events: list[str] = []
    client = Client(
        site(templates({"page.html": "{{ nothing }}" + LONG}), events), raise_errors=False
    )

    assert client.get("/2000").status == 500
    assert events == ["open", "rolled back"]


def test_a_commit_that_fails_is_an_error(templates: MakeTemplates) -> None:
    events: list[str] = []
    client = Client(site(templates({"page.html": LONG}), events, fails=True), raise_errors=False)

    assert client.get("/2000").status == 500
    assert events == ["open"]


def test_a_page_that_fails_later_ends_the_connection(
    templates: MakeTemplates, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[str] = []
    source = LONG.replace("{{ tail }}", "{{ nothing }}")
    client = Client(site(templates({"page.html": source}), events), raise_errors=False)

    with caplog.at_level(logging.ERROR, "restkit"), pytest.raises(Exception, match="nothing"):
        client.get("/2000")
    assert events == ["open", "committed", "500", "1000", "1500", "2000"]
    assert "failed while its response was sent" in caplog.text


def test_the_nonce_is_in_the_headers(templates: MakeTemplates) -> None:
    made = templates({"page.html": LONG + "{{ csp_nonce() }}"})
    response = Client(site(made, [])).get("/1000")
    nonce = response.text.rpartition("end")[2]
    assert f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]


def test_a_block_is_not_streamed(templates: MakeTemplates) -> None:
    app = App("Site")
    app.install(templates({"page.html": "{% block a %}{% endblock %}"}))

    class Page(HTMLResource):
        template, block, streamed = "page.html", "a", True

        def get(self) -> None: ...

    app.add("/", Page)
    with pytest.raises(DeclarationError, match="a block is rendered as a whole"):
        app.freeze()
