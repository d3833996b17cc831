"""Templates of a test, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema
from parsed_pages import HTML, Parsed
from site_example import Site, made_site

from restkit import App, SeeOther, takes
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]


@pytest.fixture
def templates(tmp_path: Path) -> MakeTemplates:
    """Return a function of file names and sources that makes Templates of them."""

    def make(sources: dict[str, str], **options: str) -> Templates:
        for name, source in sources.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source, "utf-8")
        return Templates(tmp_path, **options)

    return make


@pytest.fixture
def shown(templates: MakeTemplates) -> Callable[..., Parsed]:
    """Return a function of a schema, values and a template that returns the page of the form."""

    def show(
        schema: type[Schema], values: object = None, source: str = "{{ form }}", **more: object
    ) -> Parsed:
        app = App("Shown")
        app.install(templates({"form.html": source}))

        @app.route("/form")
        class Shown(HTMLResource):
            template = "form.html"

            def get(self) -> dict[str, object]:
                return {"form": self.form(values), **more}

            @takes(form=schema)
            def post(self, form: dict[str, Any]) -> SeeOther:
                return SeeOther(Shown)

        return Parsed(Client(app).get("/form", headers=HTML).text)

    return show


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return the blog of the examples, with the users ada, ben and the admin eve."""
    with made_site(tmp_path) as made:
        made.register("ada")
        made.register("ben")
        made.register("eve", is_admin=True)
        yield made
