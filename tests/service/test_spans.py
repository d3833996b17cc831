"""Spans of requests, collected by the SDK of OpenTelemetry."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from restkit import App, DeclarationError, NotFound, raises, returns
from restkit.service import Service, outgoing_headers
from restkit.testing import Client

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Shop:
    """An App whose spans are kept.

    Attributes:
        app: The App.
        client: A client of it, which raises no error of a method.
        provider: The provider of its tracers.
    """

    def __init__(self, **options: Any) -> None:
        self._kept = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._kept))
        service = Service(traces=self.provider, **options)
        self.app = App("Shop", extensions=[service])
        self.sent: list[dict[str, str]] = []
        tracer = trace.get_tracer("shop", tracer_provider=self.provider)

        @self.app.get("/items/<int:item_id>")
        @raises(NotFound)
        def item(item_id: int) -> dict[str, int]:
            """Get an item."""
            self.sent.append(outgoing_headers())
            with tracer.start_as_current_span("query"):
                if item_id == 404:
                    raise NotFound
            return {"id": item_id}

        @self.app.get("/broken")
        def broken() -> str:
            raise RuntimeError

        @self.app.get("/lines")
        @returns(None, media_types=["application/x-ndjson"])
        def lines() -> Iterator[dict[str, int]]:
            yield {"n": 1}
            assert not self.spans("GET /lines")
            yield {"n": 2}

        @self.app.get("/tenant")
        def tenant() -> str:
            trace.get_current_span().set_attribute("shop.tenant", "a")
            return "a"

        self.client = Client(self.app, raise_errors=False)

    def spans(self, name: str = "") -> list[ReadableSpan]:
        """Return the spans that have ended, all or those of a name."""
        found = self._kept.get_finished_spans()
        return [each for each in found if name in ("", each.name)]

    def one(self, name: str) -> ReadableSpan:
        """Return the only span of a name."""
        (found,) = self.spans(name)
        return found


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def test_a_span_is_named_after_the_route() -> None:
    """However many items there are, so that their requests are counted together."""
    shop = Shop()
    for number in (1, 77):
        assert shop.client.get(f"/items/{number}").status == 200
    assert shop.client.get("/items/1?token=secret").status == 422
    spans = shop.spans("GET /items/{item_id}")
    paths = [attributes(each)["url.path"] for each in spans]
    assert paths == ["/items/1", "/items/77", "/items/1"]
    found = attributes(spans[0])
    assert found["http.route"] == "/items/{item_id}"
    assert found["restkit.operation"] == "item"
    assert found["http.request.method"] == "GET"
    assert found["http.response.status_code"] == 200
    assert spans[0].kind is SpanKind.SERVER
    assert "secret" not in str(spans[2].to_json())


def test_spans_of_the_method_are_within_that_of_the_request() -> None:
    """The libraries that a method calls find the span as the current one."""
    shop = Shop()
    shop.client.get("/items/1")
    outer, inner = shop.one("GET /items/{item_id}"), shop.one("query")
    assert inner.parent is not None
    assert outer.context is not None
    assert inner.parent.span_id == outer.context.span_id
    assert not trace.get_current_span().get_span_context().is_valid


def test_the_trace_of_the_caller_goes_on() -> None:
    """The headers of requests that this one causes have the id of its span."""
    shop = Shop()
    shop.client.get("/items/1", headers={"traceparent": PARENT, "tracestate": "a=1,b=2"})
    span = shop.one("GET /items/{item_id}")
    assert span.parent is not None
    assert span.context is not None
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert span.parent.is_remote
    assert span.context.trace_state.to_header() == "a=1,b=2"
    span_id = f"{span.context.span_id:016x}"
    assert shop.sent[0]["traceparent"] == f"00-{PARENT[3:35]}-{span_id}-01"
    assert shop.sent[0]["tracestate"] == "a=1,b=2"


def test_a_new_trace_has_the_id_of_the_request() -> None:
    """Without ids of the client, one text finds both."""
    shop = Shop()
    response = shop.client.get("/items/1")
    span = shop.one("GET /items/{item_id}")
    assert span.context is not None
    assert span.parent is None
    assert response.headers["X-Request-Id"] == f"{span.context.trace_id:032x}"
    assert attributes(span)["restkit.request_id"] == response.headers["X-Request-Id"]
    assert shop.sent[0]["traceparent"].endswith("-03")  # sampled, and random (Level 2)
    other = shop.client.get("/items/1", headers={"X-Request-Id": "mine"})
    assert other.headers["X-Request-Id"] == "mine"


@pytest.mark.parametrize(
    ("path", "name", "status", "is_error"),
    [
        ("/items/404", "GET /items/{item_id}", 404, False),
        ("/broken", "GET /broken", 500, True),
        ("/nowhere/5", "GET", 404, False),
    ],
)
def test_a_fault_of_the_server_is_an_error(
    path: str, name: str, status: int, is_error: bool
) -> None:
    """One of the client is none, and an unknown URL has no route."""
    shop = Shop()
    assert shop.client.get(path).status == status
    span = shop.one(name)
    assert attributes(span)["http.response.status_code"] == status
    assert (span.status.status_code is StatusCode.ERROR) is is_error
    assert ("error.type" in attributes(span)) is is_error


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_an_unknown_method_is_no_name() -> None:
    """Clients may invent methods without end."""
    shop = Shop()
    assert shop.client.request("MAKEUP", "/items/1").status == 405
    (span,) = shop.spans()
    assert span.name == "HTTP"
    assert attributes(span)["http.request.method"] == "_OTHER"


def test_a_stream_ends_its_span() -> None:
    """Not the return of the method."""
    shop = Shop()
    response = shop.client.get("/lines")
    assert response.text == '{"n":1}\n{"n":2}\n'
    assert len(shop.spans("GET /lines")) == 1


def test_probes_have_no_spans() -> None:
    """They come every second."""
    shop = Shop()
    assert shop.client.get("/livez").status == 200
    assert shop.spans() == []


def test_log_lines_have_the_ids_of_the_span(caplog: pytest.LogCaptureFixture) -> None:
    """Also where requests are logged, which they are only if the Service says so."""
    with caplog.at_level(logging.INFO, "restkit.access"):
        Shop().client.get("/items/1")
        assert caplog.records == []
        shop = Shop(logs="json")
        shop.client.get("/items/1")
    (record,) = caplog.records
    span = shop.one("GET /items/{item_id}")
    assert span.context is not None
    assert vars(record)["span_id"] == f"{span.context.span_id:016x}"
    assert vars(record)["trace_id"] == f"{span.context.trace_id:032x}"


def test_without_a_collector_the_ids_are_those_of_the_request() -> None:
    """The program of a developer has the API of OpenTelemetry, and nothing that collects spans."""
    app, sent = App("Plain", extensions=[Service(traces=True)]), list[dict[str, str]]()
    app.get("/")(lambda: sent.append(outgoing_headers()) or {})
    response = Client(app).get("/", headers={"traceparent": PARENT})
    own = sent[0]["traceparent"].split("-")
    assert own[1] == PARENT[3:35]
    assert own[2] not in ("b7ad6b7169203331", "0" * 16)
    assert len(response.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    "others", [{"metrics": "/metrics"}, {"metrics": "/metrics", "logs": "json"}, {"logs": "text"}]
)
def test_spans_go_with_logs_and_metrics(
    others: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Each of them ends with the request, once."""
    shop = Shop(**others)
    with caplog.at_level(logging.INFO, "restkit.access"):
        shop.client.get("/items/1")
    assert len(shop.spans("GET /items/{item_id}")) == 1
    assert len(caplog.records) == ("logs" in others)
    measured = shop.client.get("/metrics").text if "metrics" in others else ""
    assert ('route="/items/{item_id}"' in measured) is ("metrics" in others)


def test_a_path_is_text() -> None:
    """WSGI has its bytes as Latin-1."""
    shop = Shop()
    shop.client.get("/caf%C3%A9")
    assert attributes(shop.one("GET"))["url.path"] == "/caf\u00e9"


def test_another_provider_is_refused() -> None:
    """In a sentence that says what is expected."""
    with pytest.raises(DeclarationError, match="must be True or a TracerProvider, got 'otlp'"):
        Service(traces="otlp")  # type: ignore[arg-type]


def test_the_document_does_not_change() -> None:
    """Spans are nothing that clients see."""
    plain = App("Shop", extensions=[Service()])
    traced = App("Shop", extensions=[Service(traces=True)])
    documents = [Client(each).get("/openapi.json").json for each in (plain, traced)]
    assert json.dumps(documents[0]) == json.dumps(documents[1])


def test_the_current_span_is_the_request() -> None:
    """A program adds attributes of its own."""
    shop = Shop()
    shop.client.get("/tenant")
    assert attributes(shop.one("GET /tenant"))["shop.tenant"] == "a"
