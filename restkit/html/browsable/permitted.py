"""Which verbs of a URL the caller may send, by the guards of their Operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from ...contract import Operation
from ...dispatch.guard import make_guard
from ...problems import Unauthorized
from ...request import Request, current_request
from ..environment import TemplateOwner
from ..method_override import sessions_of
from ..session_fields import SESSION

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Permissions"]


class Permissions:
    """The guards of Operations, asked without sending anything."""

    def __init__(self) -> None:
        """Start without guards; each is made when it is first asked."""
        self._guards: dict[int, Callable[[Request], None]] = {}

    def permitted(
        self, environ: WSGIEnvironment, request: Request, operations: Mapping[str, Operation]
    ) -> tuple[dict[str, Operation], bool]:
        """Return the Operations that the caller may send, and whether others need credentials.

        Those with field masks have no fields that are hidden from the caller.

        Args:
            environ: The environ of the request as the App gets it, with its credentials.
            request: The request of the page.
            operations: The Operations by their verbs.
        """
        found: dict[str, Operation] = {}
        is_unknown = False
        for method, operation in operations.items():
            view = self._view(environ, request, operation)
            if isinstance(view, Operation):
                found[method] = view
            is_unknown = is_unknown or isinstance(view, Unauthorized)
        return found, is_unknown

    def _view(
        self, environ: WSGIEnvironment, request: Request, operation: Operation
    ) -> Operation | Exception | None:
        """Return an Operation as the caller has it, or why the caller may not send it."""
        if not (operation.security or operation.masks):
            return operation
        asked = Request({**environ, "REQUEST_METHOD": operation.method})
        asked.operation, asked.app = operation, request.app
        asked.path_parameters = request.path_parameters
        asked.mount_parameters = request.mount_parameters
        sessions = sessions_of(cast("TemplateOwner", request.app))
        if sessions is not None:
            asked.environ[SESSION] = sessions.open(asked)
        token = current_request.set(asked)
        try:
            self._guard_of(operation)(asked)
            masks = operation.masks
            return masks.view(operation, masks.hidden(asked)) if masks else operation
        except Exception as error:  # noqa: BLE001  # whatever is in the way, the verb is not offered
            return error
        finally:
            current_request.reset(token)
            if asked.provided is not None:
                asked.provided.close()

    def _guard_of(self, operation: Operation) -> Callable[[Request], None]:
        if not operation.security:
            return lambda request: None
        guard = self._guards.get(id(operation))
        if guard is None:
            # A verb that is only offered counts for no limit.
            guard = self._guards[id(operation)] = make_guard(operation._replace(limits=()))
        return guard
