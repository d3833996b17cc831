"""The blog in examples/site in a real browser: by mouse, by keyboard, with and without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from browser import Browser, browse, wait_for_next
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from site_example import HTML, PASSWORD, PNG, Site, made_site

from restkit.testing import Client

from .axe import axe_violations
from .node import run_tool
from .places import serve_site

pytestmark = pytest.mark.external

NARROW, WIDE = 360, 1280
# What Chromium says of a response of these statuses, which a page with a wrong form has.
REFUSED = re.compile(r"status of (401|409|422) \(")


class Mouse:
    """A user who clicks, and types into the field that was clicked."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.driver = browser.driver

    def find(self, xpath: str) -> WebElement:
        return self.driver.find_element(By.XPATH, xpath)

    def field(self, name: str) -> WebElement:
        return self.find(f"//main//*[@name='{name}' and not(@type='hidden')]")

    def follow(self, text: str) -> None:
        """Follow a link, and wait for the next page."""
        self._go(self.find(f"//a[normalize-space()='{text}']"))

    def press(self, text: str) -> None:
        """Press a button, and wait for the next page."""
        self._go(self.find(f"//button[starts-with(normalize-space(),'{text}')]"))

    def fill(self, name: str, text: str) -> None:
        element = self.field(name)
        self.focus(element)
        element.clear()
        element.send_keys(text)

    def choose(self, name: str, file: Path) -> None:
        self.field(name).send_keys(str(file))

    def focus(self, element: WebElement) -> None:
        element.click()

    def activate(self, element: WebElement) -> None:
        element.click()

    def _go(self, element: WebElement) -> None:
        page = self.driver.find_element(By.TAG_NAME, "html")
        self.activate(element)
        wait_for_next(self.driver, page)


class Keyboard(Mouse):
    """A user without a mouse: Tab goes to what is used, and each stop shows that it has focus."""

    def focus(self, element: WebElement) -> None:
        for _ in range(80):
            if self.driver.switch_to.active_element == element:
                return
            self._type(Keys.TAB)
            self._check_visible()
        raise AssertionError(f"Tab does not reach {element.get_attribute('outerHTML')}")

    def activate(self, element: WebElement) -> None:
        self.focus(element)
        self._type(Keys.ENTER)

    def choose(self, name: str, file: Path) -> None:
        self.focus(self.field(name))
        super().choose(name, file)

    def _type(self, key: str) -> None:
        ActionChains(self.driver).send_keys(key).perform()

    def _check_visible(self) -> None:
        focused = self.driver.switch_to.active_element
        if focused.tag_name != "body":
            width = focused.value_of_css_property("outline-width")
            assert float(width.removesuffix("px")) >= 2, focused.get_attribute("outerHTML")


def check(browser: Browser) -> None:
    """Look for mistakes on the page in light and dark, and for sideways scrolling."""
    for scheme in ("light", "dark"):
        browser.set_color_scheme(scheme)
        assert axe_violations(browser) == [], (scheme, browser.driver.current_url)


def check_width(browser: Browser) -> None:
    width = "return document.documentElement.scrollWidth"
    assert browser.driver.execute_script(width) <= NARROW, browser.driver.current_url


def journey(user: Mouse, url: str, picture: Path, check_page: Callable[[], None]) -> None:
    """Register, log in, publish, search, page through, change, moderate, delete, log out."""

    def page(heading: str) -> None:
        assert user.browser.text_of("h1") == heading, user.browser.text_of("main")
        check_page()

    def text(selector: str) -> str:
        return user.browser.text_of(selector)

    user.browser.open(url)
    page("Posts")
    user.follow("Register")
    user.fill("name", "ada")
    user.fill("password", PASSWORD)
    user.press("Register")
    page("Register")
    assert text("#field-name-error") == "Another item has this value."
    user.fill("name", "tom")
    user.fill("password", PASSWORD)
    user.press("Register")
    page("Log in")
    assert text(".flash") == "Welcome! Now log in."
    log_in(user, "tom", "a wrong password")
    page("Log in")
    assert "The name or the password is wrong." in text(".form-errors")
    log_in(user, "tom", PASSWORD)
    page("Posts")

    user.follow("New post")
    user.fill("title", "Rivers <b>& lakes</b>")
    user.fill("body", "   ")
    user.choose("picture", picture)
    user.press("Publish")
    page("New post")
    assert text("#field-body-error") == "Write something."
    assert "Choose the file again." in text("main")
    user.fill("body", "One\nTwo")
    user.fill("picture_description", "A dot")
    user.choose("picture", picture)
    user.press("Publish")
    page("Rivers <b>& lakes</b>")
    assert text(".flash") == "Published."
    assert text(".text") == "One\nTwo"
    image = "return document.querySelector('img').naturalWidth"
    assert user.driver.execute_script(image) == 1
    user.follow("Edit")
    user.fill("title", "Rivers")
    user.press("Save")
    page("Rivers")

    user.follow("Blog")
    page("Posts")
    user.follow("Older posts")
    assert "Page 2" in text("nav.pages")
    check_page()
    user.follow("Newer posts")
    user.fill("q", "RIVER")
    user.press("Search")
    page("Posts with RIVER")
    assert text("main h2") == "Rivers"
    user.press("Log out")
    page("Posts")

    user.browser.open(f"{url}/moderation")
    page("Log in")
    log_in(user, "eve", PASSWORD)
    page("Moderation")
    user.press("Hide Rivers")
    page("Moderation")
    assert text(".hidden") == "hidden"
    user.press("Show Rivers")
    assert text(".flash") == "Shown again."
    user.follow("Rivers")
    delete(user)
    page("Posts")
    assert "Rivers" not in text("main")
    user.press("Log out")
    assert "Log in" in text("header")


def log_in(user: Mouse, name: str, password: str) -> None:
    user.fill("name", name)
    user.fill("password", password)
    user.press("Log in")


def delete(user: Mouse) -> None:
    """Delete the post on the page; a browser with scripts asks first."""
    button = user.find("//button[normalize-space()='Delete']")
    page = user.driver.find_element(By.TAG_NAME, "html")
    user.activate(button)
    if user.browser.scripts:
        question = user.driver.switch_to.alert
        assert question.text == "Delete this post?"
        question.accept()
    wait_for_next(user.driver, page)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with made_site(tmp_path) as made:
        author = made.register("ada")
        made.register("eve", is_admin=True)
        for number in range(12):
            made.write(author, f"Post {number}", "Long" + "long" * 40)
        yield made


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "dot.png"
    path.write_bytes(PNG)
    return path


@pytest.mark.parametrize(
    ("kind", "scripts", "width"),
    [(Mouse, True, WIDE), (Mouse, False, NARROW), (Keyboard, True, NARROW)],
    ids=["mouse", "without scripts", "keyboard"],
)
def test_the_blog_in_a_browser(
    site: Site, tmp_path: Path, picture: Path, kind: type[Mouse], scripts: bool, width: int
) -> None:
    """No error on the console, no request to another host, no mistake that axe-core finds."""
    with serve_site(tmp_path) as url, browse(scripts=scripts) as browser:
        browser.set_screen(width)
        look = check_width if width == NARROW else check
        journey(kind(browser), url, picture, partial(look, browser))
        errors = [each for each in browser.console_errors() if not REFUSED.search(each.text)]
        assert errors == []
        assert browser.foreign_requests(url) == []


def test_pages_have_no_mistakes_in_dark_on_a_phone(site: Site, tmp_path: Path) -> None:
    """Each page that a visitor, a user and an admin see, and an error page."""
    pages = ["/", "/login", "/register", "/posts/1", "/nothing"]
    with serve_site(tmp_path) as url, browse() as browser:
        browser.set_screen(NARROW)
        for path in pages:
            browser.open(url + path)
            check(browser)
            check_width(browser)
        browser.open(f"{url}/login?next=/moderation")
        log_in(Mouse(browser), "eve", PASSWORD)
        for path in ("/moderation", "/posts/new", "/posts/1/edit", "/posts/1"):
            browser.open(url + path)
            check(browser)
            check_width(browser)


def test_html_validate_finds_nothing(site: Site, tmp_path: Path) -> None:
    """Not on a page as it is first shown, and not on those of wrong forms and errors."""
    rules = {"root": True, "extends": ["html-validate:recommended"]}
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(rules))
    visitor, admin = Client(site.app), site.visitor("eve")
    shown = ["/", "/?q=long&page=2", "/login", "/register", "/posts/1", "/nothing", "/?q=nothing"]
    pages = [visitor.get(path, headers=HTML) for path in shown]
    pages += [
        admin.get(path, headers=HTML)
        for path in ("/", "/moderation", "/posts/new", "/posts/1/edit", "/posts/1")
    ]
    pages += [
        visitor.post("/register", data={"name": "ada", "password": PASSWORD}, headers=HTML),
        visitor.post("/login", data={"name": "ada", "password": "<>"}, headers=HTML),
        admin.post("/posts/new", data={"title": "<"}, files={}, headers=HTML),
    ]
    assert [each.status for each in pages] == [200] * 5 + [404] + [200] * 6 + [409, 401, 422]
    names = []
    for number, response in enumerate(pages):
        names.append(f"{number}.html")
        (tmp_path / names[-1]).write_text(response.text)
    done = run_tool("html-validate", *names, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
