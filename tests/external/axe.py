"""axe-core on the page that a browser shows."""

from __future__ import annotations

from functools import cache
from typing import Any

from browser import Browser

from .node import package_file

__all__ = ["axe_violations"]

_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
    found => done(found.violations), error => done([{id: String(error), nodes: []}]));
"""


@cache
def _source() -> str:
    return package_file("axe-core", "axe.min.js").read_text("utf-8")


def axe_violations(browser: Browser) -> list[str]:
    """Return what axe-core finds on the page, all rules of WCAG and of best practice.

    The browser must run scripts; a page whose policy forbids inline scripts is checked all the
    same. Violations are lines such as ``color-contrast: <p class="hint">``.
    """
    browser.driver.execute_script(_source())
    found: list[dict[str, Any]] = browser.driver.execute_async_script(_RUN)
    return [
        f"{each['id']}: {node['html']:.200}"
        for each in found
        for node in each["nodes"] or [{"html": each.get("help", "")}]
    ]
