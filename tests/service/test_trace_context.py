"""W3C Trace Context: the cases of the published test suite, and those of the specification."""

from __future__ import annotations

import re

import pytest

from restkit import App
from restkit.service import Service, outgoing_headers
from restkit.testing import Client

TRACE, SPAN = "12345678901234567890123456789012", "1234567890123456"
PARENT = f"00-{TRACE}-{SPAN}-00"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
VALUE = "".join(map(chr, range(0x20, 0x7F))).replace(",", "").replace("=", "")
THIRTY_TWO = [f"bar{number:02}={number:02}" for number in range(1, 33)]


@pytest.fixture(scope="module")
def client() -> Client:
    """Return a client of a service that responds with the headers for other services."""
    app = App("Traced", extensions=[Service()])
    app.get("/")(lambda: outgoing_headers())
    return Client(app)


def sent(client: Client, **headers: str) -> dict[str, str]:
    found: dict[str, str] = client.get("/", headers=headers).json
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]", found["traceparent"])
    return found


@pytest.mark.parametrize(
    ("parent", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"00-{TRACE}-{SPAN}-01", "01"),
        (f"00-{TRACE}-{SPAN}-02", "02"),
        (f"00-{TRACE}-{SPAN}-03", "03"),
        (f"00-{TRACE}-{SPAN}-04", "00"),
        (f"00-{TRACE}-{SPAN}-09", "01"),
        (f"00-{TRACE}-{SPAN}-ff", "03"),
        (f"00-{TRACE}-{SPAN}-f0", "00"),
        (f"cc-{TRACE}-{SPAN}-01", "01"),
        (f"01-{TRACE}-{SPAN}-02", "02"),
        (f"fe-{TRACE}-{SPAN}-01", "01"),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", "01"),
        (f"cc-{TRACE}-{SPAN}-01-", "01"),
        (f"cc-{TRACE}-{SPAN}-ff-a.b", "03"),
        (f" 00-{TRACE}-{SPAN}-01", "01"),
        (f"\t00-{TRACE}-{SPAN}-01", "01"),
        (f"00-{TRACE}-{SPAN}-01 ", "01"),
        (f"00-{TRACE}-{SPAN}-01\t", "01"),
        (f"\t 00-{TRACE}-{SPAN}-01 \t", "01"),
        (f"00-{'0' * 31}1-{'0' * 15}1-01", "01"),
        (f"00-{'a' * 32}-{'f' * 16}-01", "01"),
    ],
)
def test_a_valid_traceparent_is_continued(client: Client, parent: str, flags: str) -> None:
    """The trace goes on with a new span and the known flags, in the version 00."""
    found = sent(client, traceparent=parent)["traceparent"].split("-")
    given = parent.strip().split("-")
    assert found[1] == given[1]
    assert found[2] != given[2]
    assert found[3] == flags


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "-",
        "garbage",
        f"00-{TRACE}-{SPAN}-01.",
        f"00-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f"00-{TRACE}-{SPAN}-01-",
        f"cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like",
        f"cc-{TRACE}-{SPAN}-011",
        f"ff-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01-more",
        f".0-{TRACE}-{SPAN}-01",
        f"0.-{TRACE}-{SPAN}-01",
        f"CC-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f"0000-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-.2345678901234567890123456789012-{SPAN}-01",
        f"00-1234567890123456789012345678901.-{SPAN}-01",
        f"00-{TRACE}3-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{'A' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-.234567890123456-01",
        f"00-{TRACE}-123456789012345.-01",
        f"00-{TRACE}-{SPAN}7-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"00-{TRACE}-{'B' * 16}-01",
        f"00-{TRACE}-{SPAN}-.0",
        f"00-{TRACE}-{SPAN}-0.",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-0A",
        f"00-{TRACE}-{SPAN}",
        f"00_{TRACE}_{SPAN}_01",
        f"00-{TRACE} -{SPAN}-01",
        f"cc-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01,cc-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-a,cc-{TRACE}-{SPAN}-01-b",
        f"00-{TRACE}-{SPAN}-01,",
        f"\uff10\uff10-{TRACE}-{SPAN}-01",
    ],
)
def test_an_invalid_traceparent_begins_a_trace(client: Client, parent: str) -> None:
    """Nothing of it is kept, nor is the tracestate."""
    given = parent.encode().decode("latin-1")
    found = sent(client, traceparent=given, tracestate="foo=1")
    trace = found["traceparent"].split("-")[1]
    assert trace != TRACE
    assert trace.strip("0")
    assert found["traceparent"].endswith("-02")
    assert "tracestate" not in found


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("foo=1", "foo=1"),
        ("foo=1,bar=2", "foo=1,bar=2"),
        ("foo=1,bar=2,rojo=1,congo=2,baz=3", "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        ("", None),
        ("  ", None),
        (",", None),
        ("foo=1,", "foo=1"),
        (",foo=1", "foo=1"),
        ("foo=1,,bar=2", "foo=1,bar=2"),
        ("foo=1,foo=1", "foo=1,foo=1"),
        ("foo=1,foo=2", "foo=1,foo=2"),
        (f"{KEY}={VALUE}", f"{KEY}={VALUE}"),
        (f"{KEY}@a-z0-9_-*/={VALUE}", f"{KEY}@a-z0-9_-*/={VALUE}"),
        ("foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3"),
        ("foo=1\t \t,\t \tbar=2,\t \tbaz=3", "foo=1,bar=2,baz=3"),
        (" foo=1", "foo=1"),
        ("\tfoo=1", "foo=1"),
        ("foo=1 ", "foo=1"),
        ("foo=1\t", "foo=1"),
        ("\t foo=1 \t", "foo=1"),
        ("foo= 1", "foo= 1"),
        ("1foo=1", "1foo=1"),
        ("foo@=1,bar=2", "foo@=1,bar=2"),
        ("foo@@bar=1,bar=2", "foo@@bar=1,bar=2"),
        ("foo@bar@baz=1,bar=2", "foo@bar@baz=1,bar=2"),
        ("@foo=1,bar=2", None),
        ("_foo=1", None),
        ("foo =1", None),
        ("FOO=1", None),
        ("foo.bar=1", None),
        ("foo", None),
        ("=1", None),
        ("foo=bar=baz", None),
        ("foo=,bar=3", None),
        ("foo=\x7f", None),
        ("foo=\xe9", None),
        ("foo=a\tb", None),
        (",".join(THIRTY_TWO), ",".join(THIRTY_TWO)),
        (",".join([*THIRTY_TWO, "bar33=33"]), None),
        (f"foo=1,{'z' * 256}=1", f"foo=1,{'z' * 256}=1"),
        (f"foo=1,{'z' * 257}=1", None),
        (f"foo=1,{'t' * 241}@{'v' * 14}=1", f"foo=1,{'t' * 241}@{'v' * 14}=1"),
        (f"foo=1,{'t' * 242}@v=1", f"foo=1,{'t' * 242}@v=1"),
        (f"foo=1,t@{'v' * 15}=1", f"foo=1,t@{'v' * 15}=1"),
        (f"foo={'v' * 256}", f"foo={'v' * 256}"),
        (f"foo={'v' * 257}", None),
    ],
)
def test_a_tracestate_is_passed_on_or_dropped_alone(
    client: Client, state: str, expected: str | None
) -> None:
    """The trace goes on in both cases."""
    found = sent(client, traceparent=PARENT, tracestate=state)
    assert found["traceparent"].split("-")[1] == TRACE
    assert found.get("tracestate") == expected


@pytest.mark.parametrize("name", ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"])
def test_names_of_headers_have_no_case(client: Client, name: str) -> None:
    assert sent(client, **{name: PARENT})["traceparent"].split("-")[1] == TRACE


@pytest.mark.parametrize("name", ["trace-parent", "trace.parent"])
def test_other_names_are_other_headers(client: Client, name: str) -> None:
    assert sent(client, **{name: PARENT})["traceparent"].split("-")[1] != TRACE
    assert "tracestate" not in sent(client, traceparent=PARENT, **{"trace-state": "foo=1"})


def test_a_tracestate_alone_is_dropped(client: Client) -> None:
    assert "tracestate" not in sent(client, tracestate="foo=1,bar=2")


def test_each_request_has_a_span_of_its_own(client: Client) -> None:
    """Ten requests of one trace have ten spans; ten without a trace have ten traces."""
    one = [sent(client, traceparent=PARENT)["traceparent"].split("-") for _ in range(10)]
    assert {each[1] for each in one} == {TRACE}
    assert len({each[2] for each in one}) == 10
    many = [sent(client)["traceparent"].split("-") for _ in range(10)]
    assert len({each[1] for each in many}) == 10
