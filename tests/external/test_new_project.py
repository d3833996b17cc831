"""The pages of a new project in a browser: a user logs in and adds an item."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import browse
from servers import free_port, serve_process

from .axe import axe_violations

pytestmark = pytest.mark.external

ROOT = Path(__file__).parents[2]
ACCOUNT = """
from shop.accounts import new_account
from shop.settings import ShopSettings
from sqlalchemy.orm import Session
from restkit.sqlalchemy import Database

database = Database(ShopSettings.load().database_url)
with Session(database.engine) as session, session.begin():
    session.add(new_account("ada", "correct horse battery"))
database.close()
"""


def run(folder: Path, *words: str) -> None:
    """Run Python in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=True, timeout=120)


def test_the_pages_of_a_new_project(tmp_path: Path) -> None:
    """They need no other host, are accessible, and have a style also before the login."""
    options = ("--html", "--auth", "--crud=book", "--no-input")
    run(tmp_path, "-m", "restkit", "new", "shop", *options)
    project = tmp_path / "shop"
    run(project, "-m", "alembic", "upgrade", "head")
    run(project, "-c", ACCOUNT)
    port = free_port()
    command = [sys.executable, "-m", "restkit", "run", "shop.app", "--port", str(port)]
    environment = {"PYTHONPATH": str(ROOT)}
    with (
        serve_process(command, port=port, cwd=project, environment=environment) as url,
        browse() as browser,
    ):
        browser.open(f"{url}/")
        assert browser.driver.current_url == f"{url}/login?next=%2F"
        assert axe_violations(browser) == []
        browser.driver.find_element("name", "name").send_keys("ada")
        browser.driver.find_element("name", "password").send_keys("correct horse battery")
        browser.click("main button")
        assert browser.text_of("header form") == "Log out ada"
        browser.driver.find_element("name", "title").send_keys("Emma")
        browser.click("main form button")
        assert browser.text_of("main li strong") == "Emma"
        assert axe_violations(browser) == []
        browser.driver.set_window_size(360, 800)
        width = browser.driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= 360
        browser.click("header button")
        assert browser.text_of("h1") == "Log in"
        assert browser.console_errors() == []
        assert browser.foreign_requests(url) == []
