"""``restkit verify``: drawn requests to an App, whose responses must conform to its document."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from ..errors import RestkitError
from ..verification import PHASES, Plan, Tally, lines_of
from .target import Mistake, target_of

__all__ = ["command"]


@click.command()
@click.argument("target")
@click.option(
    "--examples", type=click.IntRange(min=1), help="Requests drawn an operation and phase."
)
@click.option("--seconds", type=click.IntRange(min=1), help="The most seconds of the run.")
@click.option("--seed", type=int, help="The seed of the draws; a random one without it.")
@click.option(
    "--phase", "phases", type=click.Choice(PHASES), multiple=True, help="Only this phase."
)
@click.option("--only", multiple=True, help="Only the operation with this operationId.")
@click.option("--safe", is_flag=True, help="Only methods that change nothing.")
@click.option(
    "--header", "headers", multiple=True, help="A header of every request, 'Name: value'."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="The report."
)
@click.option("--traceback", "shown", is_flag=True, help="Show the whole traceback of an error.")
def command(  # one for each option
    target: str,
    examples: int | None,
    seconds: int | None,
    seed: int | None,
    phases: tuple[str, ...],
    only: tuple[str, ...],
    safe: bool,
    headers: tuple[str, ...],
    form: str,
    shown: bool,
) -> None:
    """Send drawn requests to an App, and compare each response with its document.

    TARGET runs in this process, with its settings: name a database that may be written to, or use
    --safe. A schemathesis.toml of the project is read. The exit status is 1 if there is a fault.
    """
    try:
        from ..verification import verify
    except ImportError as error:
        raise Mistake(
            "restkit verify needs Schemathesis: python -m pip install 'restkit[verify]'."
        ) from error
    app = target_of(target, shown)
    plan = Plan(examples, seed, seconds, phases, only, safe, dict(map(_header, headers)))
    try:
        tally = verify(app, plan)
    except RestkitError as error:
        raise Mistake(str(error)) from error
    _print(_json_of(tally) if form == "json" else lines_of(tally))
    if tally.found or tally.ended == "interrupted":
        raise click.exceptions.Exit(1)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (name.strip() and colon):
        raise Mistake(f"--header is 'Name: value', got {text!r}.")
    return name.strip(), value.strip()


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _json_of(tally: Tally) -> list[str]:
    faults = [{**each._asdict(), "count": tally.counts[key]} for key, each in tally.found.items()]
    report = {
        "seed": tally.seed,
        "operations": len(tally.operations),
        "requests": tally.requests,
        "checks": tally.checks.total(),
        "seconds": round(tally.seconds, 1),
        "ended": tally.ended,
        "faults": faults,
        "neverSucceeded": tally.unsuccessful(),
        "withoutRequests": tally.unanswered(),
    }
    return [json.dumps(report, indent=2)]
