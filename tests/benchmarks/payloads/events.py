"""An event of a calendar: time zones, attendees, reminders and rules of recurrence."""

from __future__ import annotations

import enum
from typing import Any

__all__ = [
    "FREQUENCIES",
    "WEEKDAYS",
    "Response",
    "Visibility",
    "event",
    "faulty_event",
    "hostile_event",
]

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Visibility(enum.Enum):
    DEFAULT = "default"
    PUBLIC = "public"
    PRIVATE = "private"


class Response(enum.Enum):
    NEEDS_ACTION = "needsAction"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"


def _attendee(number: int) -> dict[str, Any]:
    return {
        "email": f"guest.{number}@mail.example.com",
        "name": f"Guest {number}",
        "optional": number % 3 == 0,
        "response": [each.value for each in Response][number % 4],
    }


def event() -> dict[str, Any]:
    """Return an event as a client sends it."""
    return {
        "uid": "0d9b9ac0-3f0e-4a58-9c4f-6b1f1e1c2a10",
        "summary": "Review of the week",
        "description": "Bring what is open.\nLeave with what is next.",
        "visibility": "private",
        "all_day": False,
        "start": {"date_time": "2026-03-02T09:30:00+01:00", "time_zone": "Europe/Berlin"},
        "end": {"date_time": "2026-03-02T10:15:00+01:00", "time_zone": "Europe/Berlin"},
        "location": {
            "name": "Room 4.12",
            "latitude": "52.520008",
            "longitude": "13.404954",
            "entrance": None,
        },
        "recurrence": [
            {
                "frequency": "WEEKLY",
                "interval": 1,
                "by_day": ["MO", "TH"],
                "until": "2026-12-31T23:59:59+01:00",
            },
            {"frequency": "MONTHLY", "interval": 2, "by_day": ["FR"], "until": None},
        ],
        "excluded": ["2026-04-06", "2026-05-25", "2026-12-24"],
        "attendees": [_attendee(number) for number in range(6)],
        "reminders": [
            {"method": "email", "minutes": 1440},
            {"method": "popup", "minutes": 10},
        ],
        "labels": {"team": "editors", "project": "calendar"},
        "meeting_url": "https://meet.example.com/rooms/4f1c-88aa?lang=en",
    }


def faulty_event() -> dict[str, Any]:
    """Return an event with three faults: an attendee's email, a reminder and a recurrence."""
    content = event()
    content["attendees"][1]["email"] = "guest one"
    content["reminders"][0]["minutes"] = -5
    content["recurrence"][0]["interval"] = 0
    return content


def hostile_event() -> dict[str, Any]:
    """Return an event whose two hundred attendees, which are allowed, have faults in each member,
    in 64 KiB; the emails are long and nearly right.
    """
    attendee = {
        "email": "a." * 100 + "@" + "b-" * 10,
        "name": "",
        "optional": "perhaps",
        "response": "accept",
    }
    return {**event(), "attendees": [attendee] * 200}
