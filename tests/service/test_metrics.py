"""Metrics of requests, read by the parsers of prometheus-client."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families
from servers import free_port, serve_process

from restkit import App, NotFound, Proceed, Request, Response, TooManyRequests, raises
from restkit.openapi import build
from restkit.security import Hosts, HTTPBearer
from restkit.service import Service
from restkit.testing import Client

ROOT = Path(__file__).parents[2]
COUNT = "http_server_request_duration_seconds_count"
SUM = "http_server_request_duration_seconds_sum"
BUCKET = "http_server_request_duration_seconds_bucket"
ACTIVE = "http_server_active_requests"


def shop(prefix: str, *extensions: Any, **options: Any) -> App:
    """Return an App whose routes no other test has: the metrics are those of the process."""
    app = App("Shop", extensions=[*extensions, Service(metrics="/metrics", **options)])

    @app.get(f"/{prefix}/<int:item_id>")
    @raises(NotFound)
    def item(item_id: int) -> dict[str, int]:
        if item_id == 404:
            raise NotFound
        return {"id": item_id}

    @app.get(f"/{prefix}/broken")
    def broken() -> str:
        raise RuntimeError

    @app.get(f"/{prefix}/slow")
    def slow() -> str:
        time.sleep(0.06)
        return "slow"

    return app


def samples(text: str, name: str) -> dict[tuple[str, ...], float]:
    """Return the values of a metric by method, route, status and kind of error."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            if each.name == name:
                labels = each.labels
                names = ("method", "route", "status", "error_type", "le")
                found[tuple(labels[name] for name in names if name in labels)] = each.value
    return found


def counts(client: Client, prefix: str) -> dict[tuple[str, ...], float]:
    found = samples(client.get("/metrics").text, COUNT)
    return {key: value for key, value in found.items() if f"/{prefix}/" in key[1]}


def test_requests_are_counted_by_their_route() -> None:
    """A 4xx is no error; the value of a variable is no label."""
    client = Client(shop("counted"), raise_errors=False)
    for number in (1, 2, 3, 404):
        client.get(f"/counted/{number}")
    client.request("HEAD", "/counted/1")
    client.get("/counted/1?x=1")
    client.get("/counted/broken")
    assert counts(client, "counted") == {
        ("GET", "/counted/{item_id}", "200", ""): 3,
        ("GET", "/counted/{item_id}", "404", ""): 1,
        ("HEAD", "/counted/{item_id}", "200", ""): 1,
        ("GET", "/counted/{item_id}", "422", ""): 1,
        ("GET", "/counted/broken", "500", "500"): 1,
    }


def test_the_duration_is_in_the_buckets_of_the_convention() -> None:
    client = Client(shop("timed"))
    client.get("/timed/slow")
    text = client.get("/metrics").text
    key = ("GET", "/timed/slow", "200", "")
    assert 0.06 <= samples(text, SUM)[key] < 5
    buckets = {each[-1]: value for each, value in samples(text, BUCKET).items() if each[:4] == key}
    assert list(buckets) == [
        *("0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75"),
        *("1.0", "2.5", "5.0", "7.5", "10.0", "+Inf"),
    ]
    assert buckets["0.05"] == 0
    assert buckets["+Inf"] == 1


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_unknown_urls_and_methods_make_no_series() -> None:
    """Scanners try thousands of them."""
    client = Client(shop("scanned"))
    before = len(samples(client.get("/metrics").text, COUNT))
    for number in range(50):
        client.get(f"/scanned-{number}.php")
        client.request(f"METHOD{number}", f"/scanned-{number}.php")
    after = samples(client.get("/metrics").text, COUNT)
    assert after["GET", "unmatched", "404", ""] >= 50
    assert after["_OTHER", "unmatched", "404", ""] >= 50
    assert len(after) <= before + 2
    assert "scanned-" not in client.get("/metrics").text


def test_responses_of_middleware_count_with_their_route() -> None:
    app = shop("guarded")

    @app.middleware
    @raises(TooManyRequests)
    def limit(request: Request, proceed: Proceed) -> Response:
        if "X-Often" in request.headers:
            raise TooManyRequests
        return proceed(request)

    client = Client(app)
    client.get("/guarded/7", headers={"X-Often": "1"})
    assert counts(client, "guarded") == {("GET", "/guarded/{item_id}", "429", ""): 1}


def test_a_mounted_app_has_the_whole_route() -> None:
    outer = App("Mall", extensions=[Service(metrics="/metrics")])
    inner = App("Stock")
    inner.get("/items/<name>")(lambda name: "item")
    outer.mount("/mounted/<tenant>", inner)
    client = Client(outer)
    client.get("/mounted/a/items/b")
    assert list(counts(client, "mounted")) == [
        ("GET", "/mounted/{tenant}/items/{name}", "200", ""),
    ]


def test_probes_and_the_metrics_themselves_are_not_measured() -> None:
    client = Client(shop("probed"))
    for path in ("/livez", "/readyz", "/metrics"):
        assert client.get(path).status == 200
    routes = {key[1] for key in samples(client.get("/metrics").text, COUNT)}
    assert routes.isdisjoint({"/livez", "/readyz", "/metrics"})


def test_active_requests_are_those_that_are_not_closed() -> None:
    """A stream is active until its end, and measured after it."""
    app = shop("active")
    seen: list[float] = []

    @app.get("/active/stream")
    def stream() -> Iterator[str]:
        yield "a"
        seen.append(active())
        yield "b"

    client = Client(app)

    def active() -> float:
        return samples(client.get("/metrics").text, ACTIVE)["GET",]

    client.get("/active/1")
    before = active()
    client.get("/active/stream")
    assert seen == [before + 1]
    assert active() == before
    assert counts(client, "active")["GET", "/active/stream", "200", ""] == 1


@pytest.mark.parametrize("logs", [None, "json"])
def test_an_exception_that_leaves_the_app_is_a_500(logs: str | None) -> None:
    """And the request is active no longer."""
    app = shop("left", logs=logs)

    @app.get("/left/interrupted")
    def interrupted() -> str:
        raise KeyboardInterrupt

    client = Client(app)

    def state() -> tuple[float, float]:
        text = client.get("/metrics").text
        key = ("GET", "unmatched", "500", "500")
        return samples(text, ACTIVE)["GET",], samples(text, COUNT).get(key, 0)

    active, failed = state()
    with pytest.raises(KeyboardInterrupt):
        client.get("/left/interrupted")
    assert state() == (active, failed + 1)


def test_it_is_as_open_as_a_probe() -> None:
    """Prometheus calls by IP address, and has no credentials of the API."""
    app = App("Shop", security=HTTPBearer(lambda token: None))
    app.install(Hosts(["shop.example"]))
    app.install(Service(metrics="/internal/metrics"))
    response = Client(app).get("/internal/metrics", headers={"Host": "10.0.0.7"})
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert build(app)["paths"]["/internal/metrics"]["get"]["tags"] == ["Service"]


def test_without_the_option_there_is_none() -> None:
    app = App("Shop", extensions=[Service()])
    assert Client(app).get("/metrics").status == 404


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,"
            "*/*;q=0.1",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ],
)
def test_prometheus_gets_the_format_that_it_asks_for(accept: str | None, content_type: str) -> None:
    client = Client(shop("served"))
    client.get("/served/7")
    response = client.get("/metrics", headers={} if accept is None else {"Accept": accept})
    found, text = response.headers["Content-Type"], response.text
    assert found.startswith(content_type)
    parse = openmetrics_families if "openmetrics" in found else text_string_to_metric_families
    names = {family.name for family in parse(text)}
    assert {"http_server_request_duration_seconds", ACTIVE} <= names


PROGRAM = """
import os

from restkit import App
from restkit.service import Service

app = App("Shop", extensions=[Service(metrics="/metrics", logs="text")])


@app.get("/pid")
def pid() -> int:
    return os.getpid()
"""
HOOK = """
def child_exit(server, worker):
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
"""


def gunicorn(folder: Path, port: int) -> list[str]:
    (folder / "shop.py").write_text(PROGRAM)
    (folder / "gunicorn.conf.py").write_text(HOOK)
    return [sys.executable, "-m", "gunicorn", "-w2", f"-b127.0.0.1:{port}", "shop:app"]


def test_two_processes_are_counted_together(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "metrics").mkdir()
    environment = {
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    command = gunicorn(tmp_path, port)
    with serve_process(command, port=port, cwd=tmp_path, environment=environment) as url:
        pids: list[bytes] = []
        deadline = time.monotonic() + 30
        while len(set(pids)) < 2 and time.monotonic() < deadline:
            with urlopen(f"{url}/pid") as response:
                pids.append(response.read())
        time.sleep(0.5)  # a request is measured after its response is sent
        texts: list[str] = []
        for _ in range(10):
            with urlopen(f"{url}/metrics") as response:
                texts.append(response.read().decode())
    assert len(set(pids)) == 2
    key = ("GET", "/pid", "200", "")
    assert [samples(each, COUNT)[key] for each in texts] == [len(pids)] * 10
    assert samples(texts[0], ACTIVE)["GET",] == 1


def test_processes_without_a_folder_are_a_warning(tmp_path: Path) -> None:
    port = free_port()
    environment = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path)))}
    log = tmp_path / "errors"
    command = [*gunicorn(tmp_path, port), f"--error-logfile={log}", "--capture-output"]
    with serve_process(command, port=port, cwd=tmp_path, environment=environment) as url:
        urlopen(f"{url}/metrics").close()
    assert "Set PROMETHEUS_MULTIPROC_DIR to an empty folder" in log.read_text("utf-8")


def test_a_missing_package_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "prometheus_client.py").write_text("raise ImportError")
    code = "from restkit.service import Service; Service(metrics='/metrics')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'restkit[metrics]'" in done.stderr
