"""The names of operations: operationIds, and the noun in them.

An operationId is given (`operation`), or derived from the verb and the name of the class. A given
one belongs to one method alone. Of several operations that would derive the same one, and of one
method at several URLs, the first that was declared keeps it; each of the others adds its path. So
an operationId changes only if an operation with the same one is declared before it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING

from ..contract import Operation
from ..errors import CollisionError
from ..resource import FunctionResource, Schemas

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = [
    "check_ids",
    "derived_id",
    "distinct_ids",
    "english_singular",
    "noun",
    "operation_id",
    "options_id",
    "singular",
    "stem",
]

_SUFFIXES = ("Item", "Resource", "View", "Collection")
_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
# The methods that, at the URL of a collection, concern the collection as a whole.
_ON_WHOLE = ("PUT", "PATCH", "DELETE", "QUERY")
# Plurals, by their last word, for which the general rules make a wrong singular.
_IRREGULAR = {
    "Calories": "Calorie",
    "Categories": "Category",
    "Children": "Child",
    "Cookies": "Cookie",
    "Leaves": "Leaf",
    "Men": "Man",
    "Movies": "Movie",
    "People": "Person",
    "Selves": "Self",
    "Women": "Woman",
}
_UNCHANGED = ("News", "Series", "Species", "Means", "Headquarters")


def operation_id(op: Operation) -> str:
    """Return the operationId in an operation's record, or the derived one if it has none yet."""
    return op.operation_id or derived_id(op)


def derived_id(op: Operation, name: str = "") -> str:
    """Derive the operationId of an operation from its verb and the name of its class.

    Args:
        op: An operation. The result depends on its own record only.
        name: The name that the resource was added with, if it is not that of its class or function.

    Returns:
        ``listBooks``, ``streamBooks``, ``getBook``, ``createBook``, ``replaceBook``,
        ``updateBook``, ``deleteBook``, and ``deleteBooks`` at the URL of a collection; for a
        function route the function's name in camelCase.
    """
    if issubclass(op.resource, FunctionResource):
        return _function_id(op, name)
    called = _class_name(name or op.resource.__name__)
    if op.method == "GET" and any(each.events for each in op.outputs):
        return "stream" + _bare(called)
    if op.method == "GET" and _responds_with_list(op):
        return "list" + _bare(called)
    verb = _VERBS.get(op.method, op.method.lower())
    if op.method in _ON_WHOLE and not _is_item(op):
        return verb + _whole(called)
    return verb + noun(op, called)


def options_id(name: str) -> str:
    """Return the operationId of an OPTIONS that restkit derives: ``optionsBooks``."""
    called = _class_name(name)
    return f"options{called[:1].upper()}{called[1:]}"


def _function_id(op: Operation, name: str) -> str:
    """Return the operationId of a function route."""
    own = getattr(op.function, "__name__", "")
    if not name and not own.isidentifier():
        # A partial has no name, and the name of a lambda is "<lambda>".
        own = f"{op.method.lower()}_{op.path}"
    text = name or own
    if not (text.isascii() and text.isidentifier()):
        text = re.sub(r"\W+", "_", text)
    return _camel(text)


def _responds_with_list(op: Operation) -> bool:
    """Return whether a successful response is a list, or a page of one."""
    is_item = _is_item(op)
    return any(_is_list(each.schema, is_item=is_item) for each in op.outputs if each.status < 300)


def _is_item(op: Operation) -> bool:
    return op.path.rstrip("/").endswith("}")


def _whole(name: str) -> str:
    """Return the name of a collection as a whole: ``Books``, and ``BookCollection``."""
    return name if name.endswith("Collection") else _bare(name)


def _class_name(name: str) -> str:
    """Return a name in CamelCase, as a class has it: ``BookList`` for ``book-list``."""
    if name.isidentifier() and "_" not in name:
        return name
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", name)) or name


def distinct_ids(operations: Sequence[Operation]) -> dict[int, str]:
    """Return new operationIds for operations whose operationId another operation has.

    Args:
        operations: All operations of an App, in the order in which they were declared, and after
            them the derived OPTIONS of its URLs.

    Returns:
        New operationIds by the index of their operations.
    """
    # Undocumented operations come last, so that they do not change a documented operationId.
    ordered = sorted(enumerate(operations), key=lambda pair: not pair[1].documented)
    given: dict[str, int] = {}
    for index, op in ordered:
        if op.has_given_id:
            given.setdefault(op.operation_id, index)
    taken = set(given)
    renamed: dict[int, str] = {}
    for index, op in ordered:
        name = op.operation_id
        if given.get(name) == index:
            continue
        if name in taken:
            name = renamed[index] = _distinct(op, taken)
        taken.add(name)
    return renamed


def _distinct(op: Operation, taken: set[str]) -> str:
    """Return the derived operationId with the words of the path, and a number if necessary."""
    words = re.sub(r"\{([^}]*)\}", r"by_\1", op.path)
    if op.host:
        words = f"{words}_on_{op.host}"
    where = "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", words)) or "Root"
    name = f"{op.operation_id}At{where}"
    number = 1
    candidate = name
    while candidate in taken:
        number += 1
        candidate = f"{name}{number}"
    return candidate


def _is_list(bound: BoundSchema | None, *, is_item: bool) -> bool:
    """Return whether content is a list or a page.

    A page is an object with ``items``, unless the URL is that of an item.
    """
    if bound is None:
        return False
    return bound.many or (not is_item and bound.has_items)


def noun(op: Operation, name: str = "") -> str:
    """Return the name of one item of a resource: ``Book`` for ``Books`` and ``BookItem``.

    A singular that ends with the name of a schema takes precedence. Otherwise the singular is
    formed by the rules of English, at an item's URL and for a POST that creates one item.

    Args:
        op: An operation of the resource.
        name: The name of the resource, if it is not that of its class.
    """
    bare = _bare(name or op.resource.__name__)
    found = _confirmed_singular(bare, tuple(_schema_names(op)))
    if found:
        return found
    return english_singular(bare) if _is_item(op) or _creates_one(op) else bare


def _schema_names(op: Operation) -> Iterator[str]:
    """Yield the names of an operation's schemas: of its bodies, its responses and its class."""
    bound = [each.schema for each in op.inputs if each.location == "body"]
    bound += [schema for each in op.outputs for schema in each.schemas]
    for each in bound:
        if each is not None and each.name:
            yield each.name
    declared = _class_schema(op.resource)
    if isinstance(declared, type):
        yield stem(declared)
    elif declared is not None and not isinstance(declared, Mapping):
        yield stem(type(declared))


def _class_schema(resource: type) -> object:
    """Return the schema of an item that a class declares, None if it declares none."""
    declared: object = getattr(resource, "schema", None)
    return declared.item if isinstance(declared, Schemas) else declared


def _creates_one(op: Operation) -> bool:
    body = op.input("body")
    is_many = body is not None and body.schema is not None and body.schema.many
    return op.method == "POST" and op.output(201) is not None and not is_many


@functools.lru_cache(256)
def _confirmed_singular(bare: str, schemas: tuple[str, ...]) -> str:
    """Return the singular that ends with a schema's name, "" if none does."""
    return next((name for each in schemas if (name := singular(bare, each))), "")


@functools.lru_cache(256)
def english_singular(name: str) -> str:
    """Return the singular of a name in CamelCase; a name without a plural is unchanged."""
    found = re.fullmatch(r"(.*?)([A-Z][a-z]*|[a-z]+)", name, re.DOTALL)
    if found is None:
        return name
    before, last = found.groups()
    return before + _singular_word(last)


def _singular_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _UNCHANGED or len(word) < 4 or not word.endswith("s"):
        return word
    if word.endswith(("ss", "us", "is", "ics")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes", "tuses")):
        return word[:-2]
    return word[:-1]


def singular(bare: str, schema: str) -> str:
    """Return the singular of a collection's name that ends with a schema's name, "" if none does.

    For ``AuthorBooks`` and ``Book``, this is ``AuthorBook``.
    """
    return next((name for name in (bare, *_singulars(bare)) if name.endswith(schema)), "")


@functools.lru_cache(256)
def _bare(name: str) -> str:
    while suffix := next((each for each in _SUFFIXES if name[1:].endswith(each)), ""):
        name = name.removesuffix(suffix)
    return name[:1].upper() + name[1:]


def _singulars(name: str) -> Iterator[str]:
    for ending, singular in (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", "")):
        if name.endswith(ending):
            yield name.removesuffix(ending) + singular


def _camel(name: str) -> str:
    first, *rest = [part for part in name.split("_") if part] or [name]
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)


def stem(declared: type) -> str:
    """Return the stem of a schema class's component name: ``Book`` for ``BookSchema``."""
    name = declared.__name__
    return "" if name == "GeneratedSchema" else name.removesuffix("Schema") or name


def check_ids(operations: Iterable[Operation], ids: MutableMapping[str, str]) -> None:
    """Reject two methods that were given the same operationId.

    Args:
        operations: The operations to check.
        ids: The operationIds that were given before, with the names of their declarations. Those of
            the operations are added.

    Raises:
        CollisionError: Two methods have the same operationId. The message names both declarations.
    """
    for op in operations:
        if not (op.documented and op.has_given_id):
            continue
        name = op.operation_id
        if ids.get(name, op.declared_at) != op.declared_at:
            raise CollisionError(
                f"{ids[name]} and {op.declared_at} both have the operationId {name!r}. "
                'Give one of them another with @operation(operation_id="...").'
            )
        ids[name] = op.declared_at
