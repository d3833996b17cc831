"""Apache httpd as a reverse proxy, with the configuration of the page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from programs import find_program
from servers import free_port, serve_process

from .shop_program import block
from .test_deployment import Site, serving

pytestmark = pytest.mark.external

_MODULES = "mpm_event", "authz_core", "proxy", "proxy_http", "headers"


def test_apache_in_front_of_a_server(tmp_path: Path) -> None:
    """The App has the client's address and its own URL; a client's own headers are not believed."""
    program = find_program("apache2", "/usr/sbin/apache2", packages="apache2")
    folder = tmp_path / "apache"
    folder.mkdir()
    port = free_port()
    with serving("gunicorn", tmp_path, RESTKIT_PROXIES="1") as inner:
        text = block("nginx.md", "shop-proxy.conf").replace(":8000", f":{inner.port}")
        loaded = "".join(
            f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so\n"
            for each in _MODULES
        )
        user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
        (folder / "apache.conf").write_text(
            f"ServerRoot {folder}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\n"
            f"PidFile {folder}/apache.pid\nErrorLog {folder}/error.log\n"
            f"DefaultRuntimeDir {folder}\n{loaded}{user}{text}",
            "utf-8",
        )
        command = [program, "-D", "FOREGROUND", "-f", str(folder / "apache.conf")]
        with serve_process(command, port=port) as url:
            site = Site(url)
            seen = site.json(
                "GET",
                "/where",
                X_Forwarded_For="6.6.6.6",
                X_Forwarded_Host="evil.example",
                X_Forwarded_Prefix="/evil",
                X_Forwarded_Proto="gopher",
            )
            assert seen["url"] == f"http://127.0.0.1:{port}/where"
            assert seen["client"] == "127.0.0.1"
            assert site.json("GET", "/where", Authorization="Token x")["authorization"] == "Token x"
            assert site.json("GET", "/names/%C3%A4%20b") == {"name": "\u00e4 b"}
            status, headers, _ = site.ask("GET", "/nowhere/a%2Fb")
            assert (status, headers["content-type"]) == (404, "application/problem+json")
