"""Start the three services and the worker of the orders; SIGINT or SIGTERM ends them all."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[2]
GRACE = 35.0  # seconds for the rows that the worker has, which has 30


def commands(port: int) -> dict[str, list[str]]:
    """Return the command of each process by its name.

    Args:
        port: That of the orders; the catalogue and the payments have the next ones.
    """
    restkit = [sys.executable, "-m", "restkit"]
    serve = [*restkit, "run", "--port"]
    return {
        "catalogue": [*serve, str(port + 1), "examples.shop.catalogue"],
        "payments": [*serve, str(port + 2), "examples.shop.payments"],
        "orders": [*serve, str(port), "examples.shop.orders"],
        "worker of the orders": [*restkit, "worker", "--poll", "0.2", "examples.shop.orders"],
    }


def environment(port: int, folder: Path) -> dict[str, str]:
    """Return the environment of the processes; variables that are set already stay as they are."""
    variables = {
        f"{name}_DATABASE_URL": f"sqlite:///{folder.resolve() / name.lower()}.db"
        for name in ("CATALOGUE", "PAYMENTS", "ORDERS")
    }
    variables["ORDERS_CATALOGUE_URL"] = f"http://127.0.0.1:{port + 1}"
    variables["ORDERS_PAYMENTS_URL"] = f"http://127.0.0.1:{port + 2}"
    path = os.pathsep.join(each for each in (str(ROOT), os.environ.get("PYTHONPATH")) if each)
    return {**variables, **os.environ, "PYTHONPATH": path}


def is_ready(url: str) -> bool:
    """Return whether a service responds to readiness probes."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=3) as response:
            return bool(response.status == 200)
    except OSError:  # a 503 is a URLError, which is one
        return False


def run(port: int, folder: Path) -> int:
    """Run the processes until a signal comes or one of them ends; return the exit code."""
    variables = environment(port, folder)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands(port).items():
            running[name] = subprocess.Popen(command, env=variables)
        waiting = {"catalogue": port + 1, "payments": port + 2, "orders": port}
        while all(each.poll() is None for each in running.values()):
            for name, own_port in [*waiting.items()]:
                if is_ready(f"http://127.0.0.1:{own_port}"):
                    print(f"{name}: http://127.0.0.1:{own_port}/docs", flush=True)
                    del waiting[name]
            time.sleep(0.2)
        ended = [name for name, each in running.items() if each.poll() is not None]
        print(f"Ended: {', '.join(ended)}. The others are stopped.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop(running)


def stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Let all processes finish what they do, and end those that do not."""
    for each in running.values():
        each.terminate()
    until = time.monotonic() + GRACE
    for each in running.values():
        try:
            each.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Stop as by Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m examples.shop", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="of the orders; the next two too")
    parser.add_argument("--folder", type=Path, default=Path(), help="of the databases")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"There is no folder {given.folder}.")
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, interrupt)
    return run(given.port, given.folder)


if __name__ == "__main__":
    sys.exit(main())
