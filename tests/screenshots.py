"""The pictures of the documentation that are photographs of pages: ``python -m tests.screenshots``.

It serves the examples on 127.0.0.1, opens their pages in Chromium, and writes docs/images/*.png.
Each file has less than 80 kB: the upper part of a page is enough.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(_ROOT / "tests"))  # for the imports of the tests' own modules

from browser import Browser, browse  # noqa: E402
from servers import free_port, serve_process  # noqa: E402

_IMAGES = _ROOT / "docs" / "images"
_WIDTH = 1000
_PHONE = 390


def take(
    browser: Browser, name: str, height: int, *, width: int = _WIDTH, below: float = 0
) -> None:
    """Write a part of the page that is open.

    Args:
        browser: The browser.
        name: The name of the picture.
        height: The height of the part, in pixels.
        width: The width of the part, in pixels.
        below: The top of the part, in pixels.
    """
    driver = browser.driver
    clip = {"x": 0, "y": below, "width": width, "height": height, "scale": 1}
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    (_IMAGES / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def served(target: str, folder: str, **environment: str) -> Iterator[str]:
    """Serve an example on a free port, and give its URL.

    Args:
        target: The argument of ``restkit run``.
        folder: The folder of the example's database.
        environment: Variables of the environment.
    """
    port = free_port()
    command = [sys.executable, "-m", "restkit", "run", "--port", str(port), target]
    variables = {"PYTHONPATH": str(_ROOT), **environment}
    with serve_process(command, port=port, cwd=folder, environment=variables) as url:
        yield url


def take_collection(browser: Browser, folder: str) -> None:
    """Write the pictures of the todo service: its documentation and its browsable pages."""
    program = str(_ROOT / "examples" / "todo.py")
    with served(program, folder, RESTKIT_BROWSABLE="always") as url:
        for title in ("Water the plants", "Write the changelog"):
            content = json.dumps({"title": title}).encode()
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"{url}/todos", content, headers)
            urllib.request.urlopen(request).close()
        browser.open(f"{url}/docs")
        browser.wait_for(".opblock-summary")
        take(browser, "swagger-ui", 820)
        browser.open(f"{url}/todos")
        take(browser, "browsable-page", 900)
        browser.open(f"{url}/todos/1")
        forms = "section[aria-labelledby=forms]"
        browser.click(f"{forms} > details:nth-of-type(2) > summary")
        top = browser.wait_for(forms).rect["y"]
        take(browser, "browsable-form", 460, below=top)
        browser.set_screen(_PHONE, 1400)
        browser.open(f"{url}/todos")
        take(browser, "browsable-page-phone", 760, width=_PHONE)


def take_site(browser: Browser, folder: str) -> None:
    """Write the pictures of the blog: a form with errors, and an error page."""
    browser.set_screen(720, 1400)
    with served("examples.site", folder) as url:
        browser.open(f"{url}/register")
        browser.wait_for("form[method=post] [name=name]").send_keys("Ann Smith")
        browser.wait_for("[name=password]").send_keys("secret")
        # The browser itself would keep the form; the messages are those of the server.
        browser.driver.execute_script("document.querySelector('main form').noValidate = true")
        browser.click("main form button")
        browser.wait_for("[aria-invalid]")
        take(browser, "form-errors", 570, width=720)
        browser.open(f"{url}/posts/7")
        take(browser, "error-page", 200, width=720)


def main() -> None:
    """Write all pictures."""
    with browse() as browser:
        browser.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        browser.set_screen(_WIDTH, 1400)
        for take_example in (take_collection, take_site):
            with tempfile.TemporaryDirectory() as folder:
                take_example(browser, folder)


if __name__ == "__main__":
    main()
