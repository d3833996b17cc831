"""Browsable pages in Chromium, with and without scripts, and against axe-core and html-validate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browse, wait_for_next
from marshmallow import Schema, fields, validate
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from servers import serve

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.security import HTTPBearer
from restkit.testing import Client

from .axe import axe_violations
from .node import run_tool

pytestmark = pytest.mark.external

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
RULES = {"root": True, "extends": ["html-validate:recommended"]}


class Author:
    def __init__(self, name: str, id: int = 0) -> None:
        self.name, self.id = name, id


class Book:
    def __init__(
        self,
        title: str,
        author_id: int,
        tags: list[str] | None = None,
        sold: bool = False,
        id: int = 0,
    ) -> None:
        self.title, self.author_id, self.tags = title, author_id, tags or []
        self.sold, self.id = sold, id


class AuthorSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True, metadata={"description": "As on the cover."})


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 80))
    author_id = fields.Int(required=True)
    tags = fields.List(fields.Str())
    sold = fields.Bool()


def shop() -> App:
    app = App("Shop", version="1.0", browsable="always")

    class Authors(CRUDResource[Author]):
        """People who write."""

        store = MemoryStore(Author)
        schema = AuthorSchema
        public = True

    class Books(CRUDResource[Book]):
        """What is on the shelves."""

        store = MemoryStore(Book)
        schema = BookSchema
        filters = ("author_id", "title__contains")
        sorts = ("title",)

    class Secrets(CRUDResource[Author]):
        """What not everybody may change."""

        store = MemoryStore(Author)
        schema = AuthorSchema
        security = HTTPBearer(lambda token: token if token == "t0ken" else None)

    app.add("/authors", Authors)
    app.add("/books", Books)
    app.add("/secrets", Secrets)
    return app


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start one Chromium for the tests of this file."""
    with browse() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Return the browser with empty logs, in a usual window, with scripts."""
    chromium.open("about:blank")
    chromium.forget()
    yield chromium
    _emulate(chromium, "Emulation.setScriptExecutionDisabled", value=False)
    _emulate(chromium, "Emulation.clearDeviceMetricsOverride")
    _emulate(chromium, "Emulation.setEmulatedMedia", features=[])


@pytest.fixture
def url() -> Iterator[str]:
    """Serve a shop with an author and some books."""
    app = shop()
    client = Client(app)
    client.post("/authors", json={"name": "Le Guin"})
    for title in ("A", "B", "C"):
        client.post("/books", json={"title": title, "author_id": 1, "tags": ["x"]})

    def served(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["REMOTE_PORT"] = str(environ.get("REMOTE_PORT", ""))  # Werkzeug's is a number
        return app(environ, start_response)

    with serve(served) as url:
        yield url


def _emulate(browser: Browser, command: str, **options: Any) -> None:
    browser.driver.execute_cdp_cmd(command, options)


def _narrow(browser: Browser, width: int) -> None:
    _emulate(
        browser,
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=800,
        deviceScaleFactor=1,
        mobile=True,
    )


def _scheme(browser: Browser, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    _emulate(browser, "Emulation.setEmulatedMedia", features=features)


def _open_all(browser: Browser) -> None:
    script = "for (const each of document.querySelectorAll('details')) each.open = true;"
    browser.driver.execute_script(script)


def _quiet(browser: Browser, url: str, statuses: tuple[int, ...] = ()) -> None:
    """Check that the console has no error, and that no other host was asked.

    Chromium logs the status of a page that is a problem; ``statuses`` are those expected.
    """
    texts = [each.text for each in browser.console_errors()]
    assert [each for each in texts if not any(f"status of {s}" in each for s in statuses)] == []
    assert browser.foreign_requests(url) == []


def _unfold(browser: Browser, verb: str) -> None:
    """Open the form of a verb, as a mouse does."""
    for each in browser.driver.find_elements(By.CSS_SELECTOR, "summary"):
        if each.text.startswith(verb):
            each.click()
            return
    raise LookupError(verb)


def _leave(browser: Browser, element: WebElement) -> None:
    """Click what leads to another page, and wait for that page."""
    page = browser.driver.find_element(By.TAG_NAME, "html")
    element.click()
    wait_for_next(browser.driver, page)


def _send(browser: Browser, form: str) -> None:
    """Send a form by its own button."""
    _leave(browser, browser.wait_for(f"form[aria-label='{form}'] .form-actions button"))


def _fill(browser: Browser, control: str, text: str) -> None:
    element = browser.wait_for(f"#{control}")
    element.clear()
    element.send_keys(text)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_every_verb_by_forms(browser: Browser, url: str, has_scripts: bool) -> None:
    """Create, correct, change and delete a book, and follow the links."""
    if not has_scripts:
        _emulate(browser, "Emulation.setScriptExecutionDisabled", value=True)
    browser.open(f"{url}/books")
    _unfold(browser, "POST")
    _fill(browser, "post-title", "Lavinia")
    _fill(browser, "post-author_id", "1")
    _send(browser, "POST")
    assert browser.text_of("#response") == "201 Created"

    _leave(browser, browser.driver.find_element(By.LINK_TEXT, "Location"))
    assert browser.text_of("h1") == "GET /books/4"
    _unfold(browser, "PATCH")
    _fill(browser, "patch-author_id", "99999999999999999999")
    _send(browser, "PATCH")
    assert browser.text_of("#response").startswith("422")
    assert browser.wait_for("#patch-author_id").get_attribute("aria-invalid") == "true"
    _fill(browser, "patch-author_id", "1")
    _fill(browser, "patch-title", "Lavinia, again")
    _send(browser, "PATCH")
    assert browser.text_of("#response") == "200 OK"
    assert '"Lavinia, again"' in browser.text_of("#body")

    _unfold(browser, "DELETE")
    _send(browser, "DELETE")
    assert browser.text_of("#response") == "204 No Content"
    _leave(browser, browser.driver.find_element(By.LINK_TEXT, "books"))
    assert "Lavinia" not in browser.text_of("#body")
    _quiet(browser, url, (422,))


def test_filters_lead_to_the_url_of_the_api(browser: Browser, url: str) -> None:
    """The address is the one that an API client uses."""
    browser.open(f"{url}/books")
    _unfold(browser, "Query parameters")
    _fill(browser, "query-title__contains", "b")
    _send(browser, "Query parameters")
    assert browser.driver.current_url == f"{url}/books?title__contains=b"
    assert '"B"' in browser.text_of("#body")
    assert '"A"' not in browser.text_of("#body")
    _quiet(browser, url)


def test_signing_in_and_out(browser: Browser, url: str) -> None:
    """The token is not in the page, and scripts cannot read the cookie."""
    browser.open(f"{url}/secrets")
    assert browser.text_of("#response") == "401 Unauthorized"
    _unfold(browser, "bearer")
    _fill(browser, "sign-in-1-token", "t0ken")
    browser.driver.find_element(
        By.CSS_SELECTOR, "form[aria-label='Sign in by bearer'] button"
    ).click()
    assert browser.text_of("#response") == "200 OK"
    assert "t0ken" not in browser.driver.page_source
    assert browser.driver.execute_script("return document.cookie") == ""
    _leave(browser, browser.wait_for("header button"))
    assert browser.text_of("#response") == "401 Unauthorized"
    _quiet(browser, url, (401,))


def test_the_keyboard_reaches_everything(browser: Browser, url: str) -> None:
    """The first stop skips to the content; each focus is visible; a form is sent by Enter."""
    browser.open(f"{url}/books/1")
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    first = browser.driver.switch_to.active_element
    assert first.text == "Skip to the content"
    assert first.is_displayed()
    first.send_keys(Keys.ENTER)
    seen = 0
    for _ in range(60):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        active = browser.driver.switch_to.active_element
        if active.tag_name == "body":
            break
        seen += 1
        outline = browser.driver.execute_script(
            "const style = getComputedStyle(arguments[0]);"
            "return style.outlineStyle + ' ' + parseFloat(style.outlineWidth)",
            active,
        )
        assert outline == "solid 3", active.text
        if active.tag_name == "summary" and active.text.startswith("PATCH"):
            active.send_keys(Keys.ENTER)
        elif active.get_attribute("id") == "patch-title":
            page = browser.driver.find_element(By.TAG_NAME, "html")
            active.send_keys(Keys.END, "!", Keys.ENTER)
            wait_for_next(browser.driver, page)
            break
    assert seen > 3
    assert browser.text_of("#response") == "200 OK"
    assert '"A!"' in browser.text_of("#body")


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("path", ["/books", "/books/1", "/nothing", "/secrets"])
def test_narrow_screens_need_no_sideways_scrolling(
    browser: Browser, url: str, width: int, path: str
) -> None:
    """Nothing is wider than the screen, with everything unfolded."""
    _narrow(browser, width)
    browser.open(f"{url}{path}")
    _open_all(browser)
    wide = browser.driver.execute_script(
        "return [...document.querySelectorAll('body *')]"
        ".filter(each => each.getBoundingClientRect().right > innerWidth + 1)"
        ".map(each => each.outerHTML.slice(0, 100))"
    )
    assert wide == []
    scrolled = browser.driver.execute_script("return document.documentElement.scrollWidth")
    assert scrolled <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/books?limit=1", "/books/1", "/nothing", "/secrets"])
def test_axe_finds_nothing(browser: Browser, url: str, scheme: str, path: str) -> None:
    """With everything unfolded, in both color schemes."""
    _scheme(browser, scheme)
    browser.open(f"{url}{path}")
    _open_all(browser)
    assert axe_violations(browser) == []
    background = browser.driver.execute_script(
        "return getComputedStyle(document.body).backgroundColor"
    )
    assert (background == "rgb(255, 255, 255)") is (scheme == "light")
    _quiet(browser, url, (404, 401))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_an_invalid_form(browser: Browser, url: str, scheme: str) -> None:
    """Errors at the fields, and the two versions after a conflict."""
    _scheme(browser, scheme)
    browser.open(f"{url}/books/1")
    _unfold(browser, "PUT")
    _fill(browser, "put-author_id", "99999999999999999999")
    _send(browser, "PUT")
    assert browser.text_of("#response").startswith("422")
    _open_all(browser)
    assert axe_violations(browser) == []


def test_html_validate_finds_nothing(tmp_path: Path) -> None:
    """On pages of lists, items, problems, invalid forms and conflicts."""
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(RULES))
    client = Client(shop())
    client.post("/authors", json={"name": "Le Guin"})
    client.post("/books", json={"title": "A", "author_id": 1})
    old = client.get("/books/1").headers["ETag"]
    client.patch("/books/1", json={"title": "B"})
    sent = {
        "_method": "PUT",
        "_tag": old,
        "_shown": '{"title":"A"}',
        "title": "C",
        "author_id": "1",
    }
    pages = [
        client.get("/books?limit=1", headers=HTML),
        client.get("/books/1", headers=HTML),
        client.get("/nothing", headers=HTML),
        client.get("/secrets", headers=HTML),
        client.post("/books", data={"title": "", "author_id": "x"}, headers=HTML),
        client.post("/books/1", data=sent, headers=HTML),
    ]
    assert [each.status for each in pages] == [200, 200, 404, 401, 422, 412]
    names = [f"page{number}.html" for number in range(len(pages))]
    for name, page in zip(names, pages, strict=True):
        (tmp_path / name).write_text(page.text)
    done = run_tool("html-validate", *names, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
