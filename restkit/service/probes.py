"""The resources that orchestrators and load balancers ask: is the process alive, is it ready?"""

from __future__ import annotations

from typing import ClassVar, Protocol

from marshmallow import Schema, fields, validate

from ..decorators import returns
from ..resource import Resource

__all__ = ["NOT_STORED", "Liveness", "LivenessSchema", "Readiness", "ReadinessSchema"]

NOT_STORED = {"Cache-Control": "no-store"}
_STATES = {True: "ok", False: "failed"}
_HEADERS = {"Cache-Control": "``no-store``: the next request is answered anew."}


class _Service(Protocol):
    def readiness(self) -> tuple[str, dict[str, bool]]: ...


class LivenessSchema(Schema):
    """The response of a process that is alive."""

    status = fields.Str(required=True, validate=validate.Equal("ok"))


class ReadinessSchema(Schema):
    """Whether the service can take requests, with the state of each check."""

    status = fields.Str(
        required=True,
        validate=validate.OneOf(("ok", "degraded", "failed", "draining", "starting")),
    )
    checks = fields.Dict(
        fields.Str(), fields.Str(validate=validate.OneOf(("ok", "failed"))), required=True
    )


class Liveness(Resource):
    """Whether the process responds; it depends on nothing else.

    A database that is asked here restarts every process as soon as the database is slow.
    """

    public = True
    tags = ("Service",)
    _any_query = True
    _is_probe = True

    @returns(LivenessSchema, 200, headers=_HEADERS)
    def get(self) -> object:
        """Check that the process responds."""
        return {"status": "ok"}, 200, NOT_STORED


class Readiness(Resource):
    """Whether the service can take requests now."""

    public = True
    tags = ("Service",)
    service: ClassVar[_Service]
    _any_query = True
    _is_probe = True

    @returns(ReadinessSchema, 200, headers=_HEADERS, description="The service takes requests.")
    @returns(
        ReadinessSchema,
        503,
        headers=_HEADERS,
        description="The service takes no requests now: it starts, stops, or lacks a dependency.",
    )
    def get(self) -> object:
        """Check that the service can take requests.

        ``degraded`` means that a check failed without which the service does most of its work.
        """
        status, checks = self.service.readiness()
        states = {name: _STATES[holds] for name, holds in checks.items()}
        code = 200 if status in ("ok", "degraded") else 503
        return {"status": status, "checks": states}, code, NOT_STORED
