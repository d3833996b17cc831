"""Draws schemas: every field type, every option, hooks, nesting,
Meta options and arguments of the constructor.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .custom_fields import CUSTOM
from .specimens import FieldSpec, SchemaSpec

__all__ = ["draw_schema"]

_PLAIN_NAMES = ("a", "b", "c", "d", "e")
_NAMES = (
    *_PLAIN_NAMES,
    "items",
    "keys",
    "values",
    "get",
    "real",
    "value",
    "load",
    "x-y",
    "in",
    "ß",
    "\ufb01",  # an identifier that source code reads as "fi"
    "q'\"\n",
    "p.q",
    "self",
    "_schema",
)
_DATA_KEYS = (
    "A",
    "x y",
    "",
    "a",
    "b",
    "items",
    "dätä",
    "'\"\\",
    "{brace}",
    "%s",
    "new\nline",
    0,
    1,
    "_schema",
    "p.q",
    "k",
)
_ATTRIBUTES = ("attr_a", "x.y", "x.z", "x", "", "items", "x.y.z", "real", "a", "b")
_FAULTS = (
    *("pass",) * 6,
    "text",
    "list",
    "empty",
    "dict",
    "deep",
    "named",
    "named dict",
    "stranger",
    "kwargs",
    "valid",
    "always",
    "add",
    "error",
)
_PATCHES = (
    *("deserialize", "serialize", "get_value", "_serialize", "_deserialize"),
    *("required", "allow_none", "validators", "error_messages"),
)
_SIMPLE = (
    *("String",) * 4,
    *("Integer",) * 4,
    *("Float", "Boolean", "DateTime", "Date", "Time", "UUID", "Decimal", "Enum") * 2,
    *("TimeDelta", "Raw", "Url", "Email", "IP", "Dict"),
)
_WILD = (*_SIMPLE, "Method", "Function", "Constant", "Custom", "Custom", "Aware", "Dict", "IP")
_CUSTOM_POOLS = {
    **dict.fromkeys(("Doubled", "Positive", "Hex", "Tolerant", "Worded", "Maker"), "Integer"),
    **dict.fromkeys(("Shout", "Reader", "Checked", "Same"), "String"),
    **dict.fromkeys(("Eager", "Outer", "Unread"), "Raw"),
    "Marked": "Boolean",
    "Short": "Decimal",
}
_VALIDATORS: dict[str, tuple[str, ...]] = {
    "String": (
        "validate.Length(min=1)",
        "validate.Length(min=2, max=4, error='{input} {min} {max}')",
        "validate.Length(equal=3)",
        "validate.Length(max=5)",
        "validate.Regexp('^[a-z]+$')",
        "validate.Regexp('a')",
        "validate.Regexp('A', re.I, error='{input} {regex}')",
        "validate.OneOf(['red', 'text', 'a'])",
        "validate.OneOf('redtext', error='{choices} {labels}')",
        "validate.NoneOf(['', 'abc'])",
        "validate.Equal('text')",
        "validate.Predicate('isalpha')",
        "validate.And(validate.Length(min=1), validate.Regexp('t'))",
        "validate.ContainsNoneOf('x')",
        "validate.ContainsOnly('abctex')",
        "validate.ContainsOnly(['a', 'b', 'c'])",
        "validate.Email()",
        "validate.Email(error='{input} {missing_name}')",
        "validate.URL(relative=True)",
        "validate.URL(schemes=['https'], error='{{brace}}')",
        "validate.Equal(5)",
        "validate.OneOf({'a', 'text', 1})",
    ),
    "Integer": (
        "validate.Range(min=1)",
        "validate.Range(min=0, max=10)",
        "validate.Range(max=5, max_inclusive=False)",
        "validate.Range(min=1, min_inclusive=False, error='{input} {min} {max}')",
        "validate.Range(min=0.5, max=Decimal('7'))",
        "validate.OneOf([1, 2, 3])",
        "validate.OneOf((0, 1), labels=['no', 'yes'], error='{labels}')",
        "validate.NoneOf([7])",
        "validate.Equal(1)",
        "validate.Range()",
        "validate.Range(min=Decimal('0.5'))",
        "validate.And(validate.Range(min=0), validate.NoneOf([3]))",
        "validate.NoneOf([Decimal('NaN'), 3])",
        "validate.OneOf([True, 7.0, None])",
    ),
    "Boolean": ("validate.Equal(True)", "validate.OneOf([0])", "validate.NoneOf([False])"),
    "Date": (
        "validate.Range(min=dt.date(2024, 1, 1))",
        "validate.Range(max=dt.date(2024, 1, 1), max_inclusive=False)",
        "validate.OneOf([dt.date(2024, 2, 29)])",
    ),
    "TimeDelta": (
        "validate.Range(min=dt.timedelta(0), max=dt.timedelta(days=1))",
        "validate.Equal(dt.timedelta(seconds=5))",
    ),
    "UUID": (
        "validate.OneOf([uuid.UUID('12345678-1234-5678-1234-567812345678')])",
        "validate.NoneOf([uuid.UUID(int=5)])",
    ),
    "Time": ("validate.Range(min=dt.time(1))",),
    "Raw": ("validate.Length(min=1)", "validate.OneOf([1, 'x'])"),
    "List": (
        "validate.Length(min=1)",
        "validate.Length(max=6)",  # lists are no longer: the items of a longer one are not loaded
        "validate.Length(equal=2)",
        "validate.ContainsOnly(['a', 1, 'b', None])",
        "validate.ContainsNoneOf([2, 'x'])",
    ),
}
_VALIDATORS["Float"] = _VALIDATORS["Decimal"] = _VALIDATORS["Integer"]
_VALIDATORS["Dict"] = ("validate.Length(max=2)", *_VALIDATORS["List"][:3])
_VALIDATORS["Url"] = _VALIDATORS["Email"] = _VALIDATORS["String"]
_MESSAGES = (
    *(
        "'plain'",
        "'a {{brace}}'",
        "['a list', 'of two']",
        "{'code': 7}",
        "b'bytes'",
        "''",
        "'{input} {missing_name}'",
        "None",
    ),
)


class _Draw:
    """Holds what is being drawn: the source of chance, how tame it is, the schemas so far."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.tame = rng.random() < 0.4
        self.schemas: list[SchemaSpec] = []
        self.count = 0

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def wild(self, chance: float) -> bool:
        return not self.tame and self.rng.random() < chance

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)


def draw_schema(rng: Random) -> SchemaSpec:
    """Draw a schema with all that it nests."""
    draw = _Draw(rng)
    spec = _schema(draw, 0)
    _start(draw, spec)
    if draw.wild(0.25):
        target = rng.choice(list(spec.fields))
        spec.patches.append(f"patch(schema, {target!r}, {rng.choice(_PATCHES)!r})")
    if draw.maybe(0.3):
        spec.patches.append(
            f"schema = bound(schema, {draw.pick('json', 'json', 'text', 'form')!r}, "
            f"strict={draw.maybe(0.8)})"
        )
    return spec


def _schema(draw: _Draw, depth: int) -> SchemaSpec:
    spec = SchemaSpec(f"S{len(draw.schemas)}")
    draw.schemas.append(spec)
    rng = draw.rng
    names = rng.sample(
        _PLAIN_NAMES if draw.tame or draw.maybe(0.6) else _NAMES, rng.randint(1, 4 if depth else 5)
    )
    for name in names:
        spec.fields[name] = _field(draw, spec, depth)
    if draw.wild(0.2) and len(names) > 1:
        _clash(draw, spec)
    if not draw.tame:
        _meta(draw, spec)
        _hooks(draw, spec)
    return spec


def _clash(draw: _Draw, spec: SchemaSpec) -> None:
    """Let two fields share a key of the input: only one of them may be dumped."""
    one, other = draw.rng.sample(list(spec.fields.values()), 2)
    if {"Function", "Method"} & {one.call[7:], other.call[7:]}:
        return
    one.data_key = other.data_key = draw.rng.choice(_DATA_KEYS)
    one.options["load_only"] = "True"


# fields


def _field(draw: _Draw, owner: SchemaSpec, depth: int, inside: bool = False) -> FieldSpec:
    chance = draw.rng.random()
    if chance < 0.16 and depth < 2:
        spec = _nested(draw, owner, depth)
    elif chance < 0.3 and depth < 3:
        spec = _container(draw, owner, depth)
    else:
        spec = _scalar(draw, draw.rng.choice(_SIMPLE if draw.tame else _WILD), owner, inside)
    _options(draw, spec, inside)
    return spec


def _container(draw: _Draw, owner: SchemaSpec, depth: int) -> FieldSpec:
    inner = _field(draw, owner, depth + 1, inside=True)
    kind = draw.rng.random()
    if kind < 0.6:
        return FieldSpec(
            "List", 'CUSTOM["Comma"]' if draw.wild(0.1) else "fields.List", inner=[inner]
        )
    if kind < 0.8:
        key = (
            FieldSpec("String", "fields.String")
            if draw.maybe(0.7)
            else _field(draw, owner, 3, inside=True)
        )
        return FieldSpec(
            "Dict", "fields.Dict", inner=[key] if draw.wild(0.2) else [key, inner], keyed=True
        )
    return FieldSpec(
        "List",
        "fields.Tuple",
        inner=[inner, *(_field(draw, owner, 3, True) for _ in range(draw.rng.randint(0, 2)))],
    )


def _nested(draw: _Draw, owner: SchemaSpec, depth: int) -> FieldSpec:
    if draw.wild(0.15):
        child = owner
        reference = draw.pick(
            f"lambda: {child.name}", f"lambda: {child.name}()", f"'drawn.{child.name}'"
        )
    else:
        child = _schema(draw, depth + 1)
        reference = draw.pick(
            *(child.name,) * 3,
            f"lambda: {child.name}",
            f"{child.name}()",
            f"{child.name}(many=True)",
            f"'drawn.{child.name}'",
            f"{child.name}(unknown=INCLUDE)",
            f"{child.name}(partial=True)",
            f"dict(a={child.name}._declared_fields.get('a') or fields.Raw(), b=fields.Integer())",
            *((f"{child.name}(partial=({next(iter(child.fields))!r},))",) if not draw.tame else ()),
        )
    spec = FieldSpec("Nested", "fields.Nested", [reference], child=child)
    first = next(iter(child.fields), "")
    if child is not owner and draw.wild(0.15):
        spec.call = "fields.Pluck"
        spec.arguments.append(repr(first))
        if draw.maybe(0.3):
            spec.options["many"] = "True"
    else:
        if draw.wild(0.08):
            spec.call = 'CUSTOM["Below"]'
        if draw.maybe(0.25):
            spec.options["many"] = draw.pick("True", "True", "False")
        if child is not owner and first and draw.maybe(0.15):
            spec.options[draw.pick("only", "exclude")] = repr((first,))
    if draw.maybe(0.2):
        spec.options["unknown"] = draw.pick("EXCLUDE", "INCLUDE", "RAISE")
    return spec


def _scalar(draw: _Draw, kind: str, owner: SchemaSpec, inside: bool) -> FieldSpec:
    if kind == "Custom":
        name = draw.rng.choice(list(_CUSTOM_POOLS))
        assert name in CUSTOM
        return FieldSpec(_CUSTOM_POOLS[name], f'CUSTOM["{name}"]')
    if kind in ("Method", "Function") and inside:
        kind = "Raw"
    made = FieldSpec(kind, f"fields.{kind}")
    change = _CHANGES.get(kind)
    if change is not None:
        change(draw, made, owner)
    return made


def _number(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    if draw.maybe(0.15):
        made.options["as_string"] = "True"
    if made.pool == "Integer":
        if draw.maybe(0.15):
            made.options["strict"] = "True"
        return
    if draw.maybe(0.15):
        made.options["allow_nan"] = (
            draw.pick("True", "True", "1", "0", "None") if not draw.tame else "True"
        )
    if made.pool == "Decimal" and draw.maybe(0.4):
        made.options["places"] = draw.pick("0", "2", "3", "-1")
        if draw.maybe(0.5):
            made.options["rounding"] = draw.pick(
                "decimal.ROUND_UP", "decimal.ROUND_DOWN", "decimal.ROUND_HALF_UP"
            )


def _boolean(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    if draw.maybe(0.15):
        made.options["truthy"] = draw.pick("{'si', 1}", "()", "['maybe']", "{True}")
    if draw.maybe(0.15):
        made.options["falsy"] = draw.pick("{'no', 0}", "()", "{'maybe'}")


def _temporal(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    if draw.maybe(0.3):
        if made.call.endswith("DateTime"):
            formats = (
                "'iso'",
                "'iso8601'",
                "'rfc'",
                "'rfc822'",
                "'timestamp'",
                "'timestamp_ms'",
                "'%d/%m/%Y'",
                "''",
            )
        else:
            formats = ("'iso'", "'iso8601'", "'%d/%m/%Y'", "'%Hh%M'", "''")
        made.options["format"] = draw.pick(*formats)
        word = made.options["format"].strip("'")
        made.pool += "" if word in ("", "iso", "iso8601") else f" {word[:4]}"


def _aware(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    made.pool = "DateTime"
    naive = draw.maybe(0.5)
    made.call = "fields.NaiveDateTime" if naive else "fields.AwareDateTime"
    _temporal(draw, made, owner)
    if draw.maybe(0.7):
        made.options["timezone" if naive else "default_timezone"] = draw.pick(
            "dt.UTC", "dt.timezone(dt.timedelta(hours=3))"
        )


def _enum(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    kind = draw.pick("Color", "Level", "Color", "Nullable")
    made.arguments.append(kind)
    if draw.maybe(0.6):
        field = "fields.Integer" if kind == "Color" else "fields.String()"
        made.options["by_value"] = draw.pick("True", "True", field, "False")
    made.pool = (
        f"Enum {kind} {'name' if made.options.get('by_value', 'False') == 'False' else 'value'}"
    )


def _ip(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    made.call = "fields." + draw.pick(
        "IP", "IPv4", "IPv6", "IPInterface", "IPv4Interface", "IPv6Interface"
    )
    made.pool = f"IP {made.call[7:]}"
    if draw.maybe(0.3):
        made.options["exploded"] = "True"


def _url(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    if draw.maybe(0.4):
        option = draw.pick(
            "relative=True", "require_tld=False", "schemes=['http']", "schemes={'javascript'}"
        )
        name, _, value = option.partition("=")
        made.options[name] = value


def _delta(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    if draw.maybe(0.5):
        made.options["precision"] = draw.pick(
            "'days'", "'Minutes'", "'microseconds'", "'weeks'", "'milliseconds'"
        )


def _constant(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    made.pool = "Raw"
    made.arguments.append(draw.pick("1", "'constant'", "None", "[1]"))


def _method(draw: _Draw, made: FieldSpec, owner: SchemaSpec) -> None:
    made.pool = "Raw"
    given = draw.pick("serialize", "deserialize", "both")
    function = made.call == "fields.Function"
    for way, maker in (("serialize", "getter"), ("deserialize", "setter")):
        if given not in (way, "both"):
            continue
        name = draw.name("m")
        action = f", {draw.rng.choice(_FAULTS)!r}" if maker == "setter" else ""
        made.options[way] = f"{maker}({name!r}{action})" if function else repr(name)
        if not function:
            owner.lines.append(f"{name} = {maker}({name!r}{action})")


_Change = Callable[[_Draw, FieldSpec, SchemaSpec], None]
_CHANGES: dict[str, _Change] = {
    **dict.fromkeys(("Integer", "Float", "Decimal"), _number),
    **dict.fromkeys(("DateTime", "Date", "Time"), _temporal),
    **dict.fromkeys(("Method", "Function"), _method),
    "Boolean": _boolean,
    "Aware": _aware,
    "Enum": _enum,
    "IP": _ip,
    "Url": _url,
    "TimeDelta": _delta,
    "Constant": _constant,
}


# options


def _options(draw: _Draw, made: FieldSpec, inside: bool) -> None:
    options = made.options
    chance = draw.rng.random()
    constant = made.call == "fields.Constant"
    if chance < 0.25 and not constant:
        options["required"] = "True"
    elif chance < 0.45:
        options["load_default"] = _default(draw)
    if draw.maybe(0.2):
        options["allow_none"] = draw.pick("True", "True", "False")
    if draw.maybe(0.15):
        options["dump_default"] = _default(draw)
    if not inside and not made.call.endswith(("Method", "Function")):
        if draw.maybe(0.12):
            options[draw.pick("load_only", "dump_only")] = "True"
        if draw.wild(0.12):
            made.attribute = draw.rng.choice(_ATTRIBUTES)
    if not inside and draw.maybe(0.2):
        made.data_key = draw.rng.choice(_DATA_KEYS[:4] if draw.tame else _DATA_KEYS)
    _validators(draw, made)
    if draw.wild(0.12):
        options["pre_load"] = _steps(draw, "pre")
    if draw.wild(0.12):
        options["post_load"] = _steps(draw, "post")
    if draw.wild(0.15):
        worded = draw.rng.sample(
            (
                "required",
                "null",
                "invalid",
                "type",
                "validator_failed",
                "unknown",
                "special",
                "too_large",
            ),
            2,
        )
        chosen = _MESSAGES[:1] if made.pool in ("Url", "Email") else _MESSAGES
        options["error_messages"] = (
            "{" + ", ".join(f"{key!r}: {draw.rng.choice(chosen)}" for key in worded) + "}"
        )


def _default(draw: _Draw) -> str:
    simple = draw.pick("None", "5", "'text'", "''", "False", "list", "[]", "missing")
    return f"default({draw.name('d')!r}, {simple})" if draw.wild(0.4) else simple


def _steps(draw: _Draw, prefix: str) -> str:
    def one() -> str:
        action = draw.pick(*_FAULTS, "strip", "strip", "text", "list", "none", "missing")
        return f"step({draw.name(prefix)!r}, {action!r})"

    return one() if draw.maybe(0.5) else f"[{one()}, {one()}]"


def _validators(draw: _Draw, made: FieldSpec) -> None:
    known = _VALIDATORS.get(made.pool, ())
    chosen: list[str] = []
    for _ in range(draw.rng.choice((0, 0, 0, 0, 1, 1, 2))):
        if known and draw.maybe(0.6):
            chosen.append(draw.rng.choice(known))
        elif not draw.tame:
            chosen.append(f"check({draw.name('v')!r}, {draw.rng.choice(_FAULTS)!r})")
    if len(chosen) == 1 and draw.maybe(0.5):
        made.options["validate"] = chosen[0]
    elif chosen:
        made.options["validate"] = (
            f"[{', '.join(chosen)}]" if draw.maybe(0.8) else f"({', '.join(chosen)},)"
        )


# the schema


def _meta(draw: _Draw, spec: SchemaSpec) -> None:
    names = list(spec.fields)
    meta = spec.meta
    if draw.maybe(0.3):
        meta["unknown"] = draw.pick("EXCLUDE", "INCLUDE", "RAISE")
    if draw.maybe(0.1):
        meta["fields"] = repr(tuple(draw.rng.sample(names, draw.rng.randint(1, len(names)))))
    for option, chance in (("exclude", 0.06), ("load_only", 0.06), ("dump_only", 0.06)):
        if draw.maybe(chance) and len(names) > 1 and "fields" not in meta:
            meta[option] = repr((draw.rng.choice(names),))
    if draw.maybe(0.1):
        meta["index_errors"] = "False"
    if draw.maybe(0.06):
        meta["many"] = "True"
    for option, text in (
        ("dateformat", "'%d/%m/%Y'"),
        ("datetimeformat", "'timestamp'"),
        ("timeformat", "'%Hh%M'"),
    ):
        if draw.maybe(0.08):
            meta[option] = text


def _hooks(draw: _Draw, spec: SchemaSpec) -> None:
    names = list(spec.fields)
    for _ in range(draw.rng.choice((0, 0, 0, 1, 1, 2, 3))):
        tag = draw.pick(
            "pre_load", "post_load", "pre_dump", "post_dump", "validates", "validates_schema"
        )
        name = draw.name("h")
        if tag == "validates":
            chosen = ", ".join(
                map(repr, draw.rng.sample(names, min(len(names), draw.rng.randint(1, 2))))
            )
            made = f"field_check({name!r}, {draw.pick(*_FAULTS, 'missing')!r})"
            spec.lines.append(f"{name} = validates({chosen})({made})")
            continue
        options = ["pass_collection=True"] if draw.maybe(0.3) else []
        if tag not in ("pre_load", "pre_dump") and draw.maybe(0.3):
            options.append("pass_original=True")
        if tag == "validates_schema":
            options += ["skip_on_field_errors=False"] if draw.maybe(0.5) else []
            made = f"schema_check({name!r}, {draw.rng.choice(_FAULTS)!r})"
        else:
            kind = draw.pick(*_FAULTS, "copy", "drop", "add", "wrap", "object", "none")
            made = f"hook({name!r}, {kind!r})"
        spec.lines.append(f"{name} = {tag}({', '.join(options)})({made})")
    for chance, line in (
        (0.06, f"get_attribute = attribute_getter({draw.pick('same', 'none')!r})"),
        (0.06, f"handle_error = error_handler({draw.pick('log', 'other', 'rewrite')!r})"),
        (0.05, f"dict_class = {draw.pick('OrderedDict', 'DictSub')}"),
        (0.05, (lambda name: f"{name} = overridden({name!r})")(draw.pick(*_STEPS))),
        (0.06, f"error_messages = {draw.pick(*_WORDED)}"),
    ):
        if draw.maybe(chance):
            spec.lines.append(line)


_STEPS = (
    *(
        "load",
        "dump",
        "_do_load",
        "_serialize",
        "_deserialize",
        "_call_and_store",
        "_run_validator",
    ),
    *(
        "_invoke_field_validators",
        "_invoke_schema_validators",
        "_invoke_load_processors",
        "_invoke_dump_processors",
    ),
    "_invoke_processors",
)
_WORDED = (
    "{'unknown': 'U {input}'}",
    "{'type': ['T']}",
    "{'unknown': {'code': 1}}",
    "{'unknown': ['a', 'b'], 'type': 'T'}",
)


def _start(draw: _Draw, spec: SchemaSpec) -> None:
    names = list(spec.fields)
    if draw.maybe(0.12) and "fields" not in spec.meta and "exclude" not in spec.meta:
        spec.start[draw.pick("only", "exclude")] = repr(_paths(draw, spec))
    if draw.maybe(0.15):
        spec.start["many"] = "True"
    if draw.maybe(0.15):
        spec.start["unknown"] = draw.pick("EXCLUDE", "INCLUDE", "RAISE")
    if draw.maybe(0.12):
        spec.start["partial"] = draw.pick(
            "True", "False", repr(tuple(_paths(draw, spec))), repr(set(_paths(draw, spec, 1)))
        )
    for option in ("load_only", "dump_only"):
        if draw.wild(0.06):
            spec.start[option] = repr((draw.rng.choice(names),))


def _paths(draw: _Draw, spec: SchemaSpec, count: int = 2) -> list[str]:
    """Draw names of fields, some with the name of a nested one after a dot."""
    chosen = draw.rng.sample(list(spec.fields), min(len(spec.fields), count))
    paths: list[str] = []
    for name in chosen:
        child = spec.fields[name].child
        if child is not None and child is not spec and draw.maybe(0.6):
            paths.append(f"{name}.{draw.rng.choice(list(child.fields))}")
        else:
            paths.append(name)
    return paths
