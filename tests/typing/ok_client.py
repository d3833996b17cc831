"""The test client."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

from restkit import App
from restkit.testing import Client, ContractCheck, TestResponse

client = Client(
    App("Shop"), contract=ContractCheck(), raise_errors=False, base_url="https://example.com/v1"
)
client.headers["Authorization"] = "Bearer key"

response = client.post(
    "/books",
    json={"title": "Emma"},
    query={"page": 1, "tag": ["a", "b"]},
    headers={"Accept": "*/*"},
)
assert_type(response, TestResponse)
assert_type(response.status, int)
assert_type(response.problem, dict[str, Any])
assert_type(response.body, bytes)
assert_type(response.text, str)

client.put(
    "/cover",
    files={"cover": ("a.png", b"", "image/png"), "more": [Path("a"), b""]},
    data={"caption": "A"},
)
client.get(
    "/",
    query="a=b",
    cookies={"theme": "dark"},
    follow_redirects=True,
    environ={"REMOTE_ADDR": "10.0.0.1"},
)
client.request("PURGE", "/", content=(part for part in [b"a", b"b"]), content_type="text/plain")
with client.get("/events", stream=True) as stream:
    assert_type(next(stream.iter_chunks()), bytes)
assert_type(client.get_cookie("theme"), str | None)
