"""Headless Chromium for tests: opens pages,
and keeps every console message and network request to assert on.
"""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from programs import find_program
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Generator

    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

__all__ = ["Browser", "ConsoleMessage", "NetworkRequest", "browse", "wait_for_next"]

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DRIVER_NAMES = ("chromedriver", "chromium.chromedriver")

_PACKAGES = "chromium chromium-driver"

_SCRIPTS = "profile.managed_default_content_settings.javascript"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1280,2000",
    # SECURITY: a page that asks another host must be seen asking (it stands in the log) and must
    # not get through.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@dataclass(frozen=True, slots=True)
class ConsoleMessage:
    """Is one line of the browser's console:
    what a page logged, and what Chromium said about it (CSP, 404, ...).
    """

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """Is one request that a page tried to send, whether or not it was let through."""

    method: str
    url: str
    kind: str


class Browser:
    """Is one Chromium with a fresh profile; its logs grow from page to page until `forget`."""

    def __init__(self, driver: Chrome, *, scripts: bool = True) -> None:
        self.driver = driver
        self.scripts = scripts
        self._console: list[ConsoleMessage] = []
        self._requests: list[NetworkRequest] = []

    def open(self, url: str) -> None:
        """Load a page and wait for its load event."""
        self.driver.get(url)

    def wait_for(self, selector: str, *, seconds: float = 20) -> WebElement:
        """Return the first element that matches a CSS selector, once it is displayed.

        Raises:
            TimeoutError: Nothing matched in time; the message holds the console so far.
        """
        deadline = time.monotonic() + seconds
        while (element := self._displayed(selector)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"no visible {selector} within {seconds} s; the console says: {self.console()}"
                )
            time.sleep(0.05)
        return element

    def click(self, selector: str) -> None:
        """Click the first displayed element that matches a CSS selector, scrolled into view."""
        element = self.wait_for(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def text_of(self, selector: str) -> str:
        """Return the visible text of the first displayed element that matches a CSS selector."""
        return self.wait_for(selector).text

    def console(self) -> list[ConsoleMessage]:
        """Return every console message since the start or the last `forget`."""
        # as above
        entries: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        self._console += [ConsoleMessage(entry["level"], entry["message"]) for entry in entries]
        return list(self._console)

    def console_errors(self) -> list[ConsoleMessage]:
        """Return the console messages that Chromium calls errors,
        which includes violations of a page's CSP.
        """
        return [message for message in self.console() if message.level == "SEVERE"]

    def requests(self) -> list[NetworkRequest]:
        """Return every request that the pages tried to send since the start or the last
        `forget`.
        """
        # as above
        entries: list[dict[str, Any]] = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        for entry in entries:
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                sent = event["params"]
                request = NetworkRequest(
                    sent["request"]["method"], sent["request"]["url"], sent.get("type", "")
                )
                self._requests.append(request)
            elif event["method"] == "Network.webSocketCreated":
                self._requests.append(NetworkRequest("GET", event["params"]["url"], "WebSocket"))
        return list(self._requests)

    def foreign_requests(self, base_url: str) -> list[NetworkRequest]:
        """Return the requests to another scheme, host or port than `base_url`;
        `data:` and `blob:` stay in the page.
        """
        home = urlsplit(base_url)[:2]
        here = ("data", "blob", "about", "chrome")
        parts = [(request, urlsplit(request.url)) for request in self.requests()]
        return [request for request, url in parts if url.scheme not in here and url[:2] != home]

    def set_screen(self, width: int, height: int = 800) -> None:
        """Show pages in a window of this many CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def set_color_scheme(self, scheme: str) -> None:
        """Show pages to a user who prefers ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def forget(self) -> None:
        """Empty both logs."""
        self.console()
        self.requests()
        self._console.clear()
        self._requests.clear()

    def _displayed(self, selector: str) -> WebElement | None:
        try:
            found = self.driver.find_elements(By.CSS_SELECTOR, selector)
            return next((element for element in found if element.is_displayed()), None)
        except StaleElementReferenceException:  # the page was drawn anew between the two questions
            return None


@contextmanager
def browse(*, scripts: bool = True) -> Generator[Browser]:
    """Start a headless Chromium with a new profile, and end it with its profile.

    Args:
        scripts: Whether pages may run JavaScript.

    The test is skipped where Chromium or chromedriver is not installed (see `programs`).
    """
    chromium = find_program(*_CHROMIUM_NAMES, packages=_PACKAGES)
    chromedriver = find_program(*_DRIVER_NAMES, packages=_PACKAGES)
    with tempfile.TemporaryDirectory(
        prefix="restkit-chromium-", ignore_cleanup_errors=True
    ) as profile:
        options = ChromeOptions()
        options.binary_location = chromium
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        if not scripts:
            options.add_experimental_option("prefs", {_SCRIPTS: 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # NOTE: both paths are given, so that selenium never looks for (or downloads) a driver by
        # itself.
        driver = Chrome(options=options, service=Service(executable_path=chromedriver))
        try:
            driver.get("about:blank")
            browser = Browser(driver, scripts=scripts)
            browser.forget()  # what Chromium's own start page loaded
            yield browser
        finally:
            driver.quit()


def wait_for_next(driver: WebDriver, page: WebElement) -> None:
    """Wait until a page is gone; while it goes, chromedriver fails in several ways."""
    waiting = WebDriverWait(driver, 20, ignored_exceptions=[WebDriverException])
    waiting.until(staleness_of(page))
