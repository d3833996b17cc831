"""`Templates`: folders, filters, globals, escaping and what mounted Apps and extensions share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from restkit import App, DeclarationError, Request
from restkit.foreign_names import TEMPLATE_NAMES
from restkit.html import Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]


def page(app: App, url: str = "/", template: str = "page.html", **values: object) -> None:
    def show() -> dict[str, object]:
        return values

    app.get(url, template=template, name=f"page{url}")(show)


def test_filters_tests_globals_and_processors(templates: MakeTemplates) -> None:
    made = templates({"page.html": "{{ 250|euros }} {{ 3 is uneven }} {{ shop }} {{ path }}"})
    app = App("Shop")
    app.install(made)

    @made.filter
    def euros(cents: int) -> str:
        return f"{cents / 100:.2f} €"

    @made.test("uneven")
    def is_uneven(number: int) -> bool:
        return number % 2 == 1

    made.globals["shop"] = "Shop"

    @made.context_processor
    def path(request: Request) -> dict[str, str]:
        return {"path": request.path}

    page(app)
    assert Client(app).get("/").text == "2.50 € True Shop /"


def test_a_name_is_registered_once(templates: MakeTemplates) -> None:
    made = templates({})
    made.filter("money")(str)
    with pytest.raises(DeclarationError, match="have a filter 'money' already"):
        made.filter("money")(str)
    with pytest.raises(DeclarationError, match="A test must be a function, not 3"):
        made.test(3)  # type: ignore[call-overload]
    with pytest.raises(DeclarationError, match="A context processor"):
        made.context_processor(lambda: {})  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.jinja", "a.html.j2", "a.xml", "a", "a.JS"])
def test_values_are_escaped_in_every_template_but_texts(
    templates: MakeTemplates, name: str
) -> None:
    app = App("Shop")
    made = templates({name: "{{ text }}", "mail.txt": "{{ text }}", "read.md.jinja": "{{ text }}"})
    app.install(made)

    assert made.render(name, text="<script>") == "&lt;script&gt;"
    assert made.render_string("{{ text }}", text="<script>") == "&lt;script&gt;"
    assert made.render("mail.txt", text="<a>") == made.render("read.md.jinja", text="<a>") == "<a>"


def test_url_for_knows_the_prefix_and_the_app(templates: MakeTemplates) -> None:
    inner = App("Inner")
    inner.install(templates({"page.html": "{{ url_for('book', book_id=3) }}"}))

    @inner.get("/books/<int:book_id>", name="book")
    def book(book_id: int) -> dict[str, int]:
        return {"id": book_id}

    page(inner)
    outer = App("Outer")
    outer.mount("/shop", inner)

    assert Client(outer).get("/shop/").text == "/shop/books/3"


def test_a_mounted_app_has_its_own_templates_first_and_those_around_it(tmp_path: Path) -> None:
    for name, text in {
        "outer/layout.html": "outer({% block main %}{% endblock %})",
        "outer/page.html": "outer",
        "inner/page.html": "{% extends 'layout.html' %}{% block main %}{{ 1|twice }}{% endblock %}",
        "extra/extra.html": "extra",
        "extra/page.html": "never",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    class Extra:
        template_folders = (tmp_path / "extra",)

        def install(self, app: App) -> None:
            """Add nothing but the folder."""

    outer, inner = App("Outer"), App("Inner")
    around = Templates(tmp_path / "outer")
    around.filter("twice")(lambda number: number * 2)
    outer.install(around)
    inner.install(Templates(tmp_path / "inner"))
    inner.install(Extra())
    page(outer)
    page(inner, "/page")
    page(inner, "/extra", "extra.html")
    outer.mount("/inner", inner)
    client = Client(outer)

    assert client.get("/").text == "outer"
    assert client.get("/inner/page").text == "outer(2)"
    assert client.get("/inner/extra").text == "extra"


def test_an_app_has_one(templates: MakeTemplates) -> None:
    made = templates({})
    app = App("Shop")
    app.install(made)
    with pytest.raises(DeclarationError, match="has Templates already"):
        app.install(templates({}))
    with pytest.raises(DeclarationError, match="are installed in the App 'Shop'"):
        App("Other").install(made)


def test_templates_without_an_app_have_no_environment(templates: MakeTemplates) -> None:
    with pytest.raises(DeclarationError, match="are not installed in an App"):
        templates({}).render_string("a")


def test_a_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"nothing'\): there is no such folder"):
        Templates(tmp_path / "nothing")


def test_a_relative_folder_is_beside_the_module() -> None:
    assert Templates("templates").folders == [Path(__file__).resolve().parent / "templates"]


def test_an_installation_after_a_page_keeps_the_folder_beside_the_module() -> None:
    app = App("Shop")
    page(app, template="hello.html", name="World")
    made = Templates()
    made.globals["unused"] = 1
    app.install(made)

    assert Client(app).get("/").text == "<h1>Hello, World!</h1>"


def test_a_policy_of_your_own_and_a_nonce(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(
        templates(
            {"page.html": "<style nonce='{{ csp_nonce() }}'></style>{{ csp_nonce() }}"},
            policy="default-src 'none'",
        )
    )
    page(app)
    client = Client(app)

    responses = [client.get("/") for _ in range(2)]
    nonces = [each.text.rpartition(">")[2] for each in responses]
    assert nonces[0] != nonces[1]
    for nonce, response in zip(nonces, responses, strict=True):
        assert len(nonce) >= 20
        assert response.text.count(nonce) == 2
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
        assert policy.count(f"'nonce-{nonce}'") == 2


def test_no_policy(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"page.html": "{{ csp_nonce()|length > 9 }}"}, policy=""))
    page(app)
    response = Client(app).get("/")
    assert "Content-Security-Policy" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.text == "True"


def test_a_changed_template_is_read_again_in_development_only(
    templates: MakeTemplates, tmp_path: Path
) -> None:
    for debug, expected in ((True, "new"), (False, "old")):
        app = App("Shop", debug=debug)
        app.install(templates({"page.html": "old"}))
        page(app)
        client = Client(app)
        assert client.get("/").text == "old"
        (tmp_path / "page.html").write_text("new")
        import os

        os.utime(tmp_path / "page.html", (1, 1))
        assert client.get("/").text == expected


def test_compiled_templates_are_kept(templates: MakeTemplates, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    app = App("Shop")
    app.install(templates({"page.html": "a"}, bytecode_folder=str(kept)))
    page(app)
    assert Client(app).get("/").text == "a"
    assert list(kept.iterdir())


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_an_undefined_name_says_what_to_write(templates: MakeTemplates, name: str) -> None:
    """A name that templates of other frameworks know, or that an extension would bring."""
    app = App("Names")
    known = templates({})
    app.install(known)
    with pytest.raises(UndefinedError, match=f"{name}.* is undefined") as raised:
        known.render_string(f"{{{{ {name} }}}}")
    assert TEMPLATE_NAMES[name] in str(raised.value)


def test_other_undefined_names_are_told_as_they_are(templates: MakeTemplates) -> None:
    app = App("Names")
    known = templates({})
    app.install(known)
    for source in ("{{ titel }}", "{{ book.user }}", "{{ {}.user }}"):
        with pytest.raises(UndefinedError) as raised:
            known.render_string(source, book={})
        assert "Write" not in str(raised.value)
