"""The call of a tool goes through the App, with the credentials of the agent, without cookies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from agents import FORMER, NEWEST, Agent, shelf_app

from restkit import App, Request, Resource, access, raises
from restkit.limits import Rate
from restkit.mcp import MCP
from restkit.problems import Conflict, Unauthorized
from restkit.security import APIKey, HTTPBearer
from restkit.service import Service


class _Seen(Resource):
    """What the App sees of a call."""

    def get(self) -> dict[str, Any]:
        """See the request."""
        names = ("Authorization", "Cookie", "X-Request-Id", "traceparent", "Accept", "Host")
        seen = {each: self.request.headers.get(each) for each in names}
        return {**seen, "address": self.request.remote_addr, "root": self.request.root_path}


def _seeing(*extensions: Any) -> App:
    app = App("Seen", extensions=extensions)
    app.add("/seen", _Seen, name="Seen")
    app.install(MCP(["getSeen"]))
    return app


def test_what_goes_along() -> None:
    """Authorization, ids and the host go along, and no cookie."""
    headers = {
        "Authorization": "Bearer abc",
        "Cookie": "session=secret",
        "X-Request-Id": "r-1",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Host": "api.example",
    }
    seen = Agent(_seeing(), **headers).call("getSeen")["structuredContent"]
    assert seen.pop("Accept") == "application/json, application/problem+json, */*;q=0.1"
    assert seen == {**headers, "Cookie": None, "address": "127.0.0.1", "root": ""}


def test_a_service_passes_its_own_ids_on() -> None:
    """With a Service the call has the id of the request, and a place in its trace."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    agent = Agent(_seeing(Service()), traceparent=f"00-{trace}-b7ad6b7169203331-01")
    seen = agent.call("getSeen")["structuredContent"]
    assert seen["X-Request-Id"]
    assert seen["traceparent"].split("-")[1] == trace
    assert seen["traceparent"].split("-")[2] != "b7ad6b7169203331"


def _key(key: str) -> str | None:
    return "caller" if key == "k" else None


def test_api_keys_in_headers_go_along() -> None:
    """A key is a credential of the agent as well."""
    app = App("Keys", security=APIKey(_key, header="X-Key"))
    app.add("/seen", _Seen, name="Seen")
    app.install(MCP(["getSeen"]))
    assert Agent(app, **{"X-Key": "k"}).call("getSeen")["isError"] is False
    assert Agent(app, **{"X-Key": "no"}).send("tools/list").status == 401


@pytest.mark.parametrize("version", [NEWEST, FORMER])
def test_a_problem_is_a_result(version: str) -> None:
    """It says isError, with the problem as text and as structured content."""
    app = shelf_app()
    app.install(MCP(["Books"], writes=["createBook"]))
    result = Agent(app, version).call("createBook", year=1)
    assert result["isError"] is True
    assert result["structuredContent"]["status"] == 422
    assert {each["pointer"] for each in result["structuredContent"]["errors"]} == {
        "/title",
        "/year",
    }
    assert "Missing data" in result["content"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"id": 1, "colour": "red"}, "There is no argument of this name. Known: id."),
        ({"idd": 1}, "Did you mean 'id'?"),
        ({}, "The argument 'id' is missing."),
        ({"id": None}, "The argument 'id' is missing."),
        ({"id": {"a": [1]}}, "The argument 'id': a list cannot be written as a text."),
        ({"id": ""}, "cannot be a part of a path"),
        ({"id": ".."}, "cannot be a part of a path"),
        ({"id": "x"}, "Correct the arguments: id."),
        ({"id": "1/secret"}, "Correct the arguments: id."),
        ({"id": "1?x=1"}, "Correct the arguments: id."),
    ],
)
def test_arguments_that_are_none(arguments: dict[str, Any], sentence: str) -> None:
    """They are results from which a model can learn."""
    app = shelf_app()
    app.install(MCP(["Books"]))
    result = Agent(app).call("getBook", **arguments)
    assert result["isError"] is True
    assert sentence in result["structuredContent"]["detail"]


def test_a_slash_reaches_no_other_operation() -> None:
    """An argument that would make the URL of an operation that is no tool is refused."""
    app, removed = App("Files"), []

    @app.delete("/files/<name>")
    def delete_file(name: str) -> None:
        removed.append(name)

    @app.delete("/files/<name>/versions")
    def delete_versions(name: str) -> None:
        removed.append("versions")

    app.install(MCP([], writes=["deleteFile"]))
    agent = Agent(app)
    assert agent.call("deleteFile", name="a/versions")["isError"] is True
    assert agent.call("deleteFile", name="a b%2Fü")["isError"] is False
    assert removed == ["a b%2Fü"]


def test_the_next_page() -> None:
    """The URL of the next page is an argument, and that of another operation is none."""
    app = shelf_app()
    app.install(MCP(["Books"], writes=["createBook"]))
    agent = Agent(app)
    for title in ("a", "b", "c"):
        agent.call("createBook", title=title)
    first = agent.call("listBooks", limit=2)["structuredContent"]
    second = agent.call("listBooks", next=first["next"], limit=2)["structuredContent"]
    assert [each["title"] for each in second["items"]] == ["c"]
    assert second["next"] is None
    assert agent.call("listBooks", next="/titles")["isError"] is True
    assert agent.call("listBooks", next="titles")["isError"] is True
    assert agent.call("listBooks", next="http://[")["isError"] is True
    elsewhere = f"http://evil.example{first['next']}"
    assert agent.call("listBooks", next=elsewhere)["structuredContent"] == second


def test_a_large_response_is_a_problem() -> None:
    """A response that is larger than allowed is not read to its end."""
    read: list[int] = []
    app = App("Large")

    @app.get("/large")
    def large() -> Iterator[str]:
        for number in range(100_000):
            read.append(number)
            yield "x" * 100

    app.install(MCP(["large"], largest_result=1000))
    result = Agent(app).call("large")
    assert result["isError"] is True
    assert "larger than 1000 bytes" in result["structuredContent"]["detail"]
    assert len(read) < 1000


def _token(token: str) -> str | None:
    return token if token in ("reader", "writer") else None


def test_security_and_limits_hold_for_agents() -> None:
    """A 403 and a 429 of the App are results of the tool."""
    app = App("Guarded", security=HTTPBearer(_token, scopes=lambda caller: [caller]))

    @app.route("/items")
    class Items(Resource):
        @access(limits=[Rate(2, per="minute")])
        def get(self) -> list[str]:
            """List the items."""
            return []

        @access(security=HTTPBearer(_token, scopes=lambda caller: [caller]).scopes("writer"))
        @raises(Conflict)
        def post(self) -> None:
            """Add an item."""
            raise Conflict("It exists.")

    app.install(MCP(["getItems"], writes=["createItems"]))
    reader = Agent(app, Authorization="Bearer reader")
    assert reader.call("createItems")["structuredContent"]["status"] == 403
    writer = Agent(app, Authorization="Bearer writer")
    assert writer.call("createItems")["structuredContent"]["status"] == 409
    statuses = [reader.call("getItems").get("structuredContent") for _ in range(3)]
    assert statuses[:2] == [[], []]
    assert statuses[2]["status"] == 429


def test_an_unexpected_error_is_a_result() -> None:
    """A 500 of the App is a result that says so, and nothing of the exception."""
    app = App("Broken")

    @app.get("/broken")
    def broken() -> dict[str, str]:
        raise TypeError("secret")

    app.install(MCP(["broken"]))
    agent = Agent(app)
    agent.client = type(agent.client)(app, raise_errors=False)
    result = agent.call("broken")
    assert result["isError"] is True
    assert result["structuredContent"]["status"] == 500
    assert "secret" not in str(result)


def test_a_call_needs_credentials() -> None:
    """The 401 of a tool is the 401 of the endpoint, so that a client gets a token."""
    app = App("Mixed")

    @app.get("/open")
    def read_open() -> dict[str, str]:
        return {"a": "b"}

    @app.get("/closed", security=HTTPBearer(_token))
    @raises(Unauthorized)
    def read_closed() -> dict[str, str]:
        return {"caller": str(Request.current().caller)}

    app.install(MCP(["readOpen", "readClosed"]))
    assert Agent(app).call("readOpen")["isError"] is False
    response = Agent(app).send("tools/call", {"name": "readClosed"})
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer resource_metadata=")
    result = Agent(app, Authorization="Bearer reader").call("readClosed")
    assert result["structuredContent"] == {"caller": "reader"}


def test_calls_side_by_side() -> None:
    """Agents in threads get each their own result."""
    app = App("Names")

    @app.get("/names/<name>")
    def get_name(name: str) -> dict[str, str]:
        return {"name": name}

    app.install(MCP(["getName"]))
    app.freeze()

    def ask(number: int) -> str:
        agent = Agent(app)
        return str(agent.call("getName", name=f"n{number}")["structuredContent"]["name"])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(64)))
    assert found == [f"n{number}" for number in range(64)]


def _calls_of_a_request(app: App) -> int:
    """Return the number of Python functions that one request calls."""
    client, found = Agent(app).client, [0]
    client.get("/titles")

    def count(frame: object, event: str, argument: object) -> None:
        found[0] += event == "call"

    sys.setprofile(count)
    try:
        client.get("/titles")
    finally:
        sys.setprofile(None)
    return found[0]


def test_other_requests_cost_nothing_more() -> None:
    """A request that is no call of a tool takes the same steps as without MCP."""
    with_tools = shelf_app()
    with_tools.install(MCP(["Books", "listTitles"]))
    assert _calls_of_a_request(with_tools) == _calls_of_a_request(shelf_app())


def test_a_slash_at_the_end_of_the_endpoint() -> None:
    """If slashes are ignored, the calls are below the same prefix."""
    app = shelf_app(trailing_slash="ignore")
    app.install(MCP(["listTitles"]))
    assert Agent(app, url="/mcp/").call("listTitles")["structuredContent"] == ["Emma"]


def test_one_class_at_two_urls() -> None:
    """A slash in an argument reaches no other URL of the method of the tool."""

    class Parts(Resource):
        def get(self, room: str, name: str) -> list[str]:
            """List the parts."""
            return [self.request.path]

    app = App("House")
    app.add("/<room>/parts/<name>", Parts, name="Parts")
    app.add("/cellar/<room>/parts/<name>", Parts, name="CellarParts")
    app.install(MCP(["getPart"]))
    agent = Agent(app)
    assert agent.call("getPart", room="hall", name="a")["isError"] is False
    refused = agent.call("getPart", room="cellar/safe", name="a")["structuredContent"]
    assert refused["detail"] == "The path has no such values. Correct the arguments: room, name."
