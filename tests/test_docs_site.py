"""The documentation site: it is built without a warning, leaves nothing out, and works in a real
browser at both sizes, for everybody, without any other host.
"""

from __future__ import annotations

import importlib
import re
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import Browser, browse
from built_site import DOCS, Site, build_site

from tests.external.axe import axe_violations
from tests.public_api import MODULES, RECORDED

pytestmark = pytest.mark.external

_DESKTOP, _PHONE = 1280, 390
_PAGES = (
    "index",
    "tutorial",
    "how-to/index",
    "how-to/paginate-a-collection",
    "reference/settings",
    "reference/api/restkit",
    "reference/api/restkit.crud",
    "changelog",
    "search",
)
_CHECKED_PAGES = (
    "index",
    "how-to/paginate-a-collection",
    "reference/settings",
    "reference/api/restkit.crud",
    "search",
)
_OVERFLOW = "const root = document.documentElement; return root.scrollWidth - root.clientWidth"
_BACKGROUND = "return getComputedStyle(document.body).backgroundColor"
_COPY_BUTTONS = "return document.querySelectorAll('pre + button.copybtn').length"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Site:
    """Build the site, once for all processes of the test run."""
    folder = tmp_path_factory.getbasetemp()
    return build_site(folder if worker_id == "master" else folder.parent)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Return the name of the process of pytest-xdist, or ``master``."""
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    """Serve the site on a free port of this machine."""
    handler = partial(_QuietHandler, directory=str(site.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    """A handler of files that prints nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start one Chromium for the tests of this file."""
    with browse() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """Return the browser with empty logs, a wide window and light colours."""
    chromium.open("about:blank")
    chromium.set_screen(_DESKTOP)
    chromium.set_color_scheme("light")
    chromium.forget()
    return chromium


# the files


def test_it_is_built_without_a_warning(site: Site) -> None:
    assert site.warnings == []
    assert site.status == 0, site.log[-2000:]


def test_every_page_is_there_as_html_and_as_markdown(site: Site) -> None:
    """Each Markdown copy has its page's title, and no instruction for the site."""
    pages = [file.relative_to(DOCS).with_suffix("") for file in DOCS.rglob("*.md")]
    assert len(pages) > 100
    for page in pages:
        copy = (site.folder / f"{page}.md").read_text("utf-8")
        assert copy.startswith("# ")
        assert "```{" not in copy
        html = (site.folder / f"{page}.html").read_text("utf-8")
        assert f'type="text/markdown" href="{page.name}.md"' in html


def test_llms_txt_lists_every_page_once(site: Site) -> None:
    """Each page is listed once with its first sentence."""
    index = (site.folder / "llms.txt").read_text("utf-8")
    listed = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", index, re.MULTILINE)
    pages = [file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md")]
    assert index.startswith("# restkit\n\n> restkit is ")
    assert sorted(listed) == sorted({*pages} - {"index.md"})


def test_every_link_leads_somewhere(site: Site) -> None:
    """Links and anchors are in the site, and what a page loads is too."""
    assert sum(len(page.targets) for page in site.pages.values()) > 1000
    assert [*site.broken_links()] == []
    loaded = {each for page in site.pages.values() for each in page.loaded}
    assert len(loaded) > 5
    assert [each for each in loaded if "//" in each] == []


def test_every_page_names_the_version(site: Site) -> None:
    metadata = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))
    brand = f'<span class="sidebar-brand-text">restkit {metadata["project"]["version"]}</span>'
    assert len(site.pages) > 100
    assert [path for path in site.pages if brand not in (site.folder / path).read_text()] == []


# the public names


def test_every_public_name_has_an_entry(site: Site) -> None:
    described = site.public_names()
    names = [
        f"{module}.{name}" for module in MODULES for name in importlib.import_module(module).__all__
    ]
    assert len(names) > 200
    assert [name for name in names if name not in described] == []


def test_every_recorded_member_has_an_entry(site: Site) -> None:
    """A member has an entry at its class, or at the base class that defines it."""
    described = site.public_names()
    recorded = {re.split(r"[( ]", line)[0] for line in RECORDED.read_text("utf-8").splitlines()}
    missing = [each for each in sorted(recorded - described) if not _is_inherited(each, described)]
    assert len(recorded & described) > 900
    assert missing == []


def _is_inherited(path: str, described: set[str]) -> bool:
    """Return whether a member stands at a public base class, or comes from another package."""
    owner, _, member = path.rpartition(".")
    module, _, name = owner.rpartition(".")
    kind = getattr(importlib.import_module(module), name, object) if module in MODULES else object
    bases = [base for base in kind.__mro__[1:] if member in vars(base)]
    return any(
        not base.__module__.startswith("restkit")
        or any(f"{module}.{base.__name__}.{member}" in described for module in MODULES)
        for base in bases
    )


def test_entries_link_the_pages_that_use_the_name(site: Site) -> None:
    page = (site.folder / "reference" / "api" / "restkit.md").read_text("utf-8")
    [entry] = re.findall(r"^## restkit\.provide\n.*?^Used in: (.*)$", page, re.M | re.S)
    assert "(../../how-to/provide-and-override.md)" in entry
    html = (site.folder / "reference" / "api" / "restkit.html").read_text("utf-8")
    assert html.count("Used in:") > 60


@pytest.mark.parametrize("module", MODULES)
def test_entries_have_an_example_and_a_version(site: Site, module: str) -> None:
    """The example imports the name; a second name of a class has only the version."""
    text = (site.folder / "reference" / "api" / f"{module}.md").read_text("utf-8")
    entries = re.split(rf"^## (?={re.escape(module)}\.\w+$)", text, flags=re.M)[1:]
    names = importlib.import_module(module).__all__
    assert {entry.partition("\n")[0] for entry in entries} == {f"{module}.{name}" for name in names}
    for entry in entries:
        name = entry.partition("\n")[0].rpartition(".")[2]
        assert re.search(r"^New in version \d+\.\d+\.\d+\.$", entry, re.M)
        is_second_name = "Another name of `" in entry
        assert is_second_name or f"```python\nfrom {module} import {name}\n" in entry, name


# in the browser


@pytest.mark.parametrize("width", [_DESKTOP, _PHONE])
@pytest.mark.parametrize("path", _PAGES)
def test_a_page_fits_its_screen(browser: Browser, address: str, path: str, width: int) -> None:
    """Nothing is wider than the window, and nothing comes from another host or fails."""
    browser.set_screen(width)
    browser.open(f"{address}/{path}.html")
    assert browser.text_of("h1")
    assert browser.driver.execute_script(_OVERFLOW) <= 0
    assert browser.requests() != []
    assert browser.foreign_requests(address) == []
    assert browser.console_errors() == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(_DESKTOP, "light"), (_DESKTOP, "dark"), (_PHONE, "light")]
)
@pytest.mark.parametrize("path", _CHECKED_PAGES)
def test_a_page_is_accessible(
    browser: Browser, address: str, path: str, width: int, scheme: str
) -> None:
    browser.set_color_scheme(scheme)
    browser.set_screen(width)
    browser.open(f"{address}/{path}.html")
    assert axe_violations(browser) == []


def test_search_finds_pages(browser: Browser, address: str) -> None:
    """The search needs nothing but the files of the site."""
    browser.open(f"{address}/index.html")
    browser.wait_for(".sidebar-search").send_keys("pagination\n")
    found = browser.wait_for('#search-results a[href*="paginate-a-collection"]')
    assert found.text
    assert browser.foreign_requests(address) == []


def test_search_works_without_a_server(browser: Browser, site: Site) -> None:
    url = (site.folder / "search.html").as_uri()
    browser.open(f"{url}?q=pagination")
    assert browser.wait_for('#search-results a[href*="paginate-a-collection"]').text
    assert browser.foreign_requests("file:///") == []


def test_the_reader_chooses_dark_colours(browser: Browser, address: str) -> None:
    """The choice stays for the next page."""
    browser.open(f"{address}/index.html")
    light = browser.driver.execute_script(_BACKGROUND)
    for _ in range(3):
        if browser.driver.execute_script(_BACKGROUND) != light:
            break
        browser.click(".theme-toggle-content .theme-toggle")
    dark = browser.driver.execute_script(_BACKGROUND)
    assert dark != light
    browser.open(f"{address}/tutorial.html")
    assert browser.driver.execute_script(_BACKGROUND) == dark
    browser.driver.execute_script("localStorage.clear()")


def test_code_has_captions_and_buttons_that_copy_it(browser: Browser, address: str) -> None:
    browser.open(f"{address}/index.html")
    assert browser.text_of(".code-block-caption") == "hello.py"
    assert browser.wait_for("button.copybtn").accessible_name == "Copy to clipboard"
    assert browser.driver.execute_script(_COPY_BUTTONS) == 2
