"""Measure, print the table, and record: ``python -m tests.benchmarks``.

A whole run (every row, program and part) writes results/recorded.json, docs/benchmarks.md and its
chart; a partial one
prints only, unless ``--record`` is given, which merges its figures into the record.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from .cases import ROWS
from .measure import PARTS, Plan, measure
from .programs import PEERS, installed
from .record import LATEST, RECORDED, about, load, save
from .report import table, write

__all__ = ["main"]

_QUICK = {
    "rows": "hello,post,list-100",
    "peers": "restkit,falcon,fastapi",
    "parts": "instructions,ratios,cold",
}


def main(arguments: Sequence[str]) -> None:
    """Run the command."""
    options = _options(arguments)
    if options.render:
        write(load(RECORDED))
        return
    rows, peers, parts = (
        _chosen(options, "rows", ROWS),
        _chosen(options, "peers", PEERS),
        _chosen(options, "parts", PARTS),
    )
    for name in [name for name in peers if not installed(PEERS[name])]:
        print(f"{PEERS[name].title} is not installed; it is left out", file=sys.stderr)
        peers.remove(name)
    figures = load(LATEST) if options.resume else {}
    plan = Plan(
        rows,
        peers,
        options.plain,
        options.lean,
        options.quick,
        options.resume,
        figures,
        lambda: save(LATEST, figures),
    )
    measure(plan, parts)
    print("\n".join(table(figures)))
    whole = (rows, peers, parts) == (list(ROWS), list(PEERS), list(PARTS)) and not options.quick
    if whole or options.record:
        recorded = load(RECORDED)
        # A partial run stands beside the whole one that it corrects.
        commands = [] if whole else [recorded.get("about", {}).get("command"), _command(options)]
        command = "; ".join(each for each in commands if each) or _command(options)
        merged = _merged(recorded, figures, about(peers, options.label, command), options)
        save(RECORDED, merged)
        write(merged)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rows", default="", help=", ".join(ROWS))
    parser.add_argument("--peers", default="", help=", ".join(PEERS))
    parser.add_argument("--parts", default="", help=", ".join(PARTS))
    parser.add_argument(
        "--quick", action="store_true", help="a few rows, programs and short measurements"
    )
    parser.add_argument(
        "--plain", default="", help="an interpreter that has restkit without orjson and msgspec"
    )
    parser.add_argument(
        "--lean", default="", help="an interpreter that has restkit[fast] and no other extra"
    )
    parser.add_argument("--label", default="", help="what is special about restkit in this run")
    parser.add_argument(
        "--record", action="store_true", help="record a partial run, merged into what is recorded"
    )
    parser.add_argument(
        "--keep-before", action="store_true", help='leave the column "restkit before" as it is'
    )
    parser.add_argument("--resume", action="store_true", help="keep what results/latest.json has")
    parser.add_argument(
        "--render", action="store_true", help="measure nothing, write the page of what is recorded"
    )
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace, what: str, known: Any) -> list[str]:
    said = getattr(options, what) or (_QUICK[what] if options.quick else "")
    names = said.split(",") if said else list(known)
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(
            f"--{what}: {', '.join(sorted(unknown))} is unknown; there are {', '.join(known)}"
        )
    return [name for name in known if name in names]


def _command(options: argparse.Namespace) -> str:
    """Return the command as anyone would type it: without the places of this machine."""
    words = ["python", "-m", "tests.benchmarks"]
    words += [
        f"--{what}={getattr(options, what)}"
        for what in ("rows", "peers", "parts")
        if getattr(options, what)
    ]
    words += [
        f"--{what}=path/to/{what}/python" for what in ("plain", "lean") if getattr(options, what)
    ]
    words += [f"--{what}" for what in ("quick", "resume") if getattr(options, what)]
    return shlex.join(words)


def _merged(
    recorded: dict[str, Any],
    figures: dict[str, Any],
    about: dict[str, Any],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Return the record with new figures, and restkit's earlier ones as ``before``."""
    merged = _deep(recorded, {**figures, "about": about})
    known = recorded.get("about", {})
    if known and options.parts == "database":  # its figures say themselves what they depend on
        merged["about"] = {**known, "command": about["command"]}
        return merged
    if known and not any("restkit" in row for row in figures.get("instructions", {}).values()):
        merged["about"].update(commit=known["commit"], label=known["label"])
        return merged
    earlier = {row: each.get("restkit") for row, each in recorded.get("instructions", {}).items()}
    if earlier and not options.keep_before:
        merged["before"] = {
            "commit": known["commit"],
            "label": known["label"],
            "instructions": earlier,
        }
    return merged


def _deep(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: _deep(old.get(name), new.get(name, old.get(name))) for name in {**old, **new}}
    return new


if __name__ == "__main__":
    main(sys.argv[1:])
