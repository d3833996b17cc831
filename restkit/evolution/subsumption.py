"""Whether one schema accepts every value of another one, and where it does not.

Both become unions of shapes. Each shape of the narrow schema must fit one shape of the wide one.
Pairs of schemas that refer to themselves are assumed to fit while they are compared (coinduction).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .documents import UnknownReference
from .findings import Finding, Level
from .identity import Identity
from .ranking import distinction, failing, is_serious, likeness, severity, weight
from .reading import Direction, Incomparable, Reader
from .scalars import finite, numbers_cover, scalars_differ, takes_text
from .shapes import (
    NOTHING,
    Arrays,
    Node,
    Numbers,
    Objects,
    Shape,
    Source,
    Values,
    key_of,
    kinds_of,
    member,
    value_key,
    values_of,
)
from .structures import arrays_differ, objects_differ

__all__ = ["Subsumption"]

_Findings = tuple[Finding, ...]
_Key = tuple[tuple[int, ...], tuple[int, ...]]
_MOST_SPLITS = 32
_MOST_ATTEMPTS = 500
_MOST_PAIRS = 10_000
_MOST_FINDINGS = 30
_MOST_CANDIDATES = 4
_MOST_UNLIKE = 300


class Subsumption:
    """The comparison of schemas in one direction.

    Attributes:
        direction: In a request the narrow schema is the old one, in a response the new one.
        is_text: Whether values are sent as texts, as in a query: ``"5"`` is a string too.
        reader: The shapes of the schemas.
    """

    def __init__(self, direction: Direction, *, is_text: bool = False) -> None:
        """Begin with nothing compared."""
        self.direction = direction
        self.is_text = is_text
        self.reader = Reader(direction)
        self._identity = Identity(with_defaults=direction == "request")
        self._known: dict[_Key, _Findings] = {}
        self._trial: dict[_Key, _Findings] = {}  # within the comparison that goes on
        self._open: set[_Key] = set()
        self._is_cut = False  # whether it used a hypothesis
        self._kept: list[object] = []
        self._is_splitting = False
        self._splits_left = _MOST_ATTEMPTS
        self._unlike_left = _MOST_UNLIKE
        self._budget = _MOST_PAIRS

    @property
    def is_request(self) -> bool:
        """Whether requests are compared."""
        return self.direction == "request"

    def compare(self, narrow: Node, wide: Node) -> _Findings:
        """Return why the wide schema does not accept every value of the narrow one."""
        if not wide or self._identity.same(narrow, wide):
            return ()
        key = key_of(narrow), key_of(wide)
        for known in (self._known, self._trial):
            if key in known:
                self._is_cut = self._is_cut or key in self._open
                return known[key]
        if self._budget <= 0:
            reason = "there are too many pairs of schemas"
            return (self.finding(narrow, wide, "incomparable", "", reason, "warning"),)
        self._budget -= 1
        is_outermost = not self._open
        self._open.add(key)
        self._trial[key] = ()  # the hypothesis for schemas that contain themselves
        self._kept.append((narrow, wide))
        found = self._trial[key] = self._compared(narrow, wide)
        self._open.discard(key)
        if is_outermost:
            self._settle(key)
        return found

    def _settle(self, key: _Key) -> None:
        """Keep the results of a comparison that has ended, unless a hypothesis was refuted."""
        is_refuted = self._is_cut and bool(self._trial[key])
        for each, found in self._trial.items():
            if found or not is_refuted:
                self._known[each] = found
        self._trial, self._is_cut = {}, False

    def _compared(self, narrow: Node, wide: Node) -> _Findings:
        try:
            found = self._union(narrow, wide)
        except (Incomparable, UnknownReference, RecursionError) as error:
            is_deep = isinstance(error, RecursionError)
            reason = "the schemas are nested too deeply" if is_deep else str(error)
            found = [self.finding(narrow, wide, "incomparable", "", reason, "warning")]
        found = [*found, *self._defaults(narrow, wide)]
        unique: dict[tuple[object, ...], Finding] = {}
        for each in found:
            unique.setdefault(each.key, each)
        if len(unique) <= _MOST_FINDINGS:
            return tuple(unique.values())
        # PERF: schemas that refer to each other would hand on the findings of all others.
        return tuple(sorted(unique.values(), key=severity)[:_MOST_FINDINGS])

    def finding(
        self, narrow: Node, wide: Node, kind: str, old: object, new: object, level: Level
    ) -> Finding:
        """Make a finding at two schemas; ``old`` is the value of the narrow one."""
        return Finding((), kind, old, new, level, _pointer(narrow), _pointer(wide))

    def is_empty(self, node: Node) -> bool:
        """Return whether a schema accepts nothing."""
        return bool(node) and not self.reader.shapes(node)

    # unions

    def _union(self, narrow: Node, wide: Node) -> list[Finding]:
        ours, theirs = self.reader.shapes(narrow), self.reader.shapes(wide)
        missing = [each for each in ours if not self._candidates(each, theirs)]
        if missing and not self._all_finite(missing, theirs):
            return [
                self.finding(narrow, wide, "type", kinds_of(ours), kinds_of(theirs), "breaking")
            ]
        found: list[Finding] = []
        has_values = any(isinstance(each, Values) for each in theirs)
        for index, each in enumerate(ours):
            shape = finite(each) if has_values else each
            if isinstance(shape, Values):
                found += self._values(shape, theirs, narrow, wide)
            else:
                aligned = theirs[index : index + 1] if len(ours) == len(theirs) else ()
                is_union = sum(each.kind == shape.kind for each in ours) > 1
                found += self._one_of(shape, (*aligned, *theirs), narrow, wide, is_union=is_union)
        return found

    def _candidates(self, shape: Shape, wide: Iterable[Shape]) -> list[Shape]:
        return [
            each
            for each in wide
            if each.kind == shape.kind or (self.is_text and takes_text(shape, each))
        ]

    @staticmethod
    def _all_finite(missing: Sequence[Shape], wide: Sequence[Shape]) -> bool:
        """Return whether only values of an enumeration are missing in another enumeration."""
        finite = [each for each in (*missing, *wide) if isinstance(each, Values)]
        is_finite = len(finite) == len(missing) + len(wide)
        return is_finite and all(each.kind not in ("null", "boolean") for each in missing)

    def _values(
        self, shape: Values, theirs: Sequence[Shape], narrow: Node, wide: Node
    ) -> Iterator[Finding]:
        """Yield a finding if some of the values are not accepted."""
        candidates = self._candidates(shape, theirs)
        if self.is_text and any(takes_text(shape, each) for each in candidates):
            return
        found = [self._is_in(each, candidates) for each in shape.values]
        left = [each for each, is_in in zip(shape.values, found, strict=True) if is_in is False]
        if not left:
            if None in found:
                reason = "an enumeration is compared with keywords that are not decided"
                yield self.finding(narrow, wide, "incomparable", "", reason, "warning")
            return
        known = values_of(candidates)
        if known is None:
            yield self._enum(tuple(left), (), "breaking", narrow, wide)
        else:
            level = self._level_of_values(shape, left)
            yield self._enum(shape.values, known, level, narrow, wide)

    def _level_of_values(self, shape: Values, left: Sequence[object]) -> Level:
        """Return the level of new values: a client must be prepared for those of an enumeration."""
        is_expected = len(left) < len(shape.values) and shape.kind != "boolean"
        return "warning" if is_expected and not self.is_request else "breaking"

    def _is_in(self, value: object, shapes: Iterable[Shape]) -> bool | None:
        """Return whether one of the shapes has a value, None if that is not decided."""
        found: bool | None = False
        for each in shapes:
            self.reader.is_doubtful = False
            if self.reader.contains(each, value):
                if not self.reader.is_doubtful:
                    return True
                found = None
        return found

    def _enum(self, old: object, new: object, level: Level, narrow: Node, wide: Node) -> Finding:
        return self.finding(narrow, wide, "enum", old, new, level)

    def _one_of(
        self, shape: Shape, theirs: Sequence[Shape], narrow: Node, wide: Node, *, is_union: bool
    ) -> list[Finding]:
        """Return the findings of the shape that fits best, [] if the union of all fits."""
        candidates = list({id(each): each for each in self._candidates(shape, theirs)}.values())
        tries = self._tried(shape, candidates, narrow, wide)
        best = min(tries, key=weight)
        if weight(best) == 0:
            return best
        candidates, near = candidates[:_MOST_CANDIDATES], tries[:_MOST_CANDIDATES]
        if len(tries) == 1 and not is_union:
            return best
        if len(tries) > 1 and self._together(shape, candidates, near, narrow, wide):
            return [each for each in best if each.kind == "compared"]
        if name := distinction(best):
            return [self.finding(narrow, wide, f"alternative {name}", True, False, "breaking")]
        return best

    def _tried(
        self, shape: Shape, candidates: list[Shape], narrow: Node, wide: Node
    ) -> list[list[Finding]]:
        """Return why a shape does not fit into each of some shapes, up to the one that it fits.

        Of many shapes, those come first that are most like it, and the others matter only if each
        of these breaks clients.
        """
        if len(candidates) > _MOST_CANDIDATES:
            candidates.sort(key=lambda each: -likeness(shape, each))
        tries: list[list[Finding]] = []
        for each in candidates:
            if len(tries) >= _MOST_CANDIDATES:
                if self._unlike_left <= 0 or not all(map(is_serious, tries)):
                    break
                self._unlike_left -= 1
            tries.append(self._fit(shape, each, narrow, wide))
            if weight(tries[-1]) == 0:
                break
        return tries

    def _fit(self, shape: Shape, other: Shape, narrow: Node, wide: Node) -> list[Finding]:
        """Return why a shape does not fit into another one."""
        if isinstance(other, Values):
            finding = self._enum(None, other.values, "breaking", narrow, wide)
            return [] if self.is_text and takes_text(shape, other) else [finding]
        if isinstance(shape, Arrays) and isinstance(other, Arrays):
            return arrays_differ(self, shape, other, narrow, wide)
        if isinstance(shape, Objects) and isinstance(other, Objects):
            return objects_differ(self, shape, other, narrow, wide)
        return [self.finding(narrow, wide, *each) for each in scalars_differ(shape, other)]

    # shapes that only several others accept together

    def _together(
        self,
        shape: Shape,
        candidates: Sequence[Shape],
        tries: Sequence[list[Finding]],
        narrow: Node,
        wide: Node,
    ) -> bool:
        """Return whether each part of a shape fits one of several shapes."""
        if isinstance(shape, Numbers):
            return numbers_cover(shape, candidates)
        # Parts of parts are not split: their number is exponential.
        if not isinstance(shape, Objects) or self._splits_left <= 0 or self._is_splitting:
            return False
        self._is_splitting = True
        try:
            return self._parts_fit(shape, candidates, tries, narrow, wide)
        finally:
            self._is_splitting = False

    def _parts_fit(
        self,
        shape: Objects,
        candidates: Sequence[Shape],
        tries: Sequence[list[Finding]],
        narrow: Node,
        wide: Node,
    ) -> bool:
        for name in sorted(failing(tries) & shape.members.keys()):
            self._splits_left -= 1
            parts = self._split(shape, name)
            fitting = [self._fits_one(each, candidates, narrow, wide) for each in parts]
            if len(parts) > 1 and all(fitting):
                return True
        return False

    def _fits_one(
        self, shape: Shape, candidates: Sequence[Shape], narrow: Node, wide: Node
    ) -> bool:
        return any(not is_serious(self._fit(shape, each, narrow, wide)) for each in candidates)

    def _split(self, shape: Objects, name: str) -> list[Objects]:
        """Return the shape as several, by the alternatives of one member."""
        singles: list[Shape] = []
        for each in self.reader.shapes(member(shape, name)):
            if isinstance(each, Values):
                singles += [each._replace(values=(value,)) for value in each.values]
            else:
                singles.append(each)
        if len(singles) > _MOST_SPLITS:
            return []
        self._kept.append(singles)
        with_member = shape.required | {name}
        parts = [
            shape._replace(members={**shape.members, name: (each,)}, required=with_member)
            for each in singles
        ]
        if name not in shape.required:
            parts.append(shape._replace(members={**shape.members, name: NOTHING}))
        return parts

    def _defaults(self, narrow: Node, wide: Node) -> Iterator[Finding]:
        """Yield a finding if the default of a request's value changes."""
        if not self.is_request:
            return
        ours, theirs = _default(narrow), _default(wide)
        if ours != theirs:
            level: Level = "compatible" if ours is None else "warning"
            yield self.finding(narrow, wide, "default", ours, theirs, level)


def _default(node: Node) -> str | None:
    for each in node:
        schema = each.schema if isinstance(each, Source) else None
        if isinstance(schema, Mapping) and "default" in schema:
            return value_key(schema["default"])
    return None


def _pointer(node: Node) -> str:
    """Return the place of a schema in its document, behind a reference."""
    for each in node:
        if isinstance(each, Source):
            try:
                found = each.document.resolve(each.schema)
            except UnknownReference:
                found = each.schema
            if pointer := each.document.pointer(found):
                return pointer
    return ""
