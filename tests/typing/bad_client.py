"""What the test client does not take."""

from __future__ import annotations

from restkit import App
from restkit.testing import Client

client = Client(App("Shop"))
client.get("/", jsn={})  # error: call-arg, reportCallIssue
client.get("/", stream="yes")  # error: arg-type, reportArgumentType
client.get(7)  # error: arg-type, reportArgumentType
client.get("/").reason  # error: attr-defined, reportAttributeAccessIssue
text: str = client.get("/").status  # error: assignment, reportAssignmentType
