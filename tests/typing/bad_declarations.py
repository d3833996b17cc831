"""Declarations that cannot be."""

from __future__ import annotations

from restkit import App, Resource, raises, returns, takes

app = App("Shop")
raises(ValueError)  # error: arg-type, reportArgumentType
takes(boddy={})  # error: call-arg, reportCallIssue
returns(status="204")  # error: arg-type, reportArgumentType
app.add("/books", object)  # error: type-var, reportArgumentType
app.route(7)  # error: arg-type, reportArgumentType
app.mount("/v1", object())  # error: arg-type, reportArgumentType
App("Shop", max_body_sise=1)  # error: call-arg, reportCallIssue
App("Shop", trailing_slash="perhaps")  # error: arg-type, reportArgumentType


class Books(Resource):
    conditional = "perhaps"  # error: assignment, reportAssignmentType
    methods = 7  # error: assignment, reportAssignmentType

    @returns(status=204)
    def get(self) -> None: ...


Books().get(7)  # error: call-arg, reportCallIssue
