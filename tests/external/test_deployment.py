"""The configurations of the pages on deployment, run as they stand on the pages."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from programs import find_program, program_missing
from servers import free_port, serve_process

from .places import ROOT
from .shop_program import HOW_TO, block, write_shop

pytestmark = pytest.mark.external

SERVERS = ["gunicorn", "granian", "waitress", "uwsgi"]
_PROGRAMS = {
    "gunicorn": "gunicorn",
    "granian": "granian",
    "waitress": "waitress-serve",
    "uwsgi": "uwsgi",
}
_BIG = bytes(range(256)) * 32 * 1024  # 8 MiB


class Site:
    """What a client sees of a server."""

    def __init__(self, url: str, prefix: str = "") -> None:
        self.port = int(url.rpartition(":")[2])
        self.prefix = prefix

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Return the status, the headers and the content of a response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            given = {name.replace("_", "-"): each for name, each in headers.items()}
            connection.request(method, self.prefix + path, body, given)
            response = connection.getresponse()
            found = {name.lower(): each for name, each in response.getheaders()}
            return response.status, found, response.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON of a response that is no error."""
        status, _, content = self.ask(method, path, body, **headers)
        assert status < 400, content
        return json.loads(content)

    def arrivals(self, path: str, mark: bytes) -> list[float]:
        """Return the times at which each line with a mark arrives."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", self.prefix + path)
            response = connection.getresponse()
            assert response.status == 200
            times = []
            while line := response.readline():
                if mark in line:
                    times.append(time.monotonic())
            return times
        finally:
            connection.close()


def _command(server: str, folder: Path, port: int, module: str) -> list[str]:
    """Return the first command of the page that starts a server, on a port of its own."""
    program = _PROGRAMS[server]
    page = (HOW_TO / "deploy.md").read_text("utf-8")
    line = next(each for each in page.splitlines() if each.startswith(f"{program} "))
    found, *words = shlex.split(
        line.replace("shop.api:app", module).replace("0.0.0.0", "127.0.0.1")
    )
    if server == "uwsgi":
        text = block("deploy.md", "uwsgi.ini").replace("shop.api:app", module)
        (folder / "uwsgi.ini").write_text(text.replace(":8000", f":{port}"), "utf-8")
        words += ["--virtualenv", sys.prefix]
    elif not any(":8000" in each for each in words):
        words.append(f"--port={port}" if server == "granian" else f"--bind=127.0.0.1:{port}")
    words = [each.replace(":8000", f":{port}") for each in words]
    return [str(Path(sys.executable).parent / found), *words]


@contextmanager
def serving(
    server: str, folder: Path, *options: str, module: str = "shop.api:app", **variables: str
) -> Generator[Site]:
    """Serve the shop by a server."""
    needed, port = write_shop(folder), free_port()
    program, *words = _command(server, folder, port, module)
    command = [program, *options, *words]
    environment = {**needed, **variables}
    with serve_process(command, port=port, cwd=folder, environment=environment) as url:
        yield Site(url)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_hands_on_what_the_app_says(server: str, tmp_path: Path) -> None:
    """Bodies, names, errors, files and streams are those of the App under every server."""
    with serving(server, tmp_path) as site:
        line = json.dumps({"number": 7}).encode()
        assert site.json("POST", "/lines", line, Content_Type="application/json") == {"number": 7}
        status, headers, content = site.ask(
            "POST", "/lines", b"{}", Content_Type="application/json"
        )
        assert (status, headers["content-type"]) == (422, "application/problem+json")
        assert site.json("GET", "/names/%C3%A4%20b") == {"name": "\u00e4 b"}
        assert site.ask("GET", "/nowhere")[0] == 404
        status, headers, content = site.ask("HEAD", "/where")
        assert (status, content) == (200, b"")
        assert int(headers["content-length"]) > 10
        assert site.json("GET", "/where", Authorization="Token x")["authorization"] == "Token x"
        stored = site.json("PUT", "/files/a", _BIG, Content_Type="application/octet-stream")
        assert stored == {"bytes": len(_BIG), "sha256": hashlib.sha256(_BIG).hexdigest()}
        assert site.ask("GET", "/report", Range="bytes=0-2")[0::2] == (206, b"All")
        times = site.arrivals("/ticks", b"data:")
        assert len(times) == 3
        assert times[-1] - times[0] > 1


@pytest.mark.parametrize("server", SERVERS)
def test_a_chunked_body_arrives_or_is_refused(server: str, tmp_path: Path) -> None:
    """UWSGI does not hand chunked bodies on; no server makes an empty body of one."""
    with serving(server, tmp_path) as site:
        chunks = (each.encode() for each in ("one ", "two ", "three"))
        status, _, content = site.ask(
            "PUT", "/files/a", chunks, Content_Type="application/octet-stream"
        )

    if server == "uwsgi":
        assert (status, json.loads(content)["title"]) == (400, "Bad Request")
    else:
        assert json.loads(content)["bytes"] == len("one two three")


def _nginx(folder: Path, title: str, app_port: int, port: int) -> list[str]:
    """Write a configuration round a block of the page, and return the command."""
    locations = block("nginx.md", title).replace("127.0.0.1:8000", f"127.0.0.1:{app_port}")
    return _nginx_of(folder, locations.replace("/srv/files/", f"{folder}/files/"), port)


def _nginx_of(folder: Path, locations: str, port: int, upstream: str = "") -> list[str]:
    program = find_program("nginx", "/usr/sbin/nginx", packages="nginx-light")
    temporary = "\n".join(
        f"{each}_temp_path {folder}/{each};"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # The workers read the files of the test, which are those of its user.
    user = "user root;" if os.geteuid() == 0 else ""
    text = (
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\n{upstream}\n"
        f"server {{ listen 127.0.0.1:{port};\n{locations}\n}}\n}}\n"
    )
    (folder / "nginx.conf").write_text(text, "utf-8")
    return [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]


@contextmanager
def behind_nginx(
    folder: Path,
    title: str,
    server: str = "gunicorn",
    module: str = "shop.api:app",
    **variables: str,
) -> Generator[Site]:
    """Serve the shop by a server behind nginx."""
    options = ["--no-clear-untrusted-proxy-headers"] if server == "waitress" else []
    variables["RESTKIT_PROXIES"] = "1"
    with serving(server, folder, *options, module=module, **variables) as inner:
        port = free_port()
        with serve_process(_nginx(folder, title, inner.port, port), port=port) as url:
            yield Site(url)


@contextmanager
def _asking(site: Site) -> Generator[Counter[int]]:
    """Send GET and POST from four threads while the context lasts; count the statuses."""
    stopped, found = threading.Event(), Counter[int]()

    def ask() -> None:
        content = json.dumps({"number": 7}).encode()
        while not stopped.wait(0.005):
            found[site.ask("GET", "/where")[0]] += 1
            found[site.ask("POST", "/lines", content, Content_Type="application/json")[0]] += 1

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(ask) for _ in range(4)]
        try:
            yield found
        finally:
            stopped.set()
    for each in running:
        each.result()


def test_one_of_two_servers_is_replaced_behind_nginx(tmp_path: Path) -> None:
    """The steps of the page lose no request: no error, and no connection that breaks."""
    locations = block("nginx.md", "shop.nginx").replace("http://127.0.0.1:8000", "http://shop")
    variables = {**write_shop(tmp_path), "RESTKIT_PROXIES": "1"}
    ports, port = [free_port(), free_port()], free_port()
    upstream = block("nginx.md", "shop-upstream.nginx")
    for written, used in zip((8001, 8002), ports, strict=True):
        upstream = upstream.replace(f"127.0.0.1:{written}", f"127.0.0.1:{used}")

    def served(at: int) -> AbstractContextManager[str]:
        restkit = [sys.executable, "-m", "restkit", "drain", "--wait", "1", "--"]
        gunicorn = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{at}", "--threads=8"]
        command = [*restkit, *gunicorn, "shop.api:app"]
        return serve_process(command, port=at, cwd=tmp_path, environment=variables)

    def reload(text: str) -> None:
        _nginx_of(tmp_path, locations, port, text)
        os.kill(int((tmp_path / "nginx.pid").read_text("ascii")), signal.SIGHUP)
        time.sleep(1)  # until the old workers have had their last request

    command = _nginx_of(tmp_path, locations, port, upstream)
    with served(ports[1]), ExitStack() as first:
        first.enter_context(served(ports[0]))
        with serve_process(command, port=port) as url, _asking(Site(url)) as statuses:
            _wait_for(statuses, 50)
            reload(upstream.replace(f"{ports[0]};", f"{ports[0]} down;"))
            first.close()  # SIGTERM, and waits for the end
            _wait_for(statuses, statuses.total() + 50)
            first.enter_context(served(ports[0]))
            reload(upstream)
            _wait_for(statuses, statuses.total() + 50)
    assert set(statuses) == {200}


def _wait_for(statuses: Counter[int], number: int) -> None:
    deadline = time.monotonic() + 30
    while statuses.total() < number:
        assert time.monotonic() < deadline, statuses
        time.sleep(0.05)


@pytest.mark.parametrize("server", SERVERS)
def test_nginx_in_front_of_a_server(server: str, tmp_path: Path) -> None:
    """The App has the client's address and its own URL; a client's own headers are not believed."""
    with behind_nginx(tmp_path, "shop.nginx", server) as site:
        forged = {
            "X_Forwarded_For": "6.6.6.6",
            "X_Forwarded_Host": "evil.example",
            "X_Forwarded_Prefix": "/evil",
        }
        seen = site.json("GET", "/where", **forged)
        assert seen == {
            "url": f"http://127.0.0.1:{site.port}/where",
            "client": "127.0.0.1",
            "authorization": None,
        }
        assert site.ask("GET", "/where", X_Forwarded_Proto="gopher")[0] == 200
        stored = site.json("PUT", "/files/a", _BIG, Content_Type="application/octet-stream")
        assert stored["sha256"] == hashlib.sha256(_BIG).hexdigest()
        chunks = (_BIG[start : start + 65_536] for start in range(0, len(_BIG), 65_536))
        stored = site.json("PUT", "/files/a", chunks, Content_Type="application/octet-stream")
        assert stored["sha256"] == hashlib.sha256(_BIG).hexdigest()


def test_nginx_refuses_what_is_larger_than_its_limit(tmp_path: Path) -> None:
    with behind_nginx(tmp_path, "shop.nginx") as site:
        status, headers, _ = site.ask("PUT", "/files/a", None, Content_Length=str(65 * 1024 * 1024))
        assert (status, headers["content-type"]) == (413, "text/html")


@pytest.mark.parametrize(("path", "mark"), [("/ticks", b"data:"), ("/lines", b"number")])
def test_nginx_holds_no_stream_back(path: str, mark: bytes, tmp_path: Path) -> None:
    with behind_nginx(tmp_path, "shop.nginx") as site:
        times = site.arrivals(path, mark)
        assert len(times) == 3
        assert times[-1] - times[0] > 1


def test_nginx_sends_the_files_that_the_app_names(tmp_path: Path) -> None:
    """The App sends no content; nginx answers ranges, and the location is closed to clients."""
    variables = {
        "RESTKIT_SENDFILE": "X-Accel-Redirect",
        "RESTKIT_SENDFILE_PATHS": f"{tmp_path}/files=/protected",
    }
    with behind_nginx(tmp_path, "shop.nginx", **variables) as site:
        status, headers, content = site.ask("GET", "/report")
        assert (status, content) == (200, (tmp_path / "files" / "report.txt").read_bytes())
        assert "x-accel-redirect" not in headers
        assert site.ask("GET", "/report", Range="bytes=0-2")[0::2] == (206, b"All")
        assert site.ask("GET", "/protected/report.txt")[0] == 404


def test_nginx_removes_a_prefix(tmp_path: Path) -> None:
    with behind_nginx(tmp_path, "shop-prefix.nginx", module="shop.api:prefixed") as site:
        site.prefix = "/shop"
        assert site.json("GET", "/where")["url"] == f"http://127.0.0.1:{site.port}/shop/where"
        document = site.json("GET", "/openapi.json")
        assert document["servers"] == [{"url": "/shop"}]


def test_apache_with_mod_wsgi(tmp_path: Path) -> None:
    modules = Path("/usr/lib/apache2/modules")
    if not (modules / "mod_wsgi.so").exists():
        program_missing("Apache with mod_wsgi is not installed", "apache2 libapache2-mod-wsgi-py3")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if not (modules / f"mod_wsgi.so-{version}").exists():
        pytest.skip(f"mod_wsgi of this machine is not for Python {version}")
    closed = [each for each in (Path(sys.prefix), ROOT) if not _is_open_to_others(each)]
    if os.geteuid() == 0 and closed:
        pytest.skip(f"Apache's workers are another user, who may not read {closed[0]}")
    needed, port = write_shop(tmp_path), free_port()
    (tmp_path / "shop.wsgi").write_text(block("deploy.md", "shop.wsgi"), "utf-8")
    text = block("deploy.md", "shop.conf")
    text = text.replace("/srv/shop/venv", sys.prefix).replace("processes=4", "processes=1")
    text = text.replace("python-path=/srv/shop", f"python-path={needed['PYTHONPATH']}")
    text = text.replace("/srv/shop", str(tmp_path))
    user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    loaded = "".join(
        f"LoadModule {each}_module {modules}/mod_{each}.so\n"
        for each in ("mpm_event", "authz_core", "wsgi")
    )
    (tmp_path / "apache.conf").write_text(
        f"ServerRoot {tmp_path}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\n"
        f"PidFile {tmp_path}/apache.pid\nErrorLog {tmp_path}/error.log\n"
        f"DefaultRuntimeDir {tmp_path}\n{loaded}{user}WSGISocketPrefix {tmp_path}/wsgi\n{text}",
        "utf-8",
    )
    _open_to_others(tmp_path)
    command = ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", str(tmp_path / "apache.conf")]
    with serve_process(command, port=port, environment=needed) as url:
        site = Site(url)
        line = json.dumps({"number": 7}).encode()
        assert site.json("POST", "/lines", line, Content_Type="application/json") == {"number": 7}
        assert site.json("GET", "/where", Authorization="Token x")["authorization"] == "Token x"
        assert site.json("GET", "/names/%C3%A4%20b") == {"name": "\u00e4 b"}
        stored = site.json("PUT", "/files/a", _BIG, Content_Type="application/octet-stream")
        assert stored["sha256"] == hashlib.sha256(_BIG).hexdigest()


def _is_open_to_others(folder: Path) -> bool:
    """Return whether any user may read a folder."""
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (folder, *folder.parents))


def _open_to_others(folder: Path) -> None:
    """Let the user of Apache's workers read a folder of a test."""
    for each in [folder, *folder.parents]:
        if each.stat().st_uid == os.geteuid() and each != Path(each.anchor):
            each.chmod(each.stat().st_mode | 0o055)


# AWS Lambda


def _called(folder: Path, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Call the function of the page, and return its responses."""
    needed = write_shop(folder)
    (folder / "lambda_function.py").write_text(
        block("aws-lambda.md", "lambda_function.py"), "utf-8"
    )
    program = (
        "import json, sys; from lambda_function import lambda_handler; "
        "print(json.dumps([lambda_handler(each, None) for each in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(events),
        env={**os.environ, **needed},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _event(method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    """Return an event of API Gateway for HTTP, format 2.0."""
    about = {"method": method, "path": path, "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "api.example", **headers},
        "requestContext": {"http": {**about, "sourceIp": "192.0.2.1"}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def test_lambda(tmp_path: Path) -> None:
    line, binary = json.dumps({"number": 7}).encode(), bytes(range(256))
    made, missing, where, stored = _called(
        tmp_path,
        _event("POST", "/lines", line, **{"content-type": "application/json"}),
        _event("GET", "/nowhere"),
        _event("GET", "/where", authorization="Token x"),
        _event("PUT", "/files/a", binary, **{"content-type": "application/octet-stream"}),
    )

    assert (made["statusCode"], json.loads(_content(made))) == (200, {"number": 7})
    assert missing["statusCode"] == 404
    assert json.loads(_content(missing))["title"] == "Not Found"
    assert json.loads(_content(where))["url"].endswith("://api.example/where")
    assert json.loads(_content(stored))["sha256"] == hashlib.sha256(binary).hexdigest()


def _content(response: dict[str, Any]) -> bytes:
    body: str = response["body"]
    return base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()


# containers


def _command_of_image() -> list[str]:
    (line,) = re.findall(
        r"^CMD (.*)$", block("docker-and-kubernetes.md", "Dockerfile"), re.MULTILINE
    )
    command: list[str] = json.loads(line)
    return command


def _command_of_systemd() -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", block("deploy.md", "shop.service"), re.MULTILINE)
    return [each.removeprefix("/srv/shop/venv/bin/") for each in shlex.split(line)]


@pytest.mark.parametrize("command_of", [_command_of_image, _command_of_systemd])
def test_the_command_serves_and_ends_without_an_error(
    command_of: Callable[[], list[str]], tmp_path: Path
) -> None:
    """The command is ready, and SIGTERM ends it with the status 0 after it has drained."""
    needed, port = write_shop(tmp_path), free_port()
    command = [each for each in command_of() if not each.startswith(("--bind", "--wait"))]
    command.insert(command.index("--"), "--wait=3")
    command.insert(command.index("gunicorn") + 1, f"--bind=127.0.0.1:{port}")
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, **needed, "PATH": tools},
        stderr=subprocess.DEVNULL,
    )
    try:
        site = Site(f"http://127.0.0.1:{port}")
        assert _ready(site)
        process.send_signal(signal.SIGTERM)
        assert _is_draining(site)
        assert site.ask("GET", "/where")[0] == 200
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()


def _is_draining(site: Site, seconds: float = 10) -> bool:
    """Return whether the server still responds, and says that it is not ready."""
    deadline = time.monotonic() + seconds
    while (found := site.ask("GET", "/readyz")[0]) == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    return found == 503


def _ready(site: Site, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            return site.ask("GET", "/readyz")[0] == 200
        except OSError:
            time.sleep(0.1)
    return False


def _manifests() -> list[dict[str, Any]]:
    texts = [block("docker-and-kubernetes.md", name) for name in ("shop.yaml", "migrate.yaml")]
    return [each for text in texts for each in yaml.safe_load_all(text)]


def test_manifests_are_valid() -> None:
    """Each manifest holds against the newest schemas of Kubernetes, unknown members are errors."""
    manifests = _manifests()

    assert [each["kind"] for each in manifests] == [
        "Deployment",
        "Service",
        "PodDisruptionBudget",
        "Job",
    ]
    newest = kubernetes_validate.latest_version()
    for each in manifests:
        kubernetes_validate.validate(each, newest, strict=True)
    broken = {**manifests[0], "spec": {**manifests[0]["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, newest, strict=True)


def test_manifests_keep_to_the_service(tmp_path: Path) -> None:
    """The probes ask for URLs that the Service answers, and the times leave room for draining."""
    pod = _manifests()[0]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    probes = [container[f"{each}Probe"] for each in ("startup", "liveness", "readiness")]
    wait = next(float(each[7:]) for each in _command_of_image() if each.startswith("--wait="))

    with serving("waitress", tmp_path) as site:
        found = [site.ask("GET", each["httpGet"]["path"])[0] for each in probes]

    assert found == [200, 200, 200]
    readiness = probes[2]
    assert readiness["periodSeconds"] * readiness["failureThreshold"] < wait
    assert wait + 30 < pod["terminationGracePeriodSeconds"]
    assert container["ports"][0]["containerPort"] == 8000
    assert ROOT in HOW_TO.parents
