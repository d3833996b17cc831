"""Attacks on the notes by callers who are logged in: rows of others by every door, and masks."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from notes_target import KEY, PLAN, SERVICES, Attack, Target, serving

HIDDEN = (PLAN,)


def others(target: Target) -> list[dict[str, str]]:
    """Return the credentials of callers who are not ann."""
    named = [target.bearer(sub=each) for each in ("Ann", "ann ")]
    return [target.bob, target.reader, target.staff, {"X-API-Key": KEY}, *named]


def writers(target: Target) -> list[dict[str, str]]:
    """Return the credentials of callers who may write, and are not ann."""
    return [target.bob, target.staff, *(target.bearer(sub=each) for each in ("ANN", "ann\u200b"))]


def test_reading_rows_of_others(target: Target) -> None:
    """A hidden row is byte for byte a missing one: in lists, filters, orders, counts, exports."""
    queries = ["", "limit=100", "sort=title", "sort=-title", "fields=title,text", "expand=comments"]
    queries += ["owner=ann", f"title__contains={PLAN}", "shared=false", "fields=id&limit=1"]
    queries += [f"comments__text__contains={PLAN}", "expand=comments&fields=comments"]
    kinds = ("application/json", "text/csv", "application/x-ndjson", "*/*")
    attacks = []
    for who, query, kind in itertools.product(others(target), queries, kinds):
        accepts = who | {"Accept": kind}
        statuses = {200, 422}
        attacks.append(Attack("GET", f"/notes?{query}", statuses, accepts, hidden=HIDDEN))
        attacks.append(Attack("HEAD", f"/notes?{query}", statuses, accepts, hidden=HIDDEN))
    for who in others(target):
        for path, missing in (
            ("/notes/1", "/notes/991"),
            ("/notes/1?expand=comments", "/notes/991?expand=comments"),
            ("/notes/1?fields=id", "/notes/991?fields=id"),
            ("/notes/4", "/notes/991"),
            ("/notes/1/comments", "/notes/991/comments"),
            ("/notes/1/comments/1", "/notes/991/comments/1"),
            ("/notes/2/comments/1", "/notes/2/comments/991"),
            ("/comments/1", "/comments/991"),
            ("/comments/2?expand=note", "/comments/991?expand=note"),
        ):
            attacks.append(Attack("GET", path, {404}, who, same_as=missing, hidden=HIDDEN))
            attacks.append(Attack("HEAD", path, {404}, who, hidden=HIDDEN))
            tagged = who | {"If-None-Match": "*"}
            attacks.append(Attack("GET", path, {404}, tagged, same_as=missing, hidden=HIDDEN))
        attacks += [
            Attack("GET", f"/notes/totals?{query}", {200, 422}, who, hidden=HIDDEN)
            for query in ("owner=ann&shared=false", f"text={PLAN}", f"title__contains={PLAN}")
        ]
        attacks += [
            Attack("GET", f"/comments?{query}", {200}, who, hidden=HIDDEN)
            for query in ("note_id=1", f"note__title__contains={PLAN}", "expand=note", "note_id=2")
        ]
    assert target.wrong(attacks) == []


def test_lists_have_what_is_readable(target: Target) -> None:
    """Counts and pages tell nothing of hidden rows, by another filter and another order."""
    for who, own in (
        (target.bob, {2, 3}),
        (target.reader, {2, 3}),
        (target.staff, {2}),
        ({"X-API-Key": KEY}, {2}),
    ):
        for query in ("", "&sort=title", "&sort=-title"):
            found = target.client.get(f"/notes?limit=100{query}", headers=who).json["items"]
            assert {each["id"] for each in found} == own
        count = target.client.get("/notes/totals", headers=who).json["items"][0]["count"]
        assert count == len(own)
        for word in (PLAN, PLAN[:3], "dawn"):
            filters = f"title__contains={word}", f"comments__text__contains={word}"
            for each in filters:
                assert target.client.get(f"/notes?{each}", headers=who).json["items"] == []
                total = target.client.get(f"/notes/totals?{each}", headers=who).json["items"]
                assert [group["count"] for group in total] in ([], [0])


def test_writing_rows_of_others(target: Target) -> None:
    """No verb, list, filter, tag or key changes or takes what is ann's."""
    note = {"title": "Taken"}
    attacks = []
    for who in writers(target):
        for key, status in ((1, 404), (2, 403), (4, 404), (991, 404)):
            path = f"/notes/{key}"
            tags = ({}, {"If-Match": "*"}, {"If-Match": '"x"'}, {"If-None-Match": "*"})
            for tag in tags:
                statuses = {status} if not tag else {status, 412, 404}
                body = note | {"text": "x"}
                for method, content in (("PUT", body), ("PATCH", note), ("DELETE", ...)):
                    attacks.append(
                        Attack(method, path, statuses, who | tag, content, hidden=HIDDEN)
                    )
        for change in (
            {"owner": "bob"},
            {"owner": "ann"},
            {"id": 3},
            {"version": 1},
            {"removed_at": None},
        ):
            attacks.append(Attack("PATCH", "/notes/3", {403, 404, 422}, who, change, hidden=HIDDEN))
            attacks.append(Attack("PATCH", "/notes/2", {403, 422}, who, change, hidden=HIDDEN))
            attacks.append(Attack("POST", "/notes", {422}, who, note | change, hidden=HIDDEN))
        bulks: tuple[object, ...] = (
            {"delete": [1]},
            {"delete": [2]},
            {"delete": [4]},
            {"update": [{"id": 1, **note}]},
            {"update": [{"id": 2, **note}]},
            {"create": [note], "delete": [1]},
            {"create": [note], "update": [{"id": 2, **note}]},
            {"create": [note | {"owner": "ann"}]},
            {"upsert": [note | {"id": 1}]},
        )
        statuses = {403, 404, 409, 422}
        attacks += [
            Attack("POST", "/notes/bulk", statuses, who, bulk, hidden=HIDDEN) for bulk in bulks
        ]
        for query in (
            "owner=ann",
            f"title__contains={PLAN}",
            "shared=true",
            "owner=ann&shared=false",
        ):
            attacks.append(
                Attack("PATCH", f"/notes?{query}", {200, 204, 403}, who, note, hidden=HIDDEN)
            )
            attacks.append(Attack("DELETE", f"/notes?{query}", {200, 204, 403}, who, hidden=HIDDEN))
        attacks.append(Attack("PATCH", "/notes", {400, 403, 422}, who, note, hidden=HIDDEN))
        for key in (1, 991, 4):
            comment = {"note_id": key, "text": "Hm"}
            attacks.append(Attack("POST", "/comments", {409}, who, comment, hidden=HIDDEN))
        attacks += [
            Attack("DELETE", f"/comments/{key}", {403, 404}, who, hidden=HIDDEN)
            for key in (1, 2, 991)
        ]
        attacks.append(Attack("POST", "/notes/1/restore", {403, 404}, who, hidden=HIDDEN))
    assert target.wrong(attacks) == []


def test_references_to_hidden_notes_are_those_to_missing_ones(target: Target) -> None:
    for who in (target.bob, target.staff):
        hidden, removed, missing = (
            target.client.post("/comments", json={"note_id": key, "text": "Hm"}, headers=who)
            for key in (1, 4, 991)
        )
        assert hidden.status == removed.status == missing.status == 409
        assert hidden.text == removed.text == missing.text


def test_preconditions_are_no_oracle(target: Target) -> None:
    """With the right tag of ann's note, bob finds out no more than with a wrong one."""
    tag = target.client.get("/notes/1", headers=target.ann).headers["ETag"]
    for name, method in itertools.product(
        ("If-Match", "If-None-Match", "If-Range"), ("GET", "HEAD", "PUT", "PATCH", "DELETE")
    ):
        found = []
        for path, value in (("/notes/1", tag), ("/notes/1", '"x"'), ("/notes/991", tag)):
            options = {"json": {"title": "x"}} if method in ("PUT", "PATCH") else {}
            headers = target.bob | {name: value}
            response = target.client.request(method, path, headers=headers, **options)  # type: ignore[arg-type]
            found.append((response.status, response.text))
        assert found[0] == found[1] == found[2], (name, method)


def test_cursors_and_keys_of_others(target: Target) -> None:
    """A cursor of ann's list shows bob none of her notes, and her key replays nothing to him."""
    for query in ("limit=1", "limit=1&sort=title", "limit=1&sort=-title"):
        following = target.client.get(f"/notes?{query}", headers=target.ann).json["next"]
        assert following
        for who in others(target):
            attack = Attack("GET", following, {200, 400}, who, hidden=HIDDEN)
            assert target.wrong([attack]) == []
        assert target.client.get(following + "x", headers=target.ann).status == 400
    key = {"Idempotency-Key": "of-ann"}
    note = {"title": PLAN}
    made = target.client.post("/notes", json=note, headers=target.ann | key)
    for who in writers(target):
        response = target.client.post("/notes", json=note, headers=who | key)
        assert response.status == 201
        assert "Idempotent-Replayed" not in response.headers
        assert response.json["id"] != made.json["id"]
        assert response.json["owner"] != "ann"
    again = target.client.post("/notes", json=note, headers=target.ann | key)
    assert (again.headers["Idempotent-Replayed"], again.json) == ("true", made.json)


@pytest.mark.parametrize("kind", SERVICES)
def test_masks(tmp_path: Path, kind: str) -> None:
    """Who is not staff can neither read the rating, nor write it, nor find it out."""
    with serving(kind, tmp_path) as target:
        rated = target.client.post(
            "/notes", json={"title": "Rated", "rating": 4, "shared": True}, headers=target.staff
        )
        path = f"/notes/{rated.json['id']}"
        assert rated.json["rating"] == 4
        attacks = []
        for who in (
            target.ann,
            target.bob,
            target.reader,
            {"X-API-Key": KEY},
            target.bearer(sub="sue"),
            target.bearer(roles=["Staff"]),
        ):
            secret = ('"rating"', "rating,", ",rating")
            queries = [
                "rating__gte=1",
                "sort=rating",
                "sort=-rating",
                "sort=title,rating",
                "fields=rating",
            ]
            queries += ["fields=id,rating", "rating=4", "rating__null=true"]
            for query, kind in itertools.product(
                queries, ("*/*", "text/csv", "application/x-ndjson")
            ):
                attacks.append(
                    Attack("GET", f"/notes?{query}", {422}, who | {"Accept": kind}, hidden=())
                )
            for query in ("", "?expand=comments", "?shared=true", "?limit=1"):
                attacks.append(Attack("GET", f"/notes{query}", {200}, who, hidden=secret))
                csv = who | {"Accept": "text/csv"}
                attacks.append(Attack("GET", f"/notes{query}", {200, 406, 422}, csv, hidden=secret))
            attacks.append(Attack("GET", path, {200}, who, hidden=secret))
            attacks.append(Attack("GET", f"{path}?fields=rating", {422}, who, hidden=()))
            attacks.append(Attack("GET", "/notes/totals", {200}, who, hidden=("rating",)))
            attacks.append(Attack("GET", "/comments?expand=note", {200}, who, hidden=secret))
            for value in (4, 5, None):
                attacks.append(
                    Attack("POST", "/notes", {403, 422}, who, {"title": "x", "rating": value})
                )
                for key in ("/notes/1", "/notes/3", path):
                    statuses = {403, 404, 422}
                    change = {"rating": value}
                    attacks.append(Attack("PATCH", key, statuses, who, change, hidden=()))
                    attacks.append(
                        Attack("PUT", key, statuses, who, change | {"title": "x"}, hidden=())
                    )
                    patch = who | {"Content-Type": "application/json-patch+json"}
                    for each in ({"op": "test", "value": value}, {"op": "copy", "from": "/title"}):
                        operation = [each | {"path": "/rating"}]
                        attacks.append(
                            Attack("PATCH", key, {403, 404, 409, 422}, patch, operation, hidden=())
                        )
        assert target.wrong(attacks) == []
        totals = target.client.get("/notes/totals", headers=target.staff).json["items"][0]
        assert 4 in totals.values() or "4" in str(totals)
