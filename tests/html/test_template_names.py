"""Which pages use the session, as their templates and those that these use say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from restkit import App, DeclarationError
from restkit.html import HTMLResource, Sessions, Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]
KEY = "key of the sessions, never guessed"


@pytest.mark.parametrize(
    ("sources", "is_private"),
    [
        ({"page.html": "{% if 0 %}{% include 'page.html' %}{% endif %}"}, False),
        ({"page.html": "{% include 'a.html' %}{% include 'a.html' %}", "a.html": "a"}, False),
        (
            {
                "page.html": "{% include 'a.html' %}",
                "a.html": "{% if 0 %}{% include 'page.html' %}{% endif %}{{ flashes() }}",
            },
            True,
        ),
        ({"page.html": "{% include 'a.html' %}", "a.html": "{{ session.user_id }}"}, True),
        ({"page.html": "{% extends 'a.html' %}", "a.html": "{{ csrf() }}"}, True),
        ({"page.html": "{% include chosen %}", "a.html": "a"}, True),
        ({"page.html": "{% set session = 1 %}{{ session }}"}, False),
    ],
)
def test_a_page_that_may_use_the_session_is_private(
    templates: MakeTemplates, sources: dict[str, str], is_private: bool
) -> None:
    app = App("Site")
    app.install(Sessions([KEY]))
    app.install(templates(sources))

    @app.get("/", template="page.html")
    def page() -> dict[str, str]:
        return {"chosen": "a.html"}

    response = Client(app).get("/")
    assert response.status == 200
    assert (response.headers.get("Cache-Control") == "no-store") is is_private


def test_a_template_that_does_not_exist_is_a_mistake_of_the_page(
    templates: MakeTemplates,
) -> None:
    app = App("Site")
    app.install(Sessions([KEY]))
    app.install(templates({"page.html": "{% extends 'no.html' %}"}))

    @app.get("/", template="page.html")
    def page() -> dict[str, str]:
        return {}

    with pytest.raises(DeclarationError, match=r"there is no template 'no\.html'"):
        app.freeze()


def test_templates_are_beside_the_module_and_in_the_packages_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "src" / "outer_pages" / "inner"
    folders = (*inner.parents[:2][::-1], inner)
    for folder, name in zip(
        (tmp_path, *folders), ("beyond", "source", "outer", "inner"), strict=True
    ):
        (folder / "templates").mkdir(parents=True)
        (folder / "templates" / f"{name}.html").write_text(name)
        (folder / "templates" / "both.html").write_text(f"both of {name}")
    for folder in (inner, inner.parent):
        (folder / "__init__.py").write_text("")
    (inner / "site.py").write_text(
        "from restkit.html import HTMLResource\n"
        "class Page(HTMLResource):\n"
        "    def get(self) -> dict[str, str]:\n"
        "        return {}\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "src")
    from outer_pages.inner.site import Page

    def shown(template: str) -> str:
        app = App("Site")
        app.add("/", type("Shown", (Page,), {"template": template, "__module__": Page.__module__}))
        return Client(app).get("/").text

    assert issubclass(Page, HTMLResource)
    assert [shown(f"{name}.html") for name in ("inner", "outer", "source", "both")] == [
        *("inner", "outer", "source", "both of inner"),
    ]
    with pytest.raises(DeclarationError, match=r"there is no template 'beyond\.html'"):
        shown("beyond.html")
