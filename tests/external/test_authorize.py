"""Swagger UI's Authorize against an OAuth 2.0 provider, in a real browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import oidc_provider_mock
import pytest
from browser import Browser, browse
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from servers import serve

from restkit import App, Request
from restkit.security import AuthorizationCode, HTTPBearer, OAuth2, SecurityHeaders

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.external

_OPERATION = "#operations-Me-me"


def with_cors(provider: WSGIApplication) -> WSGIApplication:
    """Let pages of all origins ask for tokens, as providers do for public clients."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            allowed = [
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Allow-Headers", "Authorization, X-Requested-With"),
            ]
            return start_response(status, [*headers, *allowed], *rest)

        if environ["REQUEST_METHOD"] == "OPTIONS":
            start("204 No Content", [])
            return []
        return provider(environ, start)

    return call


def with_text_port(app: WSGIApplication) -> WSGIApplication:
    """Pass Werkzeug's port of the client as PEP 3333 wants it."""
    return lambda environ, start: app({**environ, "REMOTE_PORT": ""}, start)


def userinfo(provider: str) -> Callable[[str], dict[str, Any] | None]:
    """Return what asks the provider whose token it is."""

    def find(token: str) -> dict[str, Any] | None:
        asked = urllib.request.Request(
            f"{provider}/userinfo", headers={"Authorization": f"Bearer {token}"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as response:
                found: dict[str, Any] = json.load(response)
                return found
        except urllib.error.HTTPError:
            return None

    return find


def service(provider: str) -> App:
    """Return an App whose callers have tokens of the provider; its pages are public."""
    flow = AuthorizationCode(
        f"{provider}/oauth2/authorize",
        f"{provider}/oauth2/token",
        scopes={"openid": "Who you are.", "email": "Your address."},
    )
    oauth = OAuth2(HTTPBearer(userinfo(provider)), flow)
    app = App("Me")
    app.install(SecurityHeaders())

    @app.get("/me", security=oauth)
    def me(request: Request) -> dict[str, str]:
        return {"subject": request.caller["sub"]}

    return app


@pytest.fixture
def provider() -> Iterator[str]:
    """Serve a provider that takes any client, and that asks a person for a name."""
    with serve(with_cors(oidc_provider_mock.app())) as url:
        yield url


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browse() as found:
        yield found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider's own libraries
def test_a_person_authorizes_swagger_ui(provider: str, browser: Browser) -> None:
    """Without it: 401. Authorize, sign in at the provider, come back: the response has the name."""
    with serve(with_text_port(service(provider))) as url:
        browser.open(f"{url}/docs")
        driver = browser.driver
        page = driver.current_window_handle
        browser.click(".btn.authorize")
        browser.wait_for(".auth-container #client_id_authorizationCode").send_keys("swagger")
        browser.wait_for("#client_secret_authorizationCode").send_keys("secret")
        for each in driver.find_elements(By.CSS_SELECTOR, ".scopes .checkbox label[for]"):
            each.click()
        browser.click(".auth-btn-wrapper .authorize")
        WebDriverWait(driver, 20).until(lambda driver: len(driver.window_handles) == 2)
        (popup,) = {*driver.window_handles} - {page}
        driver.switch_to.window(popup)
        browser.wait_for("input[name=sub]").send_keys("ada@example.com")
        browser.click("form button[type=submit]")
        WebDriverWait(driver, 20).until(lambda driver: len(driver.window_handles) == 1)
        driver.switch_to.window(page)
        browser.wait_for(
            ".auth-btn-wrapper .btn-done, .auth-btn-wrapper button[aria-label*=Remove]"
        )
        browser.click(".auth-btn-wrapper .btn-done")
        browser.click(f"{_OPERATION} .opblock-summary-control")
        browser.click(f"{_OPERATION} .try-out__btn")
        browser.click(f"{_OPERATION} .execute")
        response = browser.wait_for(f"{_OPERATION} .live-responses-table .response")
        status = response.find_element(By.CSS_SELECTOR, ".response-col_status").text
        assert status.split()[0] == "200"
        assert '"subject": "ada@example.com"' in response.text
        assert [each for each in browser.console_errors() if url in each.text] == []
