"""What the development server calls:
the App with its contract checked, or the mistake that it has.
"""

from __future__ import annotations

import pytest

from restkit import App, ContractError
from restkit.cli.development import BrokenProgram, DevelopmentServer
from restkit.testing import Client


def make(**settings: str) -> App:
    """Return an App that keeps its contract, breaks it, and fails."""
    app = App("Shop", **settings)  # type: ignore[arg-type]  # settings of a test are texts

    @app.get("/good")
    def good() -> dict[str, int]:
        return {"a": 1}

    @app.get("/odd")
    def odd() -> object:
        return {"a": 1}, 202

    @app.get("/failing")
    def failing() -> dict[str, int]:
        raise RuntimeError("inside")

    return app


def test_answers_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """An answer outside its contract becomes a 500 that says why, and a line on standard error."""
    client = Client(DevelopmentServer(make()), contract=False, raise_errors=False)
    assert client.get("/good").json == {"a": 1}
    response = client.get("/odd")
    assert response.status == 500
    assert "responded with status 202, which it does not declare" in response.problem["detail"]
    assert "ContractError: " in capsys.readouterr().err
    assert client.get("/failing").status == 500


def test_check_can_be_turned_off() -> None:
    """With contract="off" the answer leaves as it is."""
    client = Client(DevelopmentServer(make(contract="off")), contract=False)
    assert client.get("/odd").status == 202


def test_debugger() -> None:
    """With a debugger around it exceptions leave the App before an answer has begun."""
    client = Client(DevelopmentServer(make(), debugger=True), contract=False, raise_errors=False)
    assert client.get("/good").json == {"a": 1}
    with pytest.raises(ContractError):
        client.get("/odd")
    with pytest.raises(RuntimeError, match="inside"):
        client.get("/failing")


def test_broken_program() -> None:
    """A program that does not start answers with the sentence that says why."""
    response = Client(BrokenProgram("There is no module gone.")).get("/any")
    assert response.status == 500
    assert response.problem["detail"] == "There is no module gone."
