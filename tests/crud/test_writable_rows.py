"""Anybody reads, the owner writes: a row that is visible and not writable answers 403."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tickets import STORES, desk, tickets, user

from restkit.crud import CRUDResource, item_action
from restkit.openapi import build
from restkit.testing import Client


class Shared(CRUDResource[Any]):
    bulk = True
    soft_delete = "removed_at"

    @item_action()
    def close(self, item: Any) -> Any:
        item.status = "closed"
        return item

    @item_action()
    def touch(self, item: Any) -> Any:
        return item

    @item_action("GET")
    def peek(self, item: Any) -> Any:
        return item


class Scoped(Shared):
    """Says the rule itself, for this collection alone."""

    def write_scope(self) -> object:
        return {"owner": user(self.request)}


RULE: dict[str, Any] = {
    "read": lambda me: True,
    "write": lambda me: {"owner": me},
    "set": {"owner": lambda me: me},
    "caller": user,
}


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize(("base", "rule"), [(Shared, RULE), (Scoped, {})])
def test_every_write_to_a_row_of_another_one_is_forbidden(
    kind: str, base: type, rule: dict[str, Any], tmp_path: Path
) -> None:
    """Every write and unsafe action is a 403, restore a 404; reads and safe actions are neither."""
    mine = {"title": "a", "owner": "ann"}
    ann, bob = {"X-User": "ann"}, {"X-User": "bob"}
    with desk(kind, tmp_path, **rule) as (app, model):
        app.add("/tickets", tickets(model, base))
        client = Client(app)
        url = client.post("/tickets", json=mine, headers=ann).headers["Location"]
        gone = client.post("/tickets", json=mine, headers=ann).headers["Location"]
        assert client.delete(gone, headers=ann).status == 204
        writes = {
            "put": client.put(url, json={"title": "x"}, headers=bob),
            "same put": client.put(url, json=mine, headers=bob),
            "patch": client.patch(url, json={"title": "x"}, headers=bob),
            "same patch": client.patch(url, json={"title": "a"}, headers=bob),
            "delete": client.delete(url, headers=bob),
            "close": client.post(f"{url}/close", headers=bob),
            "touch": client.post(f"{url}/touch", headers=bob),
            "bulk": client.post(
                "/tickets/bulk", json={"update": [{"id": 1, "title": "x"}]}, headers=bob
            ),
            "bulk delete": client.post("/tickets/bulk", json={"delete": [1]}, headers=bob),
        }
        assert {name: each.status for name, each in writes.items()} == dict.fromkeys(writes, 403)
        assert client.get(url, headers=bob).json["title"] == "a"
        assert client.get(f"{url}/peek", headers=bob).status == 200
        assert client.post(f"{url}/close", headers=ann).status == 200
        # He who may not restore an item does not learn that it was removed.
        assert client.post(f"{gone}/restore", headers=bob).status == 404
        assert client.post(f"{gone}/restore", headers=ann).status == 200


def test_a_collection_s_own_rule_holds_for_the_new_state_and_is_documented() -> None:
    """Nobody makes an item of somebody else, or gives one away; the document has the 403."""
    ann = {"X-User": "ann"}
    with desk("memory", Path()) as (app, model):
        app.add("/tickets", tickets(model, Scoped))
        client = Client(app)
        other = {"title": "a", "owner": "bob"}
        assert client.post("/tickets", json=other, headers=ann).status == 403
        made = client.post("/tickets", json={"title": "a", "owner": "ann"}, headers=ann)
        url = made.headers["Location"]
        assert client.patch(url, json={"owner": "bob"}, headers=ann).status == 403
        assert client.get(url).json["owner"] == "ann"
        paths = build(app)["paths"]
        for method in ("put", "patch", "delete"):
            assert "403" in paths["/tickets/{id}"][method]["responses"]
        assert "403" not in paths["/tickets/{id}"]["get"]["responses"]
