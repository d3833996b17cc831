"""Compares compiled schemas with plain marshmallow on drawn schemas and inputs.

``python -m tests.compiler.equality --cases 1000000 --seed 1`` prints what it covered, or the first
difference, shrunk.
"""

from __future__ import annotations

import argparse
import copy
import functools
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from marshmallow import ValidationError, class_registry

from restkit.compiler import Compiled, Encoder, json_writer_of
from restkit.encoding import _dumps_orjson, _dumps_orjson_native, _dumps_std, encode_text, json_text

from .comparison import Outcome, differences, outcome, same
from .inputs import draw_case
from .specimens import Branch, Case, FieldSpec, SchemaSpec, build, module_source
from .strategies import draw_schema
from .subject import compile_schema
from .vocabulary import NAMES, leaf

__all__ = ["Difference", "Figures", "compare", "main"]

_CASES_PER_SCHEMA = 40
_NO_JSON = (
    " JSON",
    "Exceeds the limit",
)  # in the messages of the encoder, and of Python for 4,300 digits
ENCODERS = {
    "native": Encoder(True, _dumps_orjson, _dumps_orjson_native, json_text, encode_text),
    "records": Encoder(
        True, _dumps_orjson, _dumps_orjson_native, json_text, encode_text, uses_records=True
    ),
    "text": Encoder(False, _dumps_std, _dumps_std, json_text, encode_text),
}


@dataclass
class Difference:
    """Is a schema and the calls after which the last call differs.

    Attributes:
        spec: The schema.
        cases: The calls; one, unless earlier calls are needed to see the difference in the last.
        told: What differs.
        seed: What drew it.
    """

    spec: SchemaSpec
    cases: list[Case]
    told: list[str]
    seed: str

    def __str__(self) -> str:
        """Return a program that shows the difference, and what it shows."""
        calls = "\n".join(
            f"print(attempt(compile_schema(compiled), {case.source()!r}))"
            for case in self.cases[:-1]
        )
        last = self.cases[-1].source()
        lines = [
            "from tests.compiler.vocabulary import *",
            "from tests.compiler.subject import compile_schema\n",
            module_source(self.spec),
            *([f"# after: {calls}"] if calls else []),
            f"make().{last}",
            f"compile_schema(make()).{last}",
            *(f"# {line}" for line in self.told),
            f"# drawn by {self.seed}",
        ]
        return "\n".join(lines)


class Figures:
    """Counts what the cases were."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.started = time.process_time()

    def add(self, way: str, plain: Outcome) -> None:
        """Count a case."""
        self.counts["cases"] += 1
        error = plain.error
        came = (
            "valid"
            if error is None
            else "invalid"
            if isinstance(error, ValidationError)
            else "raises"
        )
        self.counts[f"{way} {came}"] += 1

    def __str__(self) -> str:
        """Return the figures in one line."""
        seconds = time.process_time() - self.started
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        return f"{counts}; {seconds:.1f} s of CPU, {self.counts['cases'] / seconds:.0f} cases/s"


def _built(spec: SchemaSpec) -> tuple[Any, Any] | None:
    """Return two instances of a schema that share nothing;
    None where marshmallow refuses the schema.
    """
    code = compile(module_source(spec), "<drawn>", "exec")
    made: list[Any] = []
    for _ in range(2):
        names = dict(NAMES)
        try:
            exec(code, names)
            made.append(names["make"]())
        except Exception:
            return None
        type(made[-1]).drawn = {
            f"drawn.{name}": [each] for name, each in names.items() if _is_drawn(each)
        }
    return made[0], made[1]


def _is_drawn(each: Any) -> bool:
    return isinstance(each, type) and each.__module__ == "drawn"


def _register(schema: Any) -> None:
    """Let names of schemas mean the classes that were made with this one, and not those that were
    made last.

    The two would nest the same class else, whose fields share what a validator changed of an
    option.
    """
    class_registry._registry.update(getattr(type(getattr(schema, "schema", schema)), "drawn", {}))


def _compare_case(
    plain: Any, compiled: Any, case: Case, figures: Figures | None = None
) -> list[str]:
    name = case.way
    _register(plain)
    one = outcome(getattr(plain, name), build(case.data), _made(case))
    if figures is not None:
        figures.add(name, one)
    _register(compiled)
    if case.is_settled and isinstance(compiled, Compiled):
        return _compare_settled(one, compiled, case, figures)
    told = differences(one, outcome(getattr(compiled, name), build(case.data), _made(case)))
    if not told and name == "dump" and isinstance(compiled, Compiled) and not compiled.uncertain:
        told = _compare_json(one, compiled, case, figures)
    return told


def _made(case: Case) -> dict[str, Any]:
    return {key: value.make() for key, value in case.arguments.items()}


class _Refusal(Exception):
    """Is raised in place of a ValidationError, with its messages."""


def _compare_settled(
    plain: Outcome, compiled: Compiled, case: Case, figures: Figures | None
) -> list[str]:
    """Compare the loader whose arguments are settled, and the messages that it refuses with."""
    arguments = _made(case)
    many = compiled.schema.many if arguments.get("many") is None else bool(arguments["many"])
    load = compiled.loader(many=many, partial=arguments.get("partial"), refusal=_Refusal)
    other = outcome(load, build(case.data), {})
    if figures is not None:
        figures.counts[f"settled {'loaded' if other.error is None else 'refused'}"] += 1
    refused = isinstance(other.error, _Refusal) and isinstance(plain.error, ValidationError)
    if refused and same(plain.error.messages, other.error.args[0]):
        other.error, other.holds_input = plain.error, plain.holds_input
    return [f"settled: {line}" for line in differences(plain, other)]


def _compare_json(
    plain: Outcome, compiled: Compiled, case: Case, figures: Figures | None
) -> list[str]:
    """Compare the bytes that each straight way writes with those of what marshmallow dumps."""
    arguments = _made(case)
    many = compiled.schema.many if arguments.get("many") is None else bool(arguments["many"])
    finite = plain.error is not None or _is_finite(plain.value)
    for name, encoder in ENCODERS.items():
        way = json_writer_of(compiled, encoder)
        assert way is not None
        obj = build(case.data)
        write = way.many if many and obj is not None else way.one
        expected = plain
        if plain.error is None:
            expected = outcome(
                functools.partial(_written, encoder.dumps, plain.value), plain.data, {}
            )
            expected.log = plain.log
        other = outcome(functools.partial(_written, write), obj, {})
        if figures is not None:
            figures.counts[f"{name} {'written' if other.error is None else 'raises'}"] += 1
        refused = isinstance(other.error, ValueError)
        if not finite and refused:
            continue
        if refused and isinstance(expected.error, UnicodeError):
            continue  # where in the text it is depends on how much was written at once
        if (
            name == "text"
            and expected.error is not None
            and any(each in str(other.error) for each in _NO_JSON)
        ):
            # text is made value by value: what is no JSON is told before what comes after it is
            # asked
            continue
        told = differences(expected, other)
        if told:
            return [f"{name}: {line}" for line in told]
    return []


def _written(write: Callable[[Any], bytes], value: Any, other: Any = None) -> str:
    return write(value).decode()


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _compiled(schema: Any) -> Any:
    """Compile a schema; a compiler that raises differs from marshmallow in each call."""
    try:
        return compile_schema(schema)
    except Exception as error:
        return _Refused(error)


class _Refused:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def load(self, data: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"compile_schema raised {self.error!r}") from self.error

    dump = load


def compare(cases: int, seed: int, figures: Figures) -> Iterator[Difference]:
    """Draw and compare, and yield each difference, not shrunk; a schema is left at its first."""
    number = 0
    while figures.counts["cases"] < cases:
        number += 1
        name = f"{seed}/{number}"
        rng = Random(name)
        spec = draw_schema(rng)
        pair = _built(spec)
        if pair is None:
            figures.counts["schemas refused by marshmallow"] += 1
            continue
        figures.counts["schemas"] += 1
        plain, compiled = pair[0], _compiled(pair[1])
        done: list[Case] = []
        for _ in range(min(_CASES_PER_SCHEMA, cases - figures.counts["cases"])):
            case = draw_case(rng, spec, plain.many)
            done.append(case)
            told = _compare_case(plain, compiled, case, figures)
            if told:
                yield Difference(spec, done, told, name)
                break


# shrinking


def _told(found: Difference) -> list[str]:
    """Return how the last call differs, in fresh schemas;
    nothing where it does not, or an earlier one does.
    """
    try:
        pair = _built(found.spec)
    except SyntaxError:
        return []
    if pair is None:
        return []
    plain, compiled = pair[0], _compiled(pair[1])
    for case in found.cases[:-1]:
        if _compare_case(plain, compiled, case):
            return []
    return _compare_case(plain, compiled, found.cases[-1])


def _smaller(found: Difference) -> Iterator[Callable[[], Any]]:
    """Yield what makes a difference smaller, each a change in place."""
    for index in range(len(found.cases) - 1):
        yield lambda index=index: found.cases.pop(index)
    yield from _smaller_schema(found.spec, set())
    for case in found.cases:
        for name in list(case.arguments):
            yield lambda case=case, name=name: case.arguments.pop(name)
        if isinstance(case.data, Branch):
            yield from _smaller_data(case.data)


def _smaller_data(node: Branch) -> Iterator[Callable[[], Any]]:
    for index in range(len(node.items)):
        yield lambda index=index: node.items.pop(index)
    simple = "dict" if node.mapping else "list"
    if node.kind != simple:
        yield lambda: setattr(node, "kind", simple)
    for index, item in enumerate(node.items):
        key, value = item if node.mapping else (None, item)
        for text in ("1", "'a'"):
            changed = (key, leaf(text)) if node.mapping else leaf(text)
            if isinstance(value, Branch) or len(value.source) > 3:
                yield lambda index=index, changed=changed: node.items.__setitem__(index, changed)
        if isinstance(value, Branch):
            yield from _smaller_data(value)


def _smaller_schema(spec: SchemaSpec, seen: set[int]) -> Iterator[Callable[[], Any]]:
    if id(spec) in seen:
        return
    seen.add(id(spec))
    for name in list(spec.fields):
        yield lambda name=name: spec.fields.pop(name)
    for content in (spec.meta, spec.start):
        for name in list(content):
            yield lambda content=content, name=name: content.pop(name)
    for lines in (spec.lines, spec.patches):
        for line in list(lines):
            yield lambda lines=lines, line=line: lines.remove(line)
    for name, each in list(spec.fields.items()):
        if each.call != "fields.Raw":
            yield lambda name=name: spec.fields.__setitem__(name, FieldSpec("Raw", "fields.Raw"))
        yield from _smaller_field(each, seen)


def _smaller_field(each: FieldSpec, seen: set[int]) -> Iterator[Callable[[], Any]]:
    for name in list(each.options):
        yield lambda name=name: each.options.pop(name)
    for name in ("data_key", "attribute"):
        if getattr(each, name) is not None:
            yield lambda name=name: setattr(each, name, None)
    for index, inner in enumerate(each.inner):
        if inner.call != "fields.Raw":
            yield lambda index=index: each.inner.__setitem__(index, FieldSpec("Raw", "fields.Raw"))
        yield from _smaller_field(inner, seen)
    if each.child is not None:
        yield from _smaller_schema(each.child, seen)


def shrink(found: Difference) -> Difference:
    """Return a smaller difference: the last call alone if that shows it,
    then with all taken away that may be.
    """
    alone = Difference(found.spec, found.cases[-1:], found.told, found.seed)
    told = _told(alone)
    if told:
        found = Difference(alone.spec, alone.cases, told, found.seed)
    elif not _told(found):
        return found
    kind = found.told[0].partition(":")[0]
    index = 0
    while True:
        candidate = copy.deepcopy(found)
        change = next(
            (each for number, each in enumerate(_smaller(candidate)) if number == index), None
        )
        if change is None:
            return found
        change()
        told = _told(candidate) if candidate.cases else []
        if told and told[0].partition(":")[0] == kind:
            candidate.told = told
            found = candidate
        else:
            index += 1


def main() -> int:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.compiler.equality", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--differences", type=int, default=1, help="stop after so many")
    arguments = parser.parse_args()
    figures = Figures()
    found = 0
    for each in compare(arguments.cases, arguments.seed, figures):
        found += 1
        print(f"# difference {found}\n{shrink(each)}\n", flush=True)
        if found >= arguments.differences:
            break
    print(f"seed {arguments.seed}: {found} differences; {figures}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
