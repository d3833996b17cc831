"""Field masks: which callers may read and write a field of a resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from .declaration_checks import check_mapping
from .errors import DeclarationError
from .hidden_fields import FieldPlace, HiddenFields
from .permissions import PermissionLike, Rule, permission_of

if TYPE_CHECKING:
    from .request import Request

__all__ = [
    "NOBODY",
    "Mask",
    "MaskRules",
    "Masks",
    "combined",
    "declared_masks",
]

NOBODY = Rule("nobody", lambda caller, request: False)
"""The rule that no caller fulfils: ``Mask(write=NOBODY)`` is a field that only the server sets."""
_MOST_RULES = 12
_MOST_KNOWN = 256


class Mask:
    """The callers who may read a field, and those who may write it.

    ::

        masks = {"cost": role("staff"), "owner": Mask(write=NOBODY)}

    Attributes:
        read: The rule of those who may read it; None for everybody.
        write: The rule of those who may write it; None for everybody.
    """

    __slots__ = ("read", "write")

    def __init__(
        self, read: PermissionLike | None = None, write: PermissionLike | None = None
    ) -> None:
        """Make a mask.

        Args:
            read: Who may read the field: a rule, or a function of the caller. Without it,
                everybody.
            write: Who may write it. Without it, those who may read it.
        """
        self.read = None if read is None else permission_of(read, "Mask(read=...)")
        self.write = self.read if write is None else permission_of(write, "Mask(write=...)")

    def __repr__(self) -> str:
        return f"<Mask: {self.description}>"

    @property
    def description(self) -> str:
        """The readers and writers, in a few words."""
        readers = "everybody" if self.read is None else self.read.description
        writers = "everybody" if self.write is None else self.write.description
        return readers if readers == writers else f"read: {readers}; write: {writers}"

    def document(self) -> dict[str, str]:
        """Return the mask as a member of ``x-field-masks``."""
        rules = {"read": self.read, "write": self.write}
        return {name: rule.description for name, rule in rules.items() if rule is not None}


Masks: TypeAlias = Mapping[str, Mask | PermissionLike]
"""Masks by the names of fields; a rule alone means those who may read and write."""


def declared_masks(declared: type, declared_at: str) -> dict[str, Mask]:
    """Return the masks of a class.

    Raises:
        DeclarationError: They are no mapping from names to masks or rules.
    """
    given: object = getattr(declared, "masks", {})
    example = '{"cost": role("staff")}'
    check_mapping(given, f"{declared_at}.masks", example)
    found: dict[str, Mask] = {}
    for name, each in given.items() if isinstance(given, Mapping) else ():
        if not isinstance(name, str) or not name:
            raise DeclarationError(
                f"{declared_at}.masks: {name!r} is not the name of a field. Write masks = "
                f"{example}."
            )
        where = f"{declared_at}.masks[{name!r}]"
        mask = each if isinstance(each, Mask) else Mask(permission_of(each, where))
        if mask.write is None:
            raise DeclarationError(
                f"{where} hides nothing. Write Mask(read=role('staff')), for example."
            )
        found[name] = mask
    return found


def combined(masks: Sequence[Mask]) -> Mask:
    """Return the mask of a field that several classes mask: every rule must hold."""
    first = masks[0]
    if all(each is first for each in masks):
        return first
    read = _every([each.read for each in masks])
    return Mask(read, _every([each.write for each in masks]))


def _every(rules: Iterable[Rule | None]) -> Rule | None:
    found: dict[object, Rule] = {rule.key: rule for rule in rules if rule is not None}
    joined: Rule | None = None
    for rule in found.values():
        joined = rule if joined is None else joined & rule
    return joined


class MaskRules:
    """The masks that one operation meets, asked once for each request."""

    def __init__(self, masks: Mapping[FieldPlace, Mask], declared_at: str) -> None:
        """Number the rules, each once.

        Args:
            masks: The masks by field.
            declared_at: The name of the class, for messages.

        Raises:
            DeclarationError: There are too many different rules.
        """
        numbers: dict[object, int] = {}
        self._rules: list[Rule] = []
        for mask in masks.values():
            for rule in (mask.read, mask.write):
                if rule is not None and rule.key not in numbers:
                    numbers[rule.key] = len(self._rules)
                    self._rules.append(rule)
        if len(self._rules) > _MOST_RULES:
            raise DeclarationError(
                f"{declared_at}: its masks, and those of the models that it shows, have "
                f"{len(self._rules)} different rules; at most {_MOST_RULES} are possible, since "
                "each of them doubles the number of schemas. Give fields the same rule object."
            )
        self.masks = masks
        self._read = [(place, numbers[mask.read.key]) for place, mask in masks.items() if mask.read]
        self._write = [
            (place, numbers[mask.write.key]) for place, mask in masks.items() if mask.write
        ]
        self._known: dict[tuple[bool, ...], HiddenFields] = {}

    def hidden(self, request: Request) -> HiddenFields:
        """Return the fields that the caller of a request may not read or write."""
        return self._of(tuple(_allows(rule, request) for rule in self._rules))

    def least(self) -> HiddenFields:
        """Return the fields that are hidden from a caller who fulfils every rule but `NOBODY`."""
        return self._of(tuple(rule is not NOBODY for rule in self._rules))

    def most(self) -> HiddenFields:
        """Return the fields that are hidden from a caller who fulfils no rule."""
        return self._of((False,) * len(self._rules))

    def _of(self, flags: tuple[bool, ...]) -> HiddenFields:
        found = self._known.get(flags)
        if found is None:
            read = frozenset(place for place, index in self._read if not flags[index])
            write = frozenset(place for place, index in self._write if not flags[index])
            found = HiddenFields(read, write)
            if len(self._known) < _MOST_KNOWN:
                self._known[flags] = found
        return found


def _allows(rule: Rule, request: Request) -> bool:
    """Return whether a rule holds; one that fails for a request without a caller does not."""
    try:
        return rule.allows(request.caller, request)
    except DeclarationError:
        raise
    except Exception:
        if request.caller is None:  # as a row rule that needs a caller
            return False
        raise
