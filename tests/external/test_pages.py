"""The documentation pages of the served bookstore in a real browser, without any other host."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from browser import Browser, NetworkRequest, browse
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .places import serve_bookstore

pytestmark = pytest.mark.external

_ELSEWHERE = "https://example.com/x.json"
_READY = {
    "/docs": "#operations-Authors-createAuthor",
    "/scalar": "[id$='tag/authors/POST/authors']",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start one Chromium for the tests of this file."""
    with browse() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """Return the browser with empty logs."""
    chromium.open("about:blank")
    chromium.forget()
    return chromium


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Serve the bookstore on an empty database."""
    with serve_bookstore(tmp_path) as url:
        yield url


def _authors(url: str) -> Any:
    with urllib.request.urlopen(f"{url}/authors") as response:
        return json.load(response)["items"]


def _posted(browser: Browser) -> list[NetworkRequest]:
    return [request for request in browser.requests() if request.method == "POST"]


def _quiet(browser: Browser, url: str) -> None:
    """Check that nothing was wrong, nothing was held up by the policy,
    and nobody else was asked.
    """
    assert [message for message in browser.console() if message.level != "INFO"] == []
    assert browser.foreign_requests(url) == []


def test_swagger_ui_runs_an_operation(browser: Browser, url: str) -> None:
    """Try it out, a body, Execute: the live response is a 201, and the author is in the store."""
    browser.open(f"{url}/docs")
    block = _READY["/docs"]
    browser.click(f"{block} .opblock-summary-control")
    browser.click(f"{block} .try-out__btn")
    text = browser.wait_for(f"{block} textarea.body-param__text")
    assert json.loads(text.get_attribute("value") or "") == {
        "name": "Ursula K. Le Guin",
        "born": "1929-10-21",
    }
    text.send_keys(Keys.CONTROL, "a")
    text.send_keys(json.dumps({"name": "Octavia E. Butler", "born": "1947-06-22"}))
    browser.click(f"{block} .execute")

    response = browser.wait_for(f"{block} .live-responses-table .response")
    assert response.find_element(By.CSS_SELECTOR, ".response-col_status").text.split()[0] == "201"
    assert '"name": "Octavia E. Butler"' in response.text
    assert "location: /authors/1" in response.text
    assert _authors(url) == [{"id": 1, "name": "Octavia E. Butler", "born": "1947-06-22"}]
    assert [request.url for request in _posted(browser)] == [f"{url}/authors"]
    _quiet(browser, url)


def test_scalar_runs_an_operation(browser: Browser, url: str) -> None:
    """Test Request, Send: the example of the document becomes an author of the store."""
    browser.open(f"{url}/scalar")
    browser.click(f"{_READY['/scalar']} .show-api-client-button")
    browser.wait_for("[role=dialog] .cm-content")
    browser.click("[role=dialog] button.scalar-button-solid")

    assert browser.text_of("section[aria-label=Response] a[href*='/Status/']") == "201 Created"
    assert _authors(url) == [{"id": 1, "name": "Ursula K. Le Guin", "born": "1929-10-21"}]
    assert [request.url for request in _posted(browser)] == [f"{url}/authors"]
    _quiet(browser, url)


@pytest.mark.parametrize("page", _READY)
def test_a_page_takes_no_parameters(url: str, page: str) -> None:
    """A link that names another document is refused like any unknown parameter:
    422, and no page.
    """
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}{page}?url={_ELSEWHERE}")
    with refused.value as response:
        assert response.status == 422
        assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("page", _READY)
def test_a_page_shows_no_other_document(browser: Browser, tmp_path: Path, page: str) -> None:
    """Where unknown parameters are let through, the page itself does not read them."""
    names = ("url", "urls", "configUrl", "spec-url", "config", "configuration", "scalar_url", "api")
    query = urlencode(dict.fromkeys(names, _ELSEWHERE))
    with serve_bookstore(tmp_path, strict=False) as url:
        browser.open(f"{url}{page}?{query}")
        browser.wait_for(_READY[page])
        fetched = [
            request.url for request in browser.requests() if request.kind in ("Fetch", "XHR")
        ]
        assert fetched == [f"{url}/openapi.json"]
        assert _ELSEWHERE not in browser.text_of("body")
        _quiet(browser, url)


@pytest.mark.parametrize("page", _READY)
def test_the_policy_holds_a_page_to_its_server(browser: Browser, url: str, page: str) -> None:
    """A script on the page that asks another host is stopped, and these tests would see it."""
    browser.open(f"{url}{page}")
    browser.wait_for(_READY[page])
    _quiet(browser, url)
    script = (
        "const done = arguments[1]; fetch(arguments[0]).then(() => done('sent'), "
        "error => done(String(error)))"
    )
    assert browser.driver.execute_async_script(script, _ELSEWHERE) == "TypeError: Failed to fetch"
    assert any("Content Security Policy" in message.text for message in browser.console_errors())
