"""restkit's own translations: complete, and used in problems, forms and browsable pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from marshmallow import Schema, fields, validate
from parsed_pages import Parsed

from restkit import App, DeclarationError, i18n
from restkit.crud import CRUDResource, MemoryStore
from restkit.i18n import Translations
from restkit.i18n.message_ids import message_ids
from restkit.i18n.problem_details import details
from restkit.testing import Client

LOCALES = Path(i18n.__file__).with_name("locales")
GERMAN = {"Accept": "text/html", "Accept-Language": "de-AT,de;q=0.9"}


@dataclass
class Book:
    title: str
    year: int | None = None
    id: int = 0


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 20))
    year = fields.Int(allow_none=True)


@pytest.fixture
def client() -> Client:
    app = App("Shop", browsable="always")
    app.install(Translations(locales=["en", "de"]))

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book)
        schema = BookSchema
        sorts = ("title",)

    app.add("/books", Books)
    client = Client(app)
    client.post("/books", json={"title": "Emma"})
    return client


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.po")), ids=lambda file: str(file.stem))
def test_a_catalog_has_every_text_with_its_placeholders(file: Path) -> None:
    """Each text of restkit has a translation with the same placeholders, and no other text has.

    Some details of new problems may still be missing.
    """
    with file.open("rb") as opened:
        known = {str(each.id): str(each.string) for each in read_po(opened) if each.id}
    missing = {*message_ids()} - known.keys()
    assert missing <= {*details()}, f"translate in {file}: {missing - {*details()}}"
    assert len(missing) <= 10, f"translate in {file}: {missing}"
    assert known.keys() <= {*message_ids()}
    wrong = [text for text, said in known.items() if placeholders(text) != placeholders(said)]
    assert wrong == []
    assert known["en"] == file.stem


def test_german_is_there() -> None:
    assert [each.name for each in LOCALES.glob("*.po")] == ["de.po"]


def test_a_browsable_page_is_german(client: Client) -> None:
    """The page says its language; its words are German, those of the program stay."""
    response = client.get("/books/1", headers=GERMAN)
    assert response.headers["Content-Language"] == "de"
    assert "Accept-Language" in response.headers["Vary"]
    page = Parsed(response.text)
    (html,) = page.all("html")
    assert html["lang"] == "de"
    headings = [each.text for each in page.all("h2")]
    assert "Ändern" in headings
    assert "Anfrage" in headings
    buttons = [each.text for each in page.all("button")]
    assert "Anfrage zeigen" in buttons
    for english in ("Skip to the content", "Show the request", "Request headers", "Look up:"):
        assert english not in response.text


def test_an_invalid_form_of_a_page_is_german(client: Client) -> None:
    form = {"title": "", "year": "x"}
    response = client.post("/books", data=form, headers=GERMAN)
    assert response.status == 422
    assert "Bitte berichtigen Sie das Formular:" in response.text
    assert "Bitte füllen Sie dieses Feld aus." in response.text
    assert "Keine gültige ganze Zahl." in response.text


def test_problems_are_german(client: Client) -> None:
    problem = client.get("/nothing", headers={"Accept-Language": "de"}).problem
    assert problem["title"] == "Nicht gefunden"
    assert problem["detail"] == "Unter dieser URL gibt es nichts."
    response = client.put("/books", json={}, headers={"Accept-Language": "de"})
    assert response.problem["detail"] == "Diese Ressource erlaubt GET, HEAD, OPTIONS, POST."


def test_another_language_keeps_the_english_of_the_pages(client: Client) -> None:
    response = client.get("/books/1", headers={**GERMAN, "Accept-Language": "fr"})
    (html,) = Parsed(response.text).all("html")
    assert html["lang"] == "en"
    assert "Show the request" in response.text


def test_the_program_may_be_german() -> None:
    """The first language has restkit's texts too."""
    app = App("Laden")
    app.install(Translations(locales=["de"]))
    assert Client(app).get("/nothing").problem["title"] == "Nicht gefunden"


def test_a_language_without_texts_needs_a_folder() -> None:
    with pytest.raises(DeclarationError, match="no texts of its own in 'fr'"):
        Translations(locales=["en", "fr"])
