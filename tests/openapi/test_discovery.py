"""How an API is found: Markdown, /llms.txt, the catalog of APIs, and links of services."""

from __future__ import annotations

import re

import pytest

from restkit import App, Resource, deprecated
from restkit.security import HTTPBasic
from restkit.testing import Client

_CATALOG = "/.well-known/api-catalog"


class _Things(Resource):
    def get(self) -> list[str]:
        """List the things."""
        return []


def _app(name: str = "Shop", **options: object) -> App:
    app = App(name, version="2", description="First.\n\n- Second.", **options)  # type: ignore[arg-type]  # any option
    app.add("/things", _Things, name="Things")
    return app


def test_the_index() -> None:
    """It has the title, the first paragraph, the documents and a line for each operation."""
    response = Client(_app()).get("/llms.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text == (
        "# Shop\n\n> First.\n\nVersion 2.\n\n## Documents\n\n"
        "- [OpenAPI as JSON](/openapi.json)\n"
        "- [OpenAPI as YAML](/openapi.yaml)\n"
        "- [Documentation](/docs)\n"
        "- [Documentation as Markdown](/openapi.md)\n\n"
        "## Things\n\n"
        "- [getThings](/openapi.md#getthings): `GET /things`. List the things.\n"
    )


def test_links_of_the_index_lead_somewhere() -> None:
    """Each document is there, and each fragment is that of a heading."""
    app = _app()
    old = deprecated(since="2026-12-01")
    app.add("/old", _Things, name="Old", deprecated=old)
    client = Client(app, base_url="http://localhost/below")
    index = client.get("/llms.txt").text
    urls = re.findall(r"\]\(/below([^)#]*)(?:#([^)]*))?\)", index)
    assert len(urls) == 6
    for path, fragment in urls:
        response = client.get(path)
        assert response.status == 200
        headings = [
            line.lstrip("# ").lower() for line in response.text.splitlines() if line[:1] == "#"
        ]
        assert not fragment or fragment in headings
    assert "List the things. Deprecated." in index


@pytest.mark.parametrize(
    "path",
    ["/openapi.json", "/openapi.yaml", "/openapi.md", "/llms.txt", "/docs", "/scalar", _CATALOG],
)
def test_links_of_services(path: str) -> None:
    """The document in all forms, and its pages, say where the others are (RFC 8631)."""
    links = Client(_app(), base_url="http://localhost/below").get(path).headers.get_all("Link")
    found = dict(re.findall(r'<([^>]*)>; rel="([^"]*)"', ", ".join(links)))
    found.pop(f"http://localhost/below{_CATALOG}", None)
    assert found == {
        "/below/openapi.json": "service-desc",
        "/below/openapi.yaml": "service-desc",
        "/below/docs": "service-doc",
        "/below/openapi.md": "service-doc",
        "/below/llms.txt": "service-doc",
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_catalog(method: str) -> None:
    """It is a linkset with a link to itself, also for HEAD (RFC 9727, section 2)."""
    response = Client(_app(), base_url="http://api.example").request(method, _CATALOG)
    assert response.status == 200
    assert response.headers["Content-Type"] == (
        'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
    )
    assert response.headers["Link"] == f'<http://api.example{_CATALOG}>; rel="api-catalog"'


def test_the_catalog_has_mounted_apps() -> None:
    """Apps that are hidden, on a host or below variables are not in it."""
    outer, hidden = _app("Outer"), _app("Hidden")
    inner, innermost = _app("Inner", docs_url=None, llms_url=None), _app("Innermost")
    inner.mount("/deep", innermost)
    outer.mount("/in", inner)
    outer.mount("/admin", hidden, documented=False)
    outer.mount("/<tenant>", App("Tenants", openapi_url=None), documented=False)
    outer.mount("/", _app("Host"), host="h.example", documented=False)
    linkset = Client(outer, base_url="http://api.example/x").get(_CATALOG).json["linkset"]
    base = "http://api.example/x"
    assert linkset[0] == {
        "anchor": f"{base}{_CATALOG}",
        "item": [{"href": f"{base}/"}, {"href": f"{base}/in/"}, {"href": f"{base}/in/deep/"}],
    }
    assert linkset[2] == {
        "anchor": f"{base}/in/",
        "service-desc": [
            {
                "href": f"{base}/in/openapi.json",
                "type": "application/json",
                "title": "OpenAPI as JSON",
            },
            {
                "href": f"{base}/in/openapi.yaml",
                "type": "application/yaml",
                "title": "OpenAPI as YAML",
            },
        ],
        "service-doc": [
            {
                "href": f"{base}/in/openapi.md",
                "type": "text/markdown",
                "title": "Documentation as Markdown",
            }
        ],
    }


def test_they_are_treated_as_the_document() -> None:
    """Security holds for them, settings move them, and a resource of the program wins."""
    guarded = Client(_app(security=HTTPBasic(lambda name, password: None)))
    paths = ("/openapi.json", "/openapi.md", "/llms.txt", _CATALOG)
    assert [guarded.get(path).status for path in paths] == [401] * 4
    moved = Client(_app(llms_url="/index.txt", catalog_url=None, openapi_url="/api/spec.json"))
    assert moved.get("/index.txt").status == 200
    assert "/api/spec.md" in moved.get("/index.txt").text
    assert moved.get("/api/spec.md").status == 200
    assert moved.get(_CATALOG).status == 404
    assert moved.get("/llms.txt").status == 404
    off = Client(_app(openapi_url=None))
    assert [off.get(path).status for path in paths] == [404] * 4
    own = _app()
    own.add("/llms.txt", _Things, name="Own")
    assert Client(own).get("/llms.txt").json == []
    assert {"/things"} == {each.path for each in _app().operations()}


def test_entity_tags() -> None:
    """A client that has the text gets 304."""
    client = Client(_app())
    for path in ("/openapi.md", "/llms.txt"):
        tag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status == 304
    assert client.get("/openapi.md").headers["ETag"] != client.get("/llms.txt").headers["ETag"]


@pytest.mark.parametrize("path", ["/llms.txt", "/openapi.md", "/docs", _CATALOG])
def test_a_slash_at_the_end(path: str) -> None:
    """An App that ignores it has the same links with it."""
    client = Client(_app(trailing_slash="ignore"))
    assert client.get(f"{path}/").headers["Link"] == client.get(path).headers["Link"]
    assert client.get(f"{path}/").content == client.get(path).content
