"""A real Redis for tests: one that answers, or else one that is started here.

``RESTKIT_TEST_REDIS_URL`` names a server, such as ``redis://127.0.0.1:6379/0``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache

import redis
from programs import program_missing
from servers import free_port

__all__ = ["redis_url"]

_USUAL = "redis://127.0.0.1:6379/0"


@lru_cache(maxsize=1)
def redis_url() -> str:
    """Return the URL of a server whose keys may be written; tests keep to prefixes of their own."""
    given = os.environ.get("RESTKIT_TEST_REDIS_URL")
    if given:
        return given
    if _answers(_USUAL):
        return _USUAL
    if shutil.which("redis-server") is None:
        program_missing(
            "Redis is not installed",
            "redis-server",
            otherwise="or name a server in RESTKIT_TEST_REDIS_URL",
        )
    folder, port = tempfile.mkdtemp(prefix="restkit-redis-"), free_port()
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        folder,
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def end() -> None:
        server.terminate()
        server.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    url = f"redis://127.0.0.1:{port}/0"
    while not _answers(url):
        if server.poll() is not None:
            raise RuntimeError(f"redis-server ended with {server.returncode}")
        os.sched_yield()
    return url


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_connect_timeout=3)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
