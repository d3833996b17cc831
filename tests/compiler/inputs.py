"""Draws what a schema loads and dumps:
valid, nearly valid and hostile, with the arguments of the call.
"""

from __future__ import annotations

from random import Random

from .pools import DUMPED, HOSTILE, KEYS, LOADED, NEAR
from .specimens import Branch, Case, FieldSpec, Node, SchemaSpec
from .vocabulary import Leaf, leaf

__all__ = ["draw_case"]

_LOADED_MAPS = (
    *("dict",) * 12,
    "DictSub",
    "Defaulting",
    "OrderedDict",
    "Mapped",
    "MappingProxyType",
)
_DUMPED_MAPS = (
    *("dict",) * 8,
    *("Attrs",) * 4,
    *("data", "properties") * 2,
    *("named", "Slots", "Getitem", "Dynamic", "DictSub", "Defaulting", "OrderedDict", "Mapped"),
)
_RAISING = ("properties", "Getitem", "Dynamic", "Mapped")
_RAISED = [
    leaf(f"Raises({name})")
    for name in ("AttributeError", "KeyError", "IndexError", "TypeError", "ValueError")
]
_SEQUENCES = (*("list",) * 12, "tuple", "ListSub", "deque", "generate", "Stripped", "Iterable_")
_ODD_OBJECTS = [
    leaf(text) for text in ("Endless()", "None", "5", "'text'", "[]", "Odd()", "{}", "object")
]
_UNKNOWN = [leaf(text) for text in ("EXCLUDE", "INCLUDE", "RAISE", "EXCLUDE", "INCLUDE", "'bogus'")]
_MANY = [leaf(text) for text in ("True", "False", "1", "''")]
_KEY_LEAVES: dict[object, Leaf] = {}


class _Draw:
    def __init__(self, rng: Random, way: str) -> None:
        self.rng = rng
        self.random = rng.random
        self.loads = way == "load"
        self.hostile = rng.choice((0.0, 0.0, 0.0, 0.0, 0.06, 0.15, 0.5))
        self.absent = rng.choice((0.0, 0.0, 0.1, 0.4))
        self.extra = rng.choice((0.0, 0.0, 0.0, 0.1, 0.5))
        self.valid = LOADED if self.loads else DUMPED
        self.text = 0.0
        self.map_kind = rng.choice(_LOADED_MAPS if self.loads else _DUMPED_MAPS)


def draw_case(rng: Random, spec: SchemaSpec, many: bool) -> Case:
    """Draw a call for a schema whose instance has the given ``many``."""
    way = "load" if rng.random() < 0.6 else "dump"
    draw = _Draw(rng, way)
    if draw.loads and any("'text'" in patch or "'form'" in patch for patch in spec.patches):
        draw.text = rng.choice((0.0, 0.8, 1.0))
    arguments: dict[str, Leaf] = {}
    if rng.random() < 0.12:
        arguments["many"] = rng.choice(_MANY)
        many = bool(arguments["many"].make())
    if draw.loads:
        if rng.random() < 0.15:
            arguments["unknown"] = rng.choice(_UNKNOWN)
        if rng.random() < 0.15:
            arguments["partial"] = _partial(draw, spec)
    if rng.random() < 0.05:
        many = not many
    if rng.random() < 0.02:
        return Case(
            way, rng.choice(HOSTILE if draw.loads else _ODD_OBJECTS), arguments, rng.random() < 0.5
        )
    data = (
        _sequence(draw, [_map(draw, spec, 0) for _ in range(rng.randint(0, 3))])
        if many
        else _map(draw, spec, 0)
    )
    return Case(way, data, arguments, rng.random() < 0.5)


def _partial(draw: _Draw, spec: SchemaSpec) -> Leaf:
    names: list[str] = []
    for name, each in spec.fields.items():
        if draw.random() < 0.6:
            names.append(name)
        if each.child is not None:
            names += [f"{name}.{below}" for below in each.child.fields if draw.random() < 0.6]
    form = draw.rng.choice(
        (
            "{}",
            "{}",
            "list({})",
            "OrderedSet({})",
            "True",
            "True",
            "False",
            "'a'",
            "0",
            "generate({})",
        )
    )
    return leaf(form.format(repr(tuple(names))))


def _sequence(draw: _Draw, items: list[Node]) -> Branch:
    return Branch(
        "list" if draw.random() < 0.8 else draw.rng.choice(_SEQUENCES), items, mapping=False
    )


def _key(value: object) -> Leaf:
    found = _KEY_LEAVES.get((type(value), value))
    if found is None:
        found = _KEY_LEAVES[type(value), value] = Leaf(repr(value), lambda: value)
    return found


def _map(draw: _Draw, spec: SchemaSpec, depth: int) -> Node:
    random = draw.random
    if draw.hostile and random() < draw.hostile * 0.2:
        return draw.rng.choice(HOSTILE if draw.loads else _ODD_OBJECTS)
    kind = (
        draw.map_kind
        if random() < 0.9
        else draw.rng.choice(_LOADED_MAPS if draw.loads else _DUMPED_MAPS)
    )
    items: list[tuple[Leaf, Node]] = []
    for name, each in spec.fields.items():
        if random() < draw.absent or (
            draw.loads and random() < 0.97 and not _is_loaded(spec, name, each)
        ):
            continue
        if not draw.loads and kind in _RAISING and random() < 0.05:
            value: Node = draw.rng.choice(_RAISED)
        else:
            value = _value(draw, each, depth)
        items.append(_item(draw, name, each, value))
    if random() < draw.extra:
        items += [
            (draw.rng.choice(KEYS), draw.rng.choice(HOSTILE)) for _ in range(draw.rng.randint(1, 3))
        ]
    if random() < 0.15:
        draw.rng.shuffle(items)
    return Branch(kind, items, mapping=True)


def _is_loaded(spec: SchemaSpec, name: str, each: FieldSpec) -> bool:
    """Return whether a schema knows a key of its input, as far as its declaration tells."""
    text = repr(name)
    if "dump_only" in each.options or (
        each.call.endswith(("Method", "Function")) and "deserialize" not in each.options
    ):
        return False
    for options in (spec.meta, spec.start):
        if text in options.get("exclude", "") or text in options.get("dump_only", ""):
            return False
        for option in ("fields", "only"):
            if (
                option in options
                and text not in options[option]
                and f"'{name}." not in options[option]
            ):
                return False
    return True


def _item(draw: _Draw, name: str, each: FieldSpec, value: Node) -> tuple[Leaf, Node]:
    if draw.loads:
        return _key(name if each.data_key is None else each.data_key), value
    path = (each.attribute if each.attribute is not None else name).split(".")
    for part in reversed(path[1:]):
        value = Branch(
            draw.rng.choice(("dict", "dict", "Attrs")), [(_key(part), value)], mapping=True
        )
    return _key(path[0]), value


def _value(draw: _Draw, each: FieldSpec, depth: int) -> Node:
    if draw.hostile and draw.random() < draw.hostile:
        near = NEAR.get(each.pool.partition(" ")[0]) if draw.loads else None
        return draw.rng.choice(near if near and draw.random() < 0.6 else HOSTILE)
    if draw.random() < (0.1 if "allow_none" in each.options else 0.01):
        return leaf("None")
    if each.child is not None:
        return _nested(draw, each, depth)
    if each.inner and depth < 4:
        return _contained(draw, each, depth)
    pool = draw.valid.get(each.pool) or draw.valid.get(each.pool.partition(" ")[0])
    if not pool:
        pool = draw.valid["Raw"]
    if draw.loads:
        found = draw.rng.choice(pool)
        is_text = draw.text and draw.random() < draw.text
        return leaf(f"as_text({found.source})") if is_text else found
    # what a field cannot dump stands at the end of its pool, and is drawn less often
    return pool[int(draw.random() ** 2 * len(pool))]


def _nested(draw: _Draw, each: FieldSpec, depth: int) -> Node:
    child = each.child
    if child is None or depth > 3:
        return leaf("None")
    many = (
        each.options.get("many") == "True"
        or "many=True" in each.arguments[0]
        or "many" in child.meta
    )
    plucked = (
        child.fields.get(each.arguments[1][1:-1])
        if each.call == "fields.Pluck" and draw.loads
        else None
    )

    def one() -> Node:
        return (
            _value(draw, plucked, depth + 1)
            if plucked is not None
            else _map(draw, child, depth + 1)
        )

    return _sequence(draw, [one() for _ in range(draw.rng.randint(0, 3))]) if many else one()


def _contained(draw: _Draw, each: FieldSpec, depth: int) -> Node:
    if each.keyed:
        pairs: list[tuple[Leaf, Node]] = []
        for _ in range(draw.rng.randint(0, 3)):
            key = _value(draw, each.inner[0], 9)
            hashable = isinstance(key, Leaf) and not key.source.startswith(
                ("[", "{", "Attrs", "set", "deque", "OrderedDict")
            )
            value = _value(draw, each.inner[-1], depth + 1)
            pairs.append(
                (key if hashable and isinstance(key, Leaf) and _hashes(key) else leaf("'k'"), value)
            )
        return Branch(
            draw.rng.choice(("dict", "dict", "dict", "DictSub", "Mapped")), pairs, mapping=True
        )
    if each.call == "fields.Tuple":
        return _sequence(draw, [_value(draw, inner, depth + 1) for inner in each.inner])
    return _sequence(
        draw, [_value(draw, each.inner[0], depth + 1) for _ in range(draw.rng.randint(0, 3))]
    )


def _hashes(key: Leaf) -> bool:
    """Return whether a value is a key, and the same key each time:
    NaN and plain objects hash by their address.
    """
    one, other = key.make(), key.make()
    try:
        return hash(one) == hash(other)
    except TypeError:
        return False
