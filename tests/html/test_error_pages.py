"""Error pages of an App with pages: who gets them, templates of its own, failures in them."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from restkit import PROBLEM_DETAILS, App, Forbidden, Request, raises
from restkit.html import Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]
HTML = {"Accept": "text/html,*/*;q=0.8"}


def site(made: Templates, **options: object) -> App:
    app = App("Site", **options)  # type: ignore[arg-type]
    app.install(made)

    @app.get("/", template="page.html")
    @raises(Forbidden)
    def home() -> dict[str, str]:
        raise Forbidden("Not <you>.")

    return app


def test_browsers_get_a_page_and_other_clients_problem_details(templates: MakeTemplates) -> None:
    client = Client(site(templates({"page.html": ""})))

    for url, status in (("/", 403), ("/nothing", 404)):
        page = client.get(url, headers=HTML)
        data = client.get(url)
        assert page.status == data.status == status
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "<h1>" in page.text
        assert data.headers["Content-Type"] == "application/problem+json"
        assert "Accept" in page.headers["Vary"]
        assert "Accept" in data.headers["Vary"]
    assert "Not &lt;you&gt;." in client.get("/", headers=HTML).text
    assert client.post("/", headers=HTML).status == 405


def test_the_document_has_the_pages(templates: MakeTemplates) -> None:
    document = Client(site(templates({"page.html": ""}))).get("/openapi.json").json
    content = document["paths"]["/"]["get"]["responses"]["403"]["content"]
    assert set(content) == {"application/problem+json", "text/html"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("404", "404 Not Found"), ("4xx", "404 Not Found"), ("error", "404 Not Found")],
)
def test_a_template_of_the_app_by_status(
    templates: MakeTemplates, name: str, expected: str
) -> None:
    made = templates(
        {
            "page.html": "",
            "layout.html": "{{ shop }}: {% block main %}{% endblock %}",
            f"errors/{name}.html": "{% extends 'layout.html' %}{% block main %}"
            "{{ status }} {{ title }} {{ detail }} {{ errors|length }} {{ request.path }}"
            "{% endblock %}",
        }
    )

    @made.context_processor
    def shop(request: Request) -> dict[str, str]:
        return {"shop": "Shop"}

    response = Client(site(made)).get("/nothing", headers=HTML)
    assert response.status == 404
    assert response.text.startswith(f"Shop: {expected} ")
    assert response.text.endswith(" 0 /nothing")


def test_the_nearest_template_wins(templates: MakeTemplates) -> None:
    sources = {"page.html": "", "errors/error.html": "any", "errors/4xx.html": "4xx"}
    client = Client(site(templates({**sources, "errors/404.html": "404"})))
    assert client.get("/nothing", headers=HTML).text == "404"
    assert client.get("/", headers=HTML).text == "4xx"


@pytest.mark.parametrize("source", ["{{ nam }}", "{% include 'no.html' %}", "{{ 1 // 0 }}"])
def test_an_error_page_that_fails_hides_nothing(
    templates: MakeTemplates, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    client = Client(site(templates({"page.html": "", "errors/404.html": source})))
    with caplog.at_level(logging.ERROR, "restkit"):
        response = client.get("/nothing", headers=HTML)
    assert response.status == 404
    assert "<h1><small>404</small> Not Found</h1>" in response.text
    assert "The error page of the status 404 failed" in caplog.text


def test_declared_formats_win(templates: MakeTemplates) -> None:
    client = Client(site(templates({"page.html": ""}), errors=PROBLEM_DETAILS))
    response = client.get("/nothing", headers=HTML)
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_mounted_api_follows_the_site_and_a_site_leaves_the_api_alone(
    templates: MakeTemplates,
) -> None:
    api = App("API")
    api.get("/things")(lambda: {})
    api.mount("/site", site(templates({"page.html": ""})))
    client = Client(api)
    assert client.get("/site/no", headers=HTML).headers["Content-Type"].startswith("text/html")
    assert client.get("/no", headers=HTML).headers["Content-Type"] == "application/problem+json"
