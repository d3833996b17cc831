"""The parts that several operations of a document have, as components with references to them.

The meaning stays the same. A part is shared only if the document becomes shorter. A successful
response with content stays at its operation, where one looks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from ..problems import problem_class
from ..records import Record
from .metadata import Keywords
from .names import component_key
from .operation_words import reason_phrase

__all__ = ["expanded", "share"]

_SHARED = re.compile(r'"#/components/(parameters|headers|responses)/([^"/]+)"')


class _Use(Record):
    """One use of a part: the part, the function that replaces it, and its operation."""

    part: Keywords
    replace: Callable[[Keywords], object]
    method: str = ""
    tag: str = ""


_Named = Iterator[tuple[str, _Use]]


def share(paths: dict[str, Keywords]) -> dict[str, Keywords]:
    """Share parts of the operations of a document.

    Args:
        paths: The Path Item Objects, which are changed.

    Returns:
        The components by their kind: parameters, headers and responses.
    """
    for path, item in paths.items():
        paths[path] = _with_path_parameters(item)
    responses = _shared("responses", _named_responses(paths))
    parameters = _shared("parameters", _named_parameters(paths))
    headers = _shared("headers", _named_headers(paths, responses))
    return {"responses": responses, "parameters": parameters, "headers": headers}


def _with_path_parameters(item: Keywords) -> Keywords:
    """Return a Path Item Object that has the parameters of the path which all operations have."""
    operations = list(item.values())
    own = [_path_parameters(operation) for operation in operations]
    if len(own) < 2 or not own[0] or any(each != own[0] for each in own):
        return item
    for operation in operations:
        operation["parameters"] = operation["parameters"][len(own[0]) :]
        if not operation["parameters"]:
            del operation["parameters"]
    return {"parameters": own[0], **item}


def _path_parameters(operation: Keywords) -> list[Keywords]:
    """Return the parameters of an operation that are in the path; they are its first ones."""
    return [each for each in operation.get("parameters", ()) if each["in"] == "path"]


def _operations(item: Keywords) -> Iterator[tuple[str, Keywords]]:
    for method, operation in item.items():
        if method != "parameters":
            yield method.removeprefix("x-"), operation


def _named_responses(paths: Mapping[str, Keywords]) -> _Named:
    for item in paths.values():
        for method, operation in _operations(item):
            responses = operation["responses"]
            for status, response in responses.items():
                if int(status) >= 300 or "content" not in response:
                    put = partial(responses.__setitem__, status)
                    yield _response_name(int(status)), _Use(response, put, method, _tag(operation))


def _response_name(status: int) -> str:
    """Return a name such as NotFound or NotModified."""
    return problem_class(status).__name__ if status >= 400 else _joined(reason_phrase(status))


def _named_parameters(paths: Mapping[str, Keywords]) -> _Named:
    for item in paths.values():
        for parameters in (item, *(operation for _, operation in _operations(item))):
            listed = parameters.get("parameters", [])
            for index, each in enumerate(listed):
                yield component_key(each["name"]), _Use(each, partial(listed.__setitem__, index))


def _named_headers(paths: Mapping[str, Keywords], shared: Keywords) -> _Named:
    responses = list(shared.values())
    for item in paths.values():
        for _, operation in _operations(item):
            responses += operation["responses"].values()
    for response in responses:
        headers = response.get("headers", {})
        for name, each in headers.items():
            yield component_key(name), _Use(each, partial(headers.__setitem__, name))


def _tag(operation: Keywords) -> str:
    return next(iter(operation["tags"]), "")


def _joined(words: str) -> str:
    return "".join(each[:1].upper() + each[1:] for each in re.split(r"[\W_]+", words))


def _shared(kind: str, named: _Named) -> Keywords:
    """Return the components of one kind, and put references in the place of their uses."""
    uses: dict[tuple[str, str], list[_Use]] = {}
    texts: dict[int, str] = {}  # PERF: many operations have one object
    for name, use in list(named):
        text = texts.get(id(use.part))
        if text is None:
            text = texts[id(use.part)] = json.dumps(use.part, separators=(",", ":"))
        uses.setdefault((name, text), []).append(use)
    found: Keywords = {}
    # The most frequent variant of a name takes the name.
    for (name, text), each in sorted(uses.items(), key=lambda item: (-len(item[1]), item[0])):
        free = next((key for key in _keys(name, each) if key not in found), None)
        if free is None or not _is_shorter(len(text), len(each), f"#/components/{kind}/{free}"):
            continue
        found[free] = each[0].part
        for use in each:
            use.replace({"$ref": f"#/components/{kind}/{free}"})
    return found


def _is_shorter(length: int, count: int, reference: str) -> bool:
    """Say whether a document becomes shorter if a part of this length is shared."""
    each = len(reference) + len('{"$ref":""}')
    return (count - 1) * length > count * each + len(reference.rpartition("/")[2])


def _keys(name: str, uses: list[_Use]) -> Iterator[str]:
    """Yield names for a component, such as UnsupportedMediaType and PatchUnsupportedMediaType.

    A further variant of a response is named after the method or the tag that all its uses have.
    It is not numbered, as a number would change with other operations.
    """
    yield name
    for member in ("method", "tag"):
        common = {getattr(use, member) for use in uses}
        if len(common) == 1 and any(common):
            yield component_key(_joined(common.pop())) + name


def expanded(document: Mapping[str, object]) -> Keywords:
    """Return a document whose operations have their parameters, headers and responses in line.

    Args:
        document: The document, which stays as it is.

    Returns:
        The document, with the components that are still needed or were needed nowhere.
    """
    out: Keywords = dict(document)
    components: Keywords = out.get("components", {})
    paths = out.get("paths", {})
    out["paths"] = {path: _expanded_item(item, components) for path, item in paths.items()}
    used = set(_SHARED.findall(json.dumps(document, default=str)))
    kept: Keywords = {}
    for kind, found in components.items():
        left = {name: each for name, each in found.items() if (kind, name) not in used}
        if left or not found:
            kept[kind] = left
    out.pop("components", None)
    if kept:
        out["components"] = kept
    return out


def _expanded_item(item: Keywords, components: Keywords) -> Keywords:
    common = [_resolved(each, components) for each in item.get("parameters", ())]
    out = {name: value for name, value in item.items() if name != "parameters"}
    for name, value in out.items():
        if isinstance(value, Mapping) and "responses" in value:
            out[name] = _expanded_operation(dict(value), common, components)
    return out


def _expanded_operation(
    operation: Keywords, common: Sequence[Keywords], components: Keywords
) -> Keywords:
    own = [_resolved(each, components) for each in operation.get("parameters", ())]
    overridden = {(each.get("name"), each.get("in")) for each in own}
    inherited = [each for each in common if (each.get("name"), each.get("in")) not in overridden]
    if inherited or own:
        operation["parameters"] = inherited + own
    operation["responses"] = {
        status: _expanded_response(_resolved(response, components), components)
        for status, response in operation["responses"].items()
    }
    return operation


def _expanded_response(response: Keywords, components: Keywords) -> Keywords:
    if "headers" not in response:
        return response
    headers = {name: _resolved(each, components) for name, each in response["headers"].items()}
    return {**response, "headers": headers}


def _resolved(part: Keywords, components: Keywords) -> Keywords:
    """Return the component that a reference names; another part as it is."""
    start, _, path = str(part.get("$ref", "")).partition("#/components/")
    kind, _, name = path.partition("/")
    found: Keywords = part if start else components.get(kind, {}).get(name, part)
    return found
