"""Small Apps that are sent any bytes: targets, forms, filters, pages, keys, languages."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from hypothesis import strategies as st
from marshmallow import Schema, fields, validate
from werkzeug.datastructures import FileStorage, LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.test import encode_multipart

from restkit import App, Upload, takes
from restkit.crud import CRUDResource, MemoryStore
from restkit.i18n import Translations
from restkit.limits import Idempotency, MemoryStorage
from restkit.parsing.form_members import member_path, tree_of
from restkit.testing import Client, TestResponse

from .fuzzing import fuzz, header_texts, mutated

PROBLEM = "application/problem+json"


@dataclass
class Book:
    title: str
    year: int | None = None
    price: float | None = None
    id: int = 0


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 100))
    year = fields.Int(allow_none=True)
    price = fields.Float(allow_none=True)


STORED = [
    Book(title, year, price)
    for title, year, price in (
        ("Emma", 1815, 9.5),
        ("Silas, or", 1861, None),
        ("Eve&lina", None, 0.25),
        ("100%", -3, 1e9),
    )
]


class Books(CRUDResource[Book]):
    store = MemoryStore(Book, items=STORED)
    schema = BookSchema
    filters = ("title__*", "year__*", "price__*")
    sorts = ("title", "year")
    methods = {"GET", "POST"}
    idempotency = Idempotency(MemoryStorage())


class AddressSchema(Schema):
    street = fields.Str(required=True)
    zip = fields.Int()


class OrderSchema(Schema):
    name = fields.Str(required=True)
    number = fields.Int()
    tags = fields.List(fields.Str())
    address = fields.Nested(AddressSchema)
    rows = fields.List(fields.Nested(AddressSchema))


@cache
def client() -> Client:
    app = App("Fuzz")
    app.add("/books", Books)

    @app.post("/orders")
    @takes(form=OrderSchema)
    def order(form: dict[str, Any]) -> dict[str, Any]:
        return form

    @app.post("/files")
    @takes(form={"name": fields.Str()}, files={"file": Upload(required=True, max_size=1000)})
    def file(form: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
        return {"name": form.get("name"), "size": len(files["file"].read())}

    @app.get("/typed")
    @takes(
        query={
            "n": fields.Int(),
            "x": fields.Float(),
            "d": fields.Decimal(),
            "day": fields.Date(),
            "at": fields.DateTime(),
            "span": fields.TimeDelta(),
            "id": fields.UUID(),
            "on": fields.Bool(),
            "ip": fields.IP(),
            "words": fields.List(fields.Str()),
        },
        headers={"count": fields.Int(data_key="X-Count")},
        cookies={"visits": fields.Int()},
    )
    def typed(query: Any, headers: Any, cookies: Any) -> dict[str, int]:
        return {"given": len(query)}

    return Client(app)


def judged(response: TestResponse, *statuses: int) -> TestResponse:
    """Hold a response against what every one is, besides the contract that the client checks."""
    assert response.status in statuses, response.text
    if response.status >= 400:
        assert response.media_type == PROBLEM
        assert len(response.body) < 64 * 1024
    return response


PATHS = st.one_of(
    header_texts.map(lambda text: f"/{text}"),
    st.lists(
        st.sampled_from(["books", "1", "..", ".", "", "%2f", "x;y", "orders"]), max_size=4
    ).map(lambda parts: "/" + "/".join(parts)),
)
KEYS = st.sampled_from(
    ["n", "x", "d", "day", "at", "span", "id", "on", "ip", "words", "words", "n[a]"]
)
TEXTS = st.one_of(
    header_texts,
    st.integers(-(2**65), 2**65).map(str),
    st.floats().map(str),
    st.decimals().map(str),
    st.dates().map(str),
    st.datetimes().map(lambda each: each.isoformat() + "Z"),
    st.text("0123456789-:.TZ+eE \u0663_", max_size=24),
    st.uuids().map(str),
    st.ip_addresses().map(str),
    st.sampled_from(
        ["true", "on", "", "NaN", "inf", "24:00", "2023-02-30", "9999-12-31T23:59:59-23:59"]
    ),
)
QUERIES = st.lists(st.tuples(KEYS, TEXTS), max_size=4)


@fuzz(path=PATHS, query=header_texts, method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]))
def test_targets_of_any_bytes(path: str, query: str, method: str) -> None:
    environ = {"PATH_INFO": path, "QUERY_STRING": query}
    response = client().request(method, "/", environ=environ)
    assert response.status < 500


@fuzz(pairs=QUERIES, count=st.none() | TEXTS, visits=st.none() | TEXTS)
def test_parameters_of_any_text(pairs: Any, count: str | None, visits: str | None) -> None:
    environ = {"QUERY_STRING": urlencode(pairs)}
    if count is not None:
        environ["HTTP_X_COUNT"] = count.encode().decode("latin-1").translate({10: None, 13: None})
    headers = {} if visits is None else {"Cookie": f"visits={visits.encode().decode('latin-1')}"}
    headers = {name: text.translate({10: None, 13: None}) for name, text in headers.items()}
    judged(client().get("/typed", environ=environ, headers=headers), 200, 422)


NUMBERS = st.integers(-5, 2000) | st.sampled_from([2**63, -(2**63), 2**70])
CONDITIONS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(
                ["year", "year__gte", "year__lt", "year__ne", "price__gt", "price__lte"]
            ),
            NUMBERS.map(str) | st.floats().map(str) | TEXTS,
        ),
        st.tuples(
            st.sampled_from(["title", "title__contains", "title__startswith", "title__gt"]),
            st.sampled_from(["Emma", "e", "%", "_", "100%", ",", "Silas, or", "&", ""]) | TEXTS,
        ),
        st.tuples(st.sampled_from(["limit", "cursor", "sort", "nobody", "year__in"]), TEXTS),
        st.tuples(st.just("sort"), st.sampled_from(["title", "-year", "year,-title"])),
        st.tuples(st.just("limit"), st.sampled_from(["1", "2", "3"])),
    ),
    max_size=4,
)
COMPARED: dict[str, Any] = {
    "year__gte": lambda book, text: book["year"] is not None and book["year"] >= int(text),
    "year__lt": lambda book, text: book["year"] is not None and book["year"] < int(text),
    "year": lambda book, text: book["year"] == int(text),
    "price__gt": lambda book, text: book["price"] is not None and book["price"] > float(text),
    "title": lambda book, text: book["title"] == text,
    "title__contains": lambda book, text: text.lower() in book["title"].lower(),
    "title__startswith": lambda book, text: book["title"].lower().startswith(text.lower()),
}


@fuzz(conditions=CONDITIONS)
def test_filters_of_any_text(conditions: list[tuple[str, str]]) -> None:
    """What is listed fulfils the filters, and following the links lists every item once."""
    response = judged(client().get("/books?" + urlencode(conditions)), 200, 400, 422)
    if response.status != 200:
        return
    seen: list[int] = []
    for _ in range(10):
        for book in response.json["items"]:
            for name, text in conditions:
                assert name not in COMPARED or COMPARED[name](book, text), (book, name, text)
            seen.append(book["id"])
        url = response.json["next"]
        link = re.search('<([^>]*)>; rel="?next', response.headers.get("Link", ""))
        assert (link[1] if link else None) == url
        if url is None:
            break
        parts = urlsplit(url)
        response = judged(client().get(f"{parts.path}?{parts.query}"), 200)
    assert len(seen) == len(set(seen)) <= len(STORED)
    if not conditions:
        assert len(seen) == len(STORED)


@fuzz(
    key=st.one_of(
        header_texts, st.text('ab\\"; =', max_size=12), st.sampled_from(['"a"', "a" * 300])
    )
)
def test_idempotency_keys_of_any_text(key: str) -> None:
    """A key is malformed, or the invalid request that has it is."""
    environ = {"HTTP_IDEMPOTENCY_KEY": key}
    judged(client().post("/books", json={"title": 5}, environ=environ), 400, 422)


NAMES = st.sampled_from(
    [
        "name",
        "number",
        "tags",
        "tags[]",
        "address[street]",
        "address[zip]",
        "rows[0][street]",
        "nobody",
        "rows[1][street]",
        "rows[0][zip]",
        "rows[a][street]",
        "address",
        "rows",
        "address[",
        "a]",
        "[]",
    ]
) | st.text("ab[]0", max_size=8)
FORM = st.lists(st.tuples(NAMES, TEXTS | st.just("")), max_size=6)
FORM_TYPE = "application/x-www-form-urlencoded"


@fuzz(
    content=st.one_of(
        FORM.map(lambda pairs: urlencode(pairs).encode()),
        mutated(FORM.map(lambda pairs: urlencode(pairs).encode())),
        st.binary(max_size=60),
    )
)
def test_forms_of_any_bytes(content: bytes) -> None:
    judged(client().post("/orders", content=content, content_type=FORM_TYPE), 200, 400, 413, 422)


PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffd"), max_size=8
)


@fuzz(
    name=PLAIN.filter(bool),
    tags=st.lists(PLAIN.filter(bool), max_size=3),
    street=PLAIN.filter(bool),
    rows=st.lists(st.tuples(PLAIN.filter(bool), st.integers(-9, 9)), max_size=3),
    is_multipart=st.booleans(),
)
def test_forms_there_and_back(
    name: str, tags: list[str], street: str, rows: list[tuple[str, int]], is_multipart: bool
) -> None:
    """A form has the value that its fields were made of, in either media type."""
    pairs = [("name", name), ("address[street]", street), *(("tags", each) for each in tags)]
    for at, (text, number) in enumerate(rows):
        pairs += [(f"rows[{at}][street]", text), (f"rows[{at}][zip]", str(number))]
    wanted: dict[str, Any] = {"name": name, "address": {"street": street}}
    wanted |= {"tags": tags} if tags else {}
    wanted |= {"rows": [{"street": text, "zip": zip} for text, zip in rows]} if rows else {}
    if is_multipart:
        data: dict[str, Any] = {}
        for field, value in pairs:
            data.setdefault(field, []).append(value)
        boundary, content = encode_multipart(data)
        kind = f"multipart/form-data; boundary={boundary}"
    else:
        content, kind = urlencode(pairs).encode(), FORM_TYPE
    response = client().post("/orders", content=content, content_type=kind)
    assert judged(response, 200).json == wanted


@fuzz(names=st.lists(st.tuples(NAMES, st.text(max_size=3)), max_size=8))
def test_names_in_brackets(names: list[tuple[str, str]]) -> None:
    """Every text is in the tree, or a fault."""
    faults: list[Any] = []
    tree = tree_of(names, faults)

    def count(node: Any) -> int:
        return len(node) if isinstance(node, list) else sum(map(count, node.values()))

    assert count(tree) + len(faults) == len(names)
    for name, _ in names:
        path = member_path(name)
        assert path is None or "".join([path[0], *(f"[{each}]" for each in path[1:])]) == name


DISPOSITIONS = st.sampled_from(
    [
        'form-data; name="file"; filename="a"',
        'form-data; name="name"',
        'form-data; name="file"',
        "form-data",
        'form-data; name="nobody"; filename="a"',
        "form-data; name*=utf-8''name",
        "attachment; name=name",
    ]
).map(str.encode) | header_texts.map(lambda text: text.encode("latin-1"))
LINES = st.sampled_from([b"Content-Type: text/plain", b"Content-Type: ;", b"X: y", b"nonsense"])
PARTS = st.tuples(DISPOSITIONS, st.lists(LINES, max_size=2), st.binary(max_size=12)).map(
    lambda part: b"\r\n".join([b"--b", b"Content-Disposition: " + part[0], *part[1], b"", part[2]])
)
MULTIPART = st.lists(PARTS, max_size=4).map(lambda parts: b"\r\n".join([*parts, b"--b--\r\n"]))


@fuzz(content=st.one_of(MULTIPART, mutated(MULTIPART), st.binary(max_size=60)))
def test_multipart_of_any_bytes(content: bytes) -> None:
    kind = "multipart/form-data; boundary=b"
    judged(client().post("/files", content=content, content_type=kind), 200, 400, 413, 422)


# Werkzeug takes what stands before a backslash for a folder.
FILENAMES = PLAIN.map(lambda name: name.replace("\\", "")).filter(bool)


@fuzz(content=st.binary(max_size=900), filename=FILENAMES, name=PLAIN)
def test_files_there_and_back(content: bytes, filename: str, name: str) -> None:
    data = {"file": FileStorage(io.BytesIO(content), filename), "name": name}
    boundary, raw = encode_multipart(data)
    kind = f"multipart/form-data; boundary={boundary}"
    response = client().post("/files", content=raw, content_type=kind)
    assert judged(response, 200).json == {"name": name, "size": len(content)}


LOCALES = ["en", "de", "fr-CA"]


@cache
def translations() -> Translations:
    folder = Path(__file__).parent
    return Translations(folder, locales=LOCALES[:1])


TAGS = st.sampled_from(["en", "de", "fr", "fr-CA", "EN-us", "*", "x-y", "de-DE-1996", "a" * 20])
LANGUAGES = st.lists(
    st.tuples(TAGS, st.sampled_from(["", ";q=0", ";q=0.5", ";q=1", ";q=x"])).map("".join),
    max_size=4,
).map(", ".join)


@fuzz(header=st.one_of(header_texts, mutated(LANGUAGES)))
def test_languages_of_any_text(header: str) -> None:
    found = translations()._by_header(header)
    assert found in translations().catalogs.values()
    best = parse_accept_header(header, LanguageAccept).best_match(list(translations().catalogs))
    assert best in (None, "en")
