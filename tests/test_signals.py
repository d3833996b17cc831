"""Signals of an App: when they are sent, with what, and that nothing is sent without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blinker import Signal
from marshmallow import fields

from restkit import App, DeclarationError, NotFound, SeeOther, raises, signals, takes
from restkit.html import HTMLResource, Session, Sessions, Templates
from restkit.signals import (
    Signals,
    app_started,
    app_stopped,
    message_flashed,
    request_failed,
    request_finished,
    request_started,
    template_rendered,
)
from restkit.testing import Client

HTML = {"Accept": "text/html"}
ALL = (
    app_started,
    app_stopped,
    request_started,
    request_finished,
    request_failed,
    template_rendered,
    message_flashed,
)


@pytest.fixture
def sent() -> Iterator[list[tuple[str, object, dict[str, Any]]]]:
    found: list[tuple[str, object, dict[str, Any]]] = []
    receivers: list[tuple[Signal, Any]] = []
    for each in ALL:

        def receive(sender: object, _name: str = each.name, **arguments: Any) -> None:
            found.append((_name, sender, arguments))

        each.connect(receive)
        receivers.append((each, receive))
    yield found
    for each, receiver in receivers:
        each.disconnect(receiver)


def site(tmp_path: Path, *extensions: Any) -> App:
    (tmp_path / "page.html").write_text("{{ n }}{{ form }}{% include 'part.html' %}")
    (tmp_path / "part.html").write_text("part")
    app = App("Site")
    app.install(Templates(tmp_path))
    for each in extensions:
        app.install(each)
    app.install(Sessions(["k" * 32]))

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> dict[str, int]:
            return {"n": 3}

        def context(self) -> dict[str, object]:
            return {"n": 4}

        @takes(form={"a": fields.Str(required=True)})
        def post(self, form: dict[str, str], session: Session) -> SeeOther:
            session.flash("Saved.", "success")
            return SeeOther(Page)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("inside")

    @app.get("/missing")
    @raises(NotFound)
    def missing() -> None:
        raise NotFound

    return app


def names(sent: list[tuple[str, object, dict[str, Any]]]) -> list[str]:
    return [name for name, _, _ in sent if not name.startswith("app-")]


def test_the_signals_of_a_request(tmp_path: Path, sent: list[Any]) -> None:
    app = site(tmp_path, Signals())
    client = Client(app, raise_errors=False)

    assert client.get("/missing").status == 404
    assert names(sent) == ["request-started", "request-finished"]
    _, sender, arguments = sent[2]
    assert sender is app
    assert arguments["response"].status_code == 404
    assert arguments["request"].path == "/missing"
    sent.clear()
    assert client.get("/broken").status == 500
    assert names(sent) == ["request-started", "request-failed", "request-finished"]
    assert str(sent[1][2]["error"]) == "inside"
    sent.clear()
    assert client.get("/nothing").status == 404
    assert names(sent) == ["request-started", "request-finished"]


def test_templates_and_messages(tmp_path: Path, sent: list[Any]) -> None:
    app = site(tmp_path, Signals())
    client = Client(app)

    client.get("/page", headers=HTML)
    assert names(sent) == ["request-started", "template-rendered", "request-finished"]
    arguments = sent[2][2]
    assert arguments["template"].name == "page.html"
    assert arguments["context"]["n"] == 3
    sent.clear()
    assert client.post("/page", data={"a": "b"}, headers=HTML).status == 303
    assert names(sent) == ["request-started", "message-flashed", "request-finished"]
    assert sent[1][2]["message"] == "Saved."
    assert sent[1][2]["category"] == "success"
    sent.clear()
    assert client.post("/page", data={}, headers=HTML).status == 422
    assert names(sent) == ["request-started", "template-rendered", "request-finished"]


def test_nothing_is_sent_without_the_extension(tmp_path: Path, sent: list[Any]) -> None:
    client = Client(site(tmp_path))
    client.get("/page", headers=HTML)
    client.post("/page", data={"a": "b"}, headers=HTML)
    assert sent == []


def test_a_receiver_hears_one_app_alone(tmp_path: Path) -> None:
    app, other = site(tmp_path, Signals()), App("Other")
    other.install(Signals())
    heard: list[object] = []

    @request_started.connect_via(app)
    def hear(sender: object, **arguments: object) -> None:
        heard.append(sender)

    Client(other).get("/nothing")
    Client(app).get("/missing")
    assert heard == [app]


def test_mounted_apps_are_covered(sent: list[Any]) -> None:
    outer, inner = App("Outer"), App("Inner")
    outer.install(Signals())
    inner.get("/a")(lambda: {})
    outer.mount("/inner", inner)
    Client(outer).get("/inner/a")
    assert [(name, sender) for name, sender, _ in sent] == [
        ("app-started", outer),
        ("request-started", outer),
        ("request-finished", outer),
    ]


def test_the_start_and_the_end_of_a_process(sent: list[Any]) -> None:
    """They are sent among the functions of the start and of the end, in their order."""
    app = App("Shop")
    order: list[str] = []
    app.on_start(lambda: order.append("before"))
    app.install(Signals())

    @app_started.connect_via(app)
    def started(sender: App) -> None:
        order.append("started")

    @app_stopped.connect_via(app)
    def stopped(sender: App) -> None:
        order.append("stopped")

    app.on_stop(lambda: order.append("first"))
    with app:
        assert order == ["before", "started"]
    assert order == ["before", "started", "first", "stopped"]
    assert [(name, sender) for name, sender, _ in sent] == [
        ("app-started", app),
        ("app-stopped", app),
    ]


def test_a_receiver_that_fails_fails_the_request(tmp_path: Path) -> None:
    app = site(tmp_path, Signals())

    @request_started.connect_via(app)
    def fail(sender: object, **arguments: object) -> None:
        raise RuntimeError("receiver")

    with pytest.raises(RuntimeError, match="receiver"):
        Client(app).get("/missing")


def test_signals_are_installed_once() -> None:
    installed = Signals()
    App("One").install(installed)
    with pytest.raises(DeclarationError, match="for each App"):
        App("Two").install(installed)


def test_the_list_is_documented() -> None:
    assert signals.__doc__
    for each in ALL:
        assert f"`{each.name.replace('-', '_')}`" in signals.__doc__
