"""The page and the charts of the recorded figures:
docs/benchmarks.md, and benchmarks.svg, scaling.svg and database-growth.svg in images.
"""

from __future__ import annotations

from collections.abc import Callable

from .cases import ROWS
from .chart import Bar, Group, draw
from .database_report import INTRO, database
from .further_report import growth_svg
from .instructions import ROOT
from .measure import SCALED
from .payload_report import RECORD, payload_parts
from .programs import PEERS
from .record import load
from .start_report import Demand, unmet
from .tables import Figures, markdown, ratio, thousands

__all__ = ["scaling_svg", "svg", "table", "text", "write"]

_PAGE = ROOT / "docs" / "benchmarks.md"
_CHART = ROOT / "docs" / "images" / "benchmarks.svg"
_SCALING = _CHART.with_name("scaling.svg")
_SIZES = {
    "list": "Objects of a list, each 10 fields; thousand instructions a request:",
    "routes": "Routes of the program, the last one asked; thousand instructions a request:",
    "nesting": (
        "Depth of the nested object that is posted and answered; thousand instructions a request:"
    ),
}
_KINDS = {
    "list": ("list of objects of 10 fields", "objects"),
    "routes": ("last of the routes", "routes"),
    "nesting": ("POST of a nested object, validated, serialized back", "deep"),
}


def write(figures: Figures) -> None:
    """Write the page and the charts."""
    _CHART.parent.mkdir(exist_ok=True)
    _PAGE.write_text(text(figures), "utf-8")
    _CHART.write_text(svg(figures), "utf-8")
    if figures.get("scaling"):
        _SCALING.write_text(scaling_svg(figures), "utf-8")
    _CHART.with_name("database-growth.svg").write_text(growth_svg(), "utf-8")


def _names(figures: Figures) -> list[str]:
    measured = {name for row in figures.get("instructions", {}).values() for name in row}
    return [name for name in PEERS if name in measured]


def table(figures: Figures) -> list[str]:
    """Return the table of instructions, in the order of the design."""
    found, names = figures.get("instructions", {}), _names(figures)
    before = figures.get("before", {}).get("instructions", {})
    titles = [PEERS[name].title for name in names]
    head = ["request", *titles, *(["restkit before"] if before else []), "target", "met"]
    rows = []
    for name, case in ROWS.items():
        if name not in found:
            continue
        own = found[name].get("restkit")
        row = [case.title, *(thousands(found[name].get(each)) for each in names)]
        if before:
            row.append(thousands(before.get(name)))
        met = (
            "-"
            if own is None or case.target is None
            else "yes"
            if own <= case.target * 1000
            else "**no**"
        )
        rows.append([*row, f"{case.target:,}", met])
    return markdown(head, rows)


def _demands(figures: Figures) -> list[tuple[str, float | None, float]]:
    """Return what is demanded of the figures beside the targets:
    (what, ratio measured, ratio demanded).
    """
    found, plain = figures.get("instructions", {}), figures.get("plain", {})

    def over(row: str, peer: str, own: Figures | None = None) -> float | None:
        theirs, ours = (
            found.get(row, {}).get(peer),
            (own or found.get(row, {})).get("restkit" if own is None else row),
        )
        return theirs / ours if theirs and ours else None

    scaling = figures.get("scaling", {}).get("routes", {})
    few, many = (scaling.get(size, {}).get("restkit") for size in ("5", "500"))
    cold, large = figures.get("cold") or {}, figures.get("large") or {}

    def start(key: str) -> float | None:
        return (
            cold["falcon"][key] / cold["restkit"][key]
            if {"falcon", "restkit"} <= set(cold)
            else None
        )

    return [
        ("POST: Litestar with msgspec / restkit, instructions", over("post", "litestar"), 1),
        ("POST: FastAPI / restkit, instructions", over("post", "fastapi"), 1),
        ("list of 100: FastAPI / restkit, instructions", over("list-100", "fastapi"), 2),
        (
            "list of 100 over a database: FastAPI + SQLModel / restkit",
            over("database-list", "fastapi"),
            1.4,
        ),
        ("hello: Falcon / restkit, instructions", over("hello", "falcon"), 1.5),
        ("converters: Falcon / restkit, instructions", over("converters", "falcon"), 1.5),
        (
            "5 routes / 500 routes, restkit, instructions",
            few / many if few and many else None,
            0.95,
        ),
        ("without accelerators, POST: FastAPI / restkit", over("post", "fastapi", plain), 1),
        (
            "without accelerators, list of 100: flask-smorest / restkit",
            over("list-100", "smorest", plain),
            2.5,
        ),
        ("cold start, CPU time: Falcon / restkit", start("cpu"), 1),
        ("cold start, peak memory: Falcon / restkit", start("memory"), 1),
        (
            "500 operations mounted and documented: flask-smorest / restkit, CPU time",
            large["smorest"]["total"] / large["restkit"]["total"] if large else None,
            2,
        ),
    ]


def _demanded(figures: Figures) -> list[str]:
    rows = [
        [
            what,
            "-" if found is None else f"{found:.2f}",
            f">= {wanted:g}",
            "-" if found is None else _met(found, wanted),
        ]
        for what, found, wanted in _demands(figures)
    ]
    distance = (
        figures.get("instructions", {}).get("list-100", {}).get("fastapi"),
        figures.get("plain", {}).get("list-100"),
    )
    if all(distance):
        stated = f"{distance[0] / distance[1]:.2f}"
        rows.append(
            ["without accelerators, list of 100: FastAPI / restkit", stated, "stated only", ""]
        )
    return markdown(["comparison", "measured", "demanded", "met"], rows)


def _ratio_demands(figures: Figures) -> list[Demand]:
    return [
        (what, f"{found:.2f}", f">= {wanted:g}", found >= wanted)
        for what, found, wanted in _demands(figures)
        if found is not None
    ]


def _met(found: float, wanted: float) -> str:
    return "yes" if found >= wanted else "**no**"


def _plain(figures: Figures) -> list[str]:
    plain, found = figures.get("plain", {}), figures.get("instructions", {})
    rows = [
        [case.title, thousands(plain.get(name)), thousands(found.get(name, {}).get("restkit"))]
        for name, case in ROWS.items()
        if name in plain
    ]
    return markdown(
        ["request", "restkit, standard library only", "restkit with orjson and msgspec"], rows
    )


def _lean(figures: Figures) -> list[str]:
    lean, found = figures.get("lean", {}), figures.get("instructions", {})
    rows = [
        [case.title, thousands(found.get(name, {}).get("restkit")), thousands(lean.get(name))]
        for name, case in ROWS.items()
        if name in lean
    ]
    return markdown(["request", "restkit, everything installed", "restkit[fast] alone"], rows)


def _ratios(figures: Figures) -> list[str]:
    found = figures.get("ratios", {})
    names = [name for name in PEERS if any(name in found.get(row, {}) for row in ROWS)]

    rows = [
        [case.title, *(ratio(found[name].get(each)) for each in names)]
        for name, case in ROWS.items()
        if name in found
    ]
    return markdown(["request", *(PEERS[name].title for name in names)], rows)


def _served(figures: Figures) -> list[str]:
    rows = []
    for server, cases in sorted(figures.get("served", {}).items()):
        for case, programs in sorted((cases or {}).items()):
            rows += [
                [
                    ROWS[case].title,
                    server,
                    PEERS[name].title,
                    f"{each['rate']:,}",
                    f"{each['cpu']:.3f}",
                ]
                for name, each in sorted(programs.items(), key=lambda item: item[1]["cpu"])
            ]
    head = ["request", "server", "program", "requests a second", "CPU seconds a thousand requests"]
    lines = markdown(head, rows)
    lines[1] = "| --- | --- | --- | ---: | ---: |"
    return lines


def _cold(figures: Figures) -> list[str]:
    found = figures.get("cold") or {}
    titles = {
        "python": "the interpreter alone",
        **{name: peer.title for name, peer in PEERS.items()},
    }
    rows = [
        [title, f"{found[name]['cpu']:.3f}", f"{found[name]['memory']:.1f}"]
        for name, title in titles.items()
        if name in found
    ]
    return markdown(["program", "CPU seconds", "peak memory, MiB"], rows)


def _large(figures: Figures) -> list[str]:
    found = figures.get("large") or {}
    rows = [
        [
            PEERS[name].title,
            *(f"{found[name][key]:.3f}" for key in ("mount", "document", "total", "process")),
        ]
        for name in ("restkit", "smorest")
        if name in found
    ]
    return markdown(
        ["program", "mount", "document", "both", "whole process, imports included"], rows
    )


def _scaling(figures: Figures) -> list[str]:
    lines = [
        "![Thousand instructions a request of restkit, by size, logarithmic](images/scaling.svg)",
        "",
    ]
    for group, title in _SIZES.items():
        sizes = figures.get("scaling", {}).get(group, {})
        names = [name for name in SCALED if any(name in each for each in sizes.values())]
        rows = [
            [f"{int(size):,}", *(thousands(each.get(name)) for name in names)]
            for size, each in sorted(sizes.items(), key=lambda item: int(item[0]))
        ]
        if rows:
            lines += [title, "", *markdown(["", *(PEERS[name].title for name in names)], rows), ""]
    return lines


def _about(figures: Figures) -> list[str]:
    about = figures.get("about", {})
    named = about.get("versions", {})
    python = about.get("python", "").replace("\n", " ")
    built = "with" if about.get("optimized") else "without"
    label = f" ({about['label']})" if about.get("label") else ""
    before = figures.get("before")
    lines = [
        f"- Date: {about.get('date')}; restkit at commit {about.get('commit')}{label}.",
        (
            f"- Machine: {about.get('machine')}; shared with other work, so times are ratios "
            "or medians."
        ),
        (
            f"- Python {python}, built {built} `--enable-optimizations`; valgrind "
            f"{about.get('valgrind')}."
        ),
        "- Versions: "
        + ", ".join(f"{name} {version}" for name, version in sorted(named.items()))
        + ".",
    ]
    if before:
        lines.append(
            f'- "restkit before" is {before.get("label") or "the record before"}, at '
            f"commit {before['commit']}."
        )
    if "--resume" in (about.get("command") or ""):
        lines.append(
            "- The run was resumed: figures that an earlier, unfinished run had counted were kept."
        )
    return lines


def _notes(figures: Figures) -> list[str]:
    return [
        f"- {PEERS[name].title}: {PEERS[name].note}."
        for name in _names(figures)
        if PEERS[name].note
    ]


_INTRO = """\
# Benchmarks

Compare the cost of a request in restkit with other frameworks, and measure it again on your machine. The page begins with the
demands that restkit does not meet and the rows that it loses. The command that measures also writes this page and its charts.

![Thousand instructions a request, logarithmic](images/benchmarks.svg)

"""
_METHOD = """\
## Method

Every program offers the same services; `tests/benchmarks/peers/` has one file for each. `tests/benchmarks/cases.py`
has the requests, their payloads and the expected answers; `tests/benchmarks/payloads/` has those that nobody chose
for speed, with one schema each in marshmallow, pydantic and msgspec. Each answer is compared with the expected one (status and
decoded JSON; for errors the class of the status, and that the faulty fields are named) before anything is counted.

- **Instructions** are counted by callgrind, one process a cell: the program is made and asked 22 times, the garbage
  collector has its default thresholds, the objects of start-up are frozen (`gc.freeze`), the hash seed is 0; then
  counting is switched on for 3 to 300 requests, and the sum is divided by their number. WSGI programs are called as a
  server calls them; ASGI programs run in one event loop, with `run_until_complete` once around all requests. The
  driver's own part is in every figure, the floor's included.
- **CPU ratios** are of two processes that take turns on the same request, A B A B, twelve turns in two pairs of fresh
  processes.
- **Served** figures are of 8 connections from one other process on the same machine, bounded in time and count; the
  programs of one server take turns, and medians of seven turns are shown. With two cores for both, requests a second
  are bounded by the load as well; CPU seconds are the server's alone, by the kernel's ticks of 10 ms; differences of a
  fifth mean nothing here.
- **Cold start** is a fresh process with its byte code written: import, the smallest program, one answer. Medians.
  In instructions, which are the same each time, restkit's costs 483 million and Falcon's 484 million (CPython 3.11):
  `PYTHONHASHSEED=0 valgrind --tool=callgrind python -m tests.benchmarks.first restkit wsgi`, and `falcon`. The set of
  modules that the smallest program loads is bounded by `tests/test_cold_start.py`.
- **A large program** is measured in a process that has mounted one resource and made its document before: the modules that
  this loads count only in the seconds of the whole process.

Measure again, in an environment of its own (valgrind is needed for the instructions):

```bash
python -m pip install -e '.[bench,all]'
python -m tests.benchmarks --plain path/to/python   # an interpreter with restkit alone, without orjson and msgspec
python -m tests.benchmarks --lean path/to/python    # an interpreter with restkit[fast] alone
python -m tests.benchmarks --quick --rows hello,post --peers restkit,falcon   # a look; records nothing
python -m tests.benchmarks.payload_costs --record   # instructions of payloads that nobody chose for speed
python -m tests.benchmarks.answers restkit fastapi  # ask, compare the answers, and count nothing
python -m tests.benchmarks.gate                     # compare restkit with the record
python -m tests.benchmarks.postgresql --record      # CPU time over PostgreSQL, without valgrind
python -m tests.benchmarks.many --record            # instructions of one of many items
python -m tests.benchmarks.one_of_many --record     # instructions of a request for one member
python -m tests.benchmarks.fields --record          # instructions of one more field
python -m tests.benchmarks.growth --record          # CPU time by length, columns and relations
python -m tests.benchmarks.untouched --record       # instructions by routes and mounted Apps
python -m tests.benchmarks.hostile --record         # instructions of a byte of bad bodies
python -m tests.benchmarks.starting --record        # instructions until the first response
python -m tests.benchmarks.mounting --record        # instructions and CPU time of many resources
python -m tests.benchmarks.guards --record          # instructions of guards, sessions, ids and logs
python -m tests.benchmarks --render                 # the page and its charts, from the record
```

The gate compares instruction counts with `tests/benchmarks/results/recorded.json` and fails beyond 5 %. Counts depend
on how Python was built, so it compares them only where the interpreter and valgrind are the recorded ones; elsewhere
it says so, and holds the ratios to the bare program to 10 %.

"""
_CAVEATS = """\
## Caveats

- Instructions are not time: they leave out caches, memory and the kernel. Read the CPU ratios beside them.
- Each peer runs as its documentation shows it, with its default JSON library and without middleware; FastAPI and
  Litestar with asynchronous functions, Django REST framework without authentication, permissions and sessions. Some
  could be tuned.
- Frameworks differ in their checks. restkit rejects duplicate members, unknown members, lone surrogates and
  numbers that do not fit, negotiates the media type and answers problem details; most peers do less of it in the same
  row.
- Litestar's list is of dataclasses that are written as they are; restkit, FastAPI, Falcon, bottle, Flask,
  flask-smorest and Django REST framework write the fields of a schema. Litestar names the first of three errors.
- The bare program is a floor, not a framework: its validation knows one payload.
- "-" means that nothing could be measured: the pair does not exist, or the program did not start in time.
"""


def text(figures: Figures) -> str:
    """Return the page."""
    about = figures.get("about", {})
    parts: list[tuple[str, str, Callable[[Figures], list[str]], str]] = [
        (
            "Instructions a request",
            "Thousand instructions; the target is restkit's:",
            table,
            "instructions",
        ),
        ("Demands", "Ratios; above 1 restkit costs less:", _demanded, "instructions"),
        ("Without accelerators", "Thousand instructions a request:", _plain, "plain"),
        (
            "Installed packages that nothing uses",
            (
                "Thousand instructions a request, with every extra and the other programs "
                "installed, and without:"
            ),
            _lean,
            "lean",
        ),
        (
            "CPU time",
            "CPU time of the other program divided by restkit's, median (smallest to largest):",
            _ratios,
            "ratios",
        ),
        ("Over a database", INTRO, database, "database"),
        ("Cold start", "Import and first answer of the smallest program:", _cold, "cold"),
        (
            "A large program",
            "100 resources with 500 operations and their document, CPU seconds:",
            _large,
            "large",
        ),
        (
            "Served",
            "Two worker processes for gunicorn and granian, eight threads for waitress:",
            _served,
            "served",
        ),
        ("Scaling", "", _scaling, "scaling"),
    ]
    out = [_INTRO.rstrip("\n"), "", *unmet(figures, _ratio_demands(figures))]
    out += payload_parts(load(RECORD), figures)
    for title, intro, make, key in parts:
        if figures.get(key):
            out += [f"## {title}", "", *([intro, ""] if intro else []), *make(figures), ""]
    out += [
        _METHOD.rstrip("\n"),
        "",
        "The recorded run:",
        "",
        *_about(figures),
        f"- Command: `{about.get('command')}`",
    ]
    out += ["", *_notes(figures), "", _CAVEATS.rstrip("\n")]
    return "\n".join(_squeezed(out)) + "\n"


def _squeezed(lines: list[str]) -> list[str]:
    return [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]


def svg(figures: Figures) -> str:
    """Return the chart: a group of bars for each row, the cheapest first."""
    groups = []
    for name, case in ROWS.items():
        found = figures.get("instructions", {}).get(name, {})
        cells = sorted((count, each) for each, count in found.items() if count)
        kinds = {"restkit": "own", "bare": "floor"}
        bars = [
            Bar(PEERS[each].title, count / 1000, kinds.get(each, "bar")) for count, each in cells
        ]
        if bars:
            groups.append(Group(case.title, bars, case.target))
    unit = (
        "thousand instructions a request, logarithmic scale; less is cheaper; the "
        "upright mark is restkit's target"
    )
    return draw("The cost of a request", unit, groups)


def scaling_svg(figures: Figures) -> str:
    """Return the chart of what restkit costs by size: a group of bars for each kind of growth."""
    groups = []
    for group, (title, word) in _KINDS.items():
        sizes = sorted(
            (int(size), each.get("restkit"))
            for size, each in figures["scaling"].get(group, {}).items()
        )
        bars = [Bar(f"{size:,} {word}", count / 1000, "own") for size, count in sizes if count]
        if bars:
            groups.append(Group(title, bars))
    return draw(
        "The cost of a request in restkit, by size",
        "thousand instructions a request, logarithmic scale",
        groups,
    )
