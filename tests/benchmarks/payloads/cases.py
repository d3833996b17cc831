"""What is asked with payloads that nobody chose for speed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..case import Case
from . import events, issues, orders, payments, specimens

__all__ = ["LEDGER", "PAYLOADS", "SHELVED"]

SHELVED = 1_000
"""The rows of the table of payments."""


def _posted(name: str, title: str, path: str, content: Any, **more: Any) -> Case:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = {"requests": 60, "service": name, "status": 201, **more}
    return Case(name, title, path, method="POST", body=body, **given)


def _refused(case: Case, kind: str, title: str, content: Any, *faults: str) -> Case:
    """Return a case with an invalid body; one that is hostile is asked just a few times."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return replace(
        case,
        name=f"{case.name}-{kind}",
        title=title,
        body=body,
        requests=60 if len(body) < 8_000 else 3,
        status=422,
        expected=None,
        faults=faults,
        target=None,
    )


def _orders() -> list[Case]:
    title = "POST of an order: 12 fields, of them 6 decimals, and 5 items"
    content = orders.order()
    order = _posted("order", title, "/orders", content, expected=content, service="orders")
    order = replace(order, target=270)
    behind = [
        replace(
            order,
            name=f"order-behind-{count}",
            title=f"the order behind {count} middleware{'s' if count > 1 else ''}",
            service=f"orders:{count}",
            target=None,
        )
        for count in (1, 3)
    ]
    errors = ("email", "shipping", "quantity")
    faulty = _refused(order, "errors", "the order with 3 errors", orders.faulty_order(), *errors)
    wrong = orders.order_of_wrong_items()
    unknown = orders.order_of_unknown_members()
    return [
        order,
        replace(faulty, target=350),
        *behind,
        _refused(order, "wrong", "the order with 32,000 numbers for items", wrong, "items"),
        _refused(
            order,
            "bad",
            "the order with 100 items and 400 faults",
            orders.order_of_bad_items(),
            "items",
        ),
        _refused(
            order, "unknown", "the order with 100 items of 40 unknown members", unknown, "items"
        ),
    ]


def _issues() -> list[Case]:
    found = [issues.written_issue(each) for each in issues.issues(100)]
    listed = Case(
        "issues",
        "list of 100 issues with users, labels, milestones",
        "/issues",
        5,
        service="issue_list",
        expected=found,
    )
    posted = issues.new_issue()
    made = issues.written_issue(issues.issue_made_of(posted["title"], posted["body"]))
    title = "POST of an issue, 6 fields; the issue is answered"
    issue = _posted("issue", title, "/issues", posted, expected=made, service="issues")
    faults = ("title", "labels", "source_url")
    faulty = issues.faulty_new_issue()
    return [
        listed,
        issue,
        _refused(issue, "errors", "the issue with 3 errors", faulty, *faults),
        _refused(
            issue,
            "wrong",
            "the issue with 10,000 numbers for labels",
            issues.long_new_issue(),
            "labels",
        ),
    ]


def _events() -> list[Case]:
    title = "POST of an event: time zones, 6 attendees, recurrence"
    content = events.event()
    event = _posted("event", title, "/events", content, expected=content, service="events")
    faults = ("email", "minutes", "interval")
    faulty = events.faulty_event()
    return [
        event,
        _refused(event, "errors", "the event with 3 errors", faulty, *faults),
        _refused(
            event,
            "bad",
            "the event with 200 attendees and 800 faults",
            events.hostile_event(),
            "attendees",
        ),
    ]


def _specimens() -> list[Case]:
    title = "POST of an object with every field type"
    every = _posted(
        "specimen",
        title,
        "/specimens",
        specimens.specimen(),
        expected=specimens.written_specimen(),
        service="specimens",
    )
    faults = ("text", "integer", "amount", "key", "aware", "span", "ipv6", "pair", "counts", "many")
    faulty = specimens.faulty_specimen()
    return [
        every,
        _refused(every, "errors", "the object with every field wrong", faulty, *faults),
    ]


def _reads() -> list[Case]:
    found = [payments.written_payment(each) for each in payments.payments(100)]
    asked = "limit=20&exact=true&since=2026-03-01&status=PAID&tag=gift&tag=%C3%A9t%C3%A9"
    answered = {
        "limit": 20,
        "exact": True,
        "since": "2026-03-01",
        "status": "PAID",
        "tag": ["gift", "été"],
    }
    return [
        Case(
            "payments",
            "list of 100 payments: decimals, enums, times",
            "/payments",
            10,
            service="payments",
            expected=found,
            target=1_900,
        ),
        Case(
            "search",
            "query of 5 typed parameters: int, bool, date, enum, list",
            f"/search?{asked}",
            100,
            service="search",
            expected=answered,
            target=60,
        ),
    ]


def _ledger() -> list[Case]:
    found = [payments.written_payment(payments.stored_payment(number)) for number in range(1, 101)]
    made = {name: value for name, value in found[41].items() if name != "id"}
    read = Case(
        "ledger-list",
        "list of 100 rows: Numeric, Enum, DateTime, Uuid",
        "/payments?limit=100",
        10,
        service="ledger",
        expected=found,
    )
    create = _posted(
        "ledger-create",
        "POST of a row: Numeric, Enum, DateTime, Uuid",
        "/payments",
        made,
        expected=made,
        service="ledger",
    )
    return [read, replace(create, more=True)]


def _all() -> list[Case]:
    return [*_orders(), *_reads(), *_issues(), *_events(), *_specimens()]


PAYLOADS: Mapping[str, Case] = {case.name: case for case in _all()}
LEDGER: Mapping[str, Case] = {case.name: case for case in _ledger()}
