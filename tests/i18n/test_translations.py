"""The language of a client: problems, forms, pages, and what the response says about it."""

from __future__ import annotations

import copy
import runpy
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog as Messages
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from marshmallow import fields, validate

from restkit import App, DeclarationError, NotFound, Request, SeeOther, raises, takes
from restkit.html import HTMLResource, Templates
from restkit.i18n import Translations
from restkit.i18n.message_ids import message_ids, template
from restkit.testing import Client, TestResponse
from tests.parsed_pages import Parsed

HTML = {"Accept": "text/html"}
GERMAN: dict[Any, Any] = {
    "Missing data for required field.": "Pflichtfeld.",
    "Length must be between {min} and {max}.": "Die Länge liegt zwischen {min} und {max}.",
    "There is no such book.": "Dieses Buch gibt es nicht.",
    "Hello %(name)s": "Hallo %(name)s",
    ("%(num)d book", "%(num)d books"): ("%(num)d Buch", "%(num)d Bücher"),
    "Not Found": "Nicht gefunden",
    "There is nothing at this URL.": "Hier ist nichts.",
    "Your name": "Ihr Name",
    "Send": "Senden",
    "Please correct the form:": "Bitte korrigieren:",
    "<b>": "<i>",
    "Red": "Rot",
    "The server failed to process the request. The failure was logged.": "Kaputt.",
    "Twice {a} {a}": "Zweimal {a}",
    "Attribute of {value}.": "Attribut {value.__class__} {other}",
}
BY_CODE = {"range": "Der Wert passt nicht."}
FRENCH: dict[Any, Any] = {"Missing data for required field.": "Champ obligatoire."}


def write(folder: Path, locale: str, texts: Mapping[Any, Any], codes: Mapping[str, str]) -> None:
    messages = Messages(locale=locale)
    for text, translated in texts.items():
        messages.add(text, translated)
    for code, translated in codes.items():
        messages.add(code, translated, context="code")
    file = folder / locale / "LC_MESSAGES" / "messages.mo"
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        write_mo(out, messages)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "translations", "de", GERMAN, BY_CODE)
    write(tmp_path / "translations", "fr_CA", FRENCH, {})
    return tmp_path / "translations"


def shop(folder: Path, **options: Any) -> tuple[Client, Translations]:
    app = App("Shop")
    translations = Translations(folder, locales=["en", "de", "fr-CA"], **options)
    app.install(translations)
    _ = translations.gettext

    @app.get("/plain")
    def plain() -> dict[str, int]:
        return {"n": 1}

    @app.get("/hello")
    def hello() -> dict[str, str]:
        count = translations.ngettext("%(num)d book", "%(num)d books", 2)
        return {"text": _("Hello %(name)s", name="Ann"), "count": count}

    @app.get("/books/<int:book_id>")
    @raises(NotFound)
    def book(book_id: int) -> None:
        raise NotFound(_("There is no such book.") if book_id == 1 else "There is no such book.")

    @app.post("/names")
    @takes(
        body={
            "name": fields.Str(required=True, validate=validate.Length(2, 5)),
            "age": fields.Int(validate=validate.Range(1, 9)),
        }
    )
    def names(body: dict[str, Any]) -> None: ...

    return Client(app, raise_errors=False), translations


def details(response: TestResponse) -> list[str]:
    errors: Any = response.problem["errors"]
    return [each["detail"] for each in errors]


def test_errors_are_translated_by_text_by_pattern_and_by_code(folder: Path) -> None:
    client, _ = shop(folder)
    german = {"Accept-Language": "de-AT,de;q=0.9"}

    response = client.post("/names", json={}, headers=german)
    assert details(response) == ["Pflichtfeld."]
    assert response.headers["Content-Language"] == "de"
    assert response.headers["Vary"] == "Accept-Language"
    response = client.post("/names", json={"name": "x" * 9, "age": 10}, headers=german)
    assert details(response) == ["Die Länge liegt zwischen 2 und 5.", "Der Wert passt nicht."]
    assert [each["code"] for each in response.problem["errors"]] == ["length", "range"]
    english = details(client.post("/names", json={}))
    assert english == ["Missing data for required field."]
    assert details(client.post("/names", json={}, headers=german)) == ["Pflichtfeld."]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-ch", "de"),
        ("fr-CA", "fr-CA"),
        ("fr", "fr-CA"),
        ("it, de;q=0.5, en;q=0.4", "de"),
        ("de;q=0", "en"),
        ("xx", "en"),
        ("*", "en"),
        ("de;q=x", "en"),
        ("de\x00", "en"),
        ("é", "en"),
        ("../../de", "en"),
        (", " * 5000 + "de", "en"),
    ],
)
def test_accept_language_chooses_the_language(folder: Path, header: str, language: str) -> None:
    client, _ = shop(folder)
    response = client.get("/hello", headers={"Accept-Language": header} if header else {})

    assert response.headers["Content-Language"] == language
    assert response.json["text"] == ("Hallo Ann" if language == "de" else "Hello Ann")


def test_problems_have_a_title_and_a_detail_in_the_language(folder: Path) -> None:
    client, _ = shop(folder)
    german = {"Accept-Language": "de"}

    for path in ("/books/1", "/books/2"):
        problem = client.get(path, headers=german).problem
        assert problem["title"] == "Nicht gefunden"
        assert problem["detail"] == "Dieses Buch gibt es nicht."
        assert problem["type"] == "about:blank"
    unknown = client.get("/nothing", headers=german)
    assert unknown.problem["detail"] == "Hier ist nichts."
    assert client.get("/nothing").problem["detail"] == "There is nothing at this URL."


def test_a_response_without_texts_does_not_vary(folder: Path) -> None:
    client, _ = shop(folder)
    response = client.get("/plain", headers={"Accept-Language": "de"})

    assert "Vary" not in response.headers
    assert "Content-Language" not in response.headers


def test_a_problem_that_is_raised_again_keeps_its_own_language(folder: Path) -> None:
    class Odd(NotFound):
        def __init__(self, number: int) -> None:
            super().__init__("There is no such book.")
            self.number = number

    app = App("Once")
    app.install(Translations(folder, locales=["en", "de"]))
    known = Odd(3)

    @app.get("/odd")
    @raises(Odd)
    def odd() -> None:
        raise known

    client = Client(app)
    german = client.get("/odd", headers={"Accept-Language": "de"}).problem["detail"]
    assert german == "Dieses Buch gibt es nicht."
    assert client.get("/odd").problem["detail"] == "There is no such book."


def test_a_cookie_goes_before_the_header(folder: Path) -> None:
    client, _ = shop(folder, cookie="lang")
    headers = {"Cookie": "lang=de", "Accept-Language": "fr"}
    response = client.get("/hello", headers=headers)

    assert response.json["count"] == "2 Bücher"
    assert response.headers["Vary"] == "Cookie, Accept-Language"
    for unknown in ("xx", "", "../de", "de_DE"):
        response = client.get("/hello", headers={"Cookie": f"lang={unknown}"})
        assert response.headers["Content-Language"] == "en"


def test_a_function_goes_before_both(folder: Path) -> None:
    def of_user(request: Request) -> str | None:
        return request.headers.get("X-Language")

    client, _ = shop(folder, locale=of_user, vary=["X-Language"], cookie="lang")
    headers = {"X-Language": "de", "Cookie": "lang=fr-CA"}
    response = client.get("/hello", headers=headers)

    assert response.json["text"] == "Hallo Ann"
    assert response.headers["Vary"] == "X-Language, Cookie, Accept-Language"
    assert client.get("/hello").headers["Content-Language"] == "en"


def test_a_function_that_fails_is_a_500_in_the_language_of_the_program(folder: Path) -> None:
    def broken(request: Request) -> str:
        raise RuntimeError("no database")

    client, _ = shop(folder, locale=broken, vary=[])

    assert client.get("/hello").status == 500
    assert client.get("/nothing").status == 500
    assert client.get("/plain").status == 200


def test_an_unhandled_exception_is_told_in_the_language(folder: Path) -> None:
    app = App("Broken")
    app.install(Translations(folder, locales=["en", "de"]))

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError

    client = Client(app, raise_errors=False)
    assert client.get("/broken", headers={"Accept-Language": "de"}).problem["detail"] == "Kaputt."


def test_pages_and_forms_speak_the_language(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    page = (
        "<html lang='{{ locale() }}'>{{ _('Hello %(name)s', name=name) }}|"
        "{% trans count=2 %}{{ count }} tree{% pluralize %}{{ count }} trees{% endtrans %}|"
        "{{ ngettext('%(num)d book', '%(num)d books', 1) }}|{{ 1234.5|number }}|"
        "{{ 3|currency('EUR') }}|{{ at|date }}|{{ at|time }}|{{ at|datetime('short') }}|"
        "{{ 0.25|percent }}|{{ form }}</html>"
    )
    (tmp_path / "pages" / "page.html").write_text(page)
    app = App("Pages")
    app.install(Templates(tmp_path / "pages"))
    app.install(Translations(folder, locales=["en", "de"], timezone="Europe/Berlin"))
    choice = fields.Str(validate=validate.OneOf(["r"], labels=["Red"]))

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> None: ...

        def context(self) -> dict[str, Any]:
            return {"name": "<Ann>", "at": datetime(2030, 1, 2, 23, 30, tzinfo=UTC)}

        @takes(
            form={
                "name": fields.Str(required=True, metadata={"label": "Your name"}),
                "odd": fields.Str(metadata={"label": "<b>"}),
                "choice": choice,
            }
        )
        def post(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Page)

    client = Client(app)
    german = {**HTML, "Accept-Language": "de"}
    text = client.get("/page", headers=german).text
    assert "<html lang='de'>Hallo &lt;Ann&gt;|2 trees|1 Buch|1.234,5|3,00\xa0€|03.01.2030|" in text
    assert "|00:30:00|03.01.30, 00:30|25\xa0%|" in text
    for shown in (">Ihr Name</label>", ">Senden<", ">Rot<", ">&lt;i&gt;</label>"):
        assert shown in text
    invalid = client.post("/page", data={}, headers=german)
    assert invalid.status == 422
    assert "Bitte korrigieren:" in invalid.text
    assert Parsed(invalid.text).control("name")["aria-invalid"] == "true"
    assert "Pflichtfeld." in invalid.text
    assert invalid.headers["Vary"] == "Accept, Accept-Language"
    english = client.get("/page", headers=HTML).text
    assert "Hello &lt;Ann&gt;|2 trees|1 book|1,234.5|€3.00|" in english


def test_a_session_is_found_in_a_template_with_translations(folder: Path, tmp_path: Path) -> None:
    from restkit.html import Sessions

    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text("{% trans %}Red{% endtrans %}{{ flashes() }}")
    app = App("Session")
    app.install(Templates(tmp_path / "pages"))
    app.install(Translations(folder, locales=["en", "de"]))
    app.install(Sessions(["k" * 32]))

    @app.get("/a", template="a.html")
    def a() -> None: ...

    response = Client(app).get("/a", headers={"Accept-Language": "de"})
    assert response.text == "Rot[]"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_stream_says_its_language(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text("{{ 'x' * 9000 }}{{ _('Red') }}")
    app = App("Stream")
    app.install(Templates(tmp_path / "pages"))
    app.install(Translations(folder, locales=["en", "de"]))

    @app.route("/a")
    class A(HTMLResource):
        template = "a.html"
        streamed = True

        def get(self) -> None: ...

    response = Client(app).get("/a", headers={"Accept-Language": "de"})
    assert response.text.endswith("xRot")
    assert response.headers["Content-Language"] == "de"


def test_outside_of_a_request_the_language_is_that_of_the_program(folder: Path) -> None:
    _, translations = shop(folder)
    _ = translations.gettext

    assert (_("Red"), translations.locale()) == ("Red", "en")
    with translations.use("de"):
        assert (_("Red"), translations.locale()) == ("Rot", "de")
        assert translations.pgettext("colour", "Red") == "Red"
        assert translations.npgettext("a", "one", "%(num)d", 3) == "3"
    with pytest.raises(LookupError, match="en, de, fr-CA"), translations.use("xx"):
        pass


def test_mounted_apps_speak_the_language_too(folder: Path) -> None:
    outer = App("Outer")
    outer.install(Translations(folder, locales=["en", "de"]))
    inner = App("Inner")

    @inner.post("/names")
    @takes(body={"name": fields.Str(required=True)})
    def names(body: dict[str, Any]) -> None: ...

    outer.mount("/inner", inner)
    response = Client(outer).post("/inner/names", json={}, headers={"Accept-Language": "de"})
    assert details(response) == ["Pflichtfeld."]


def test_a_catalog_reads_no_attributes(folder: Path) -> None:
    _, translations = shop(folder)
    catalog = translations.catalogs["de"]

    assert catalog.text("Attribute of x.") == "Attribut {value.__class__} {other}"
    assert catalog.text("Twice 1 1") == "Twice 1 1"
    assert catalog.text("") == ""
    assert catalog.text("Length must be between {0.__class__} and 2.").startswith("Die Länge")
    assert catalog.text("Length must be between " + "and " * 5000).startswith("Length")


def test_the_document_says_what_the_language_depends_on(folder: Path) -> None:
    client, _ = shop(folder, cookie="lang")
    document = client.get("/openapi.json").json
    operation = document["paths"]["/hello"]["get"]
    shared = document["components"].get("parameters", {})
    parameters = [
        shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for each in operation["parameters"]
    ]

    places = {(each["in"], each["name"]) for each in parameters}
    assert places == {("header", "Accept-Language"), ("cookie", "lang")}
    assert {"Content-Language", "Vary"} <= operation["responses"]["200"]["headers"].keys()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"locales": "en"}, "sequence of languages"),
        ({"locales": []}, "sequence of languages"),
        ({"locales": ["en", "it"]}, "pybabel compile"),
        ({"locales": ["en", "nonsense!"]}, "not a language"),
        ({"locales": ["en"], "locale": lambda request: "en"}, "name the request headers"),
        ({"locales": ["en"], "vary": []}, "name the request headers"),
        ({"locales": ["en"], "locale": lambda: "en", "vary": []}, "locale of Translations"),
    ],
)
def test_mistakes_are_told_at_start_up(folder: Path, options: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Translations(folder, **options)


def test_the_template_has_the_texts_of_restkit_and_marshmallow(tmp_path: Path) -> None:
    file = tmp_path / "restkit.pot"
    file.write_text(template(), "utf-8")
    with file.open("rb") as opened:
        known = {each.id for each in read_po(opened) if each.id}

    assert known == set(message_ids())
    assert {"Missing data for required field.", "Not Found", "Add another"} <= known
    assert "Must be greater than or equal to {min} and less than or equal to {max}." in known
    forms = Path(__file__).parents[2] / "restkit" / "html" / "pages" / "forms"
    sources = "".join(each.read_text() for each in forms.rglob("*.html"))
    for each in ("Add another", "Choose the file again.", "Please correct the form:"):
        assert f'{{{{ "{each}"|translated }}}}' in sources


def test_problems_can_be_copied_after_a_translation(folder: Path) -> None:
    _, translations = shop(folder)
    problem = NotFound("There is no such book.", headers={"X-A": "b"}, members=1)
    from restkit.i18n.problems import translated_problem

    made = translated_problem(problem, translations.catalogs["de"])
    assert made.to_dict() == {
        "type": "about:blank",
        "title": "Nicht gefunden",
        "status": 404,
        "detail": "Dieses Buch gibt es nicht.",
        "members": 1,
    }
    assert (made.headers, copy.copy(problem).title) == ({"X-A": "b"}, "Not Found")


PROGRAM = """
from restkit.i18n import Translations

translations = Translations("translations", locales=["en", "de"])
"""


def test_a_relative_folder_is_beside_the_module(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "site.py").write_text(PROGRAM)
    monkeypatch.chdir(elsewhere)
    found = runpy.run_path(str(tmp_path / "site.py"))["translations"]
    assert list(found.catalogs) == ["en", "de"]
    with pytest.raises(DeclarationError, match="there is no compiled catalog"):
        exec(PROGRAM, {})


def test_without_a_module_a_relative_folder_is_in_the_working_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(PROGRAM, names)
    assert list(names["translations"].catalogs) == ["en", "de"]
