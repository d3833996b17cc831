"""The exchanges that the documentation shows.

`tests/test_diagrams.py` plays those of HTTP alone, and compares the statuses.
"""

from __future__ import annotations

from .sequences import Message, Note, draw_sequence

__all__ = ["idempotency_key", "keyset_pagination", "lost_update", "outbox"]


def keyset_pagination() -> str:
    """Draw two cursor pages, between which an item is deleted."""
    return draw_sequence(
        "Cursor pagination: the second page begins after the last item of the first page, "
        "although that item was deleted",
        ("Client", "Server"),
        [
            Message(0, 1, ("GET /books?sort=year&limit=2",)),
            Message(
                1,
                0,
                (
                    "200 OK",
                    'Link: </books?...&cursor=_86A...>; rel="next"',
                    "Emma 1815, Persuasion 1817",
                ),
                "good",
            ),
            Note(1, ("Another client deletes", "Persuasion (1817).")),
            Message(0, 1, ("GET /books?...&cursor=_86A...",)),
            Note(1, ("The cursor is a position:", "continue after 1817.")),
            Message(
                1,
                0,
                (
                    "200 OK",
                    "Link: first and prev, no next",
                    "Jane Eyre 1847, Dracula 1897",
                ),
                "good",
            ),
            Note(None, ("An item was deleted, and no item is skipped.",), "own"),
        ],
    )


def lost_update() -> str:
    """Draw two clients that change what both have read."""
    return draw_sequence(
        "Two clients change the same note: the second PUT gets a 412, because its If-Match has the "
        "old entity tag",
        ("Client A", "Server", "Client B"),
        [
            Message(0, 1, ("GET /notes/1",)),
            Message(1, 0, ("200 OK", 'ETag: "3"'), "good"),
            Message(2, 1, ("GET /notes/1",)),
            Message(1, 2, ("200 OK", 'ETag: "3"'), "good"),
            Message(0, 1, ("PUT /notes/1", 'If-Match: "3"')),
            Message(1, 0, ("200 OK", 'ETag: "4"'), "good"),
            Message(2, 1, ("PUT /notes/1", 'If-Match: "3"')),
            Message(1, 2, ("412", "Precondition Failed"), "bad"),
            Note(
                None,
                ("The change of client A is not lost.", "Client B reads again and decides."),
                "own",
            ),
            Message(2, 1, ("GET /notes/1",)),
            Message(1, 2, ("200 OK", 'ETag: "4"'), "good"),
        ],
    )


def idempotency_key() -> str:
    """Draw one request that is sent twice with one key."""
    return draw_sequence(
        "One POST is sent twice with the same Idempotency-Key: the second response is the stored "
        "one, and there is one payment",
        ("Client", "Server", "Database"),
        [
            Message(0, 1, ("POST /payments", "Idempotency-Key: 8e03")),
            Message(1, 2, ("payment and response", "in one transaction")),
            Message(2, 1, ("COMMIT",), "reply"),
            Message(1, 0, ("201 Created",), "lost"),
            Note(0, ("The response is lost.", "Was the payment made?")),
            Message(0, 1, ("POST /payments", "Idempotency-Key: 8e03")),
            Message(1, 2, ("Is the key known?",)),
            Message(2, 1, ("the stored response",), "reply"),
            Message(1, 0, ("201 Created", "Idempotent-Replayed: true"), "good"),
            Note(None, ("There is one payment. Your method ran once.",), "own"),
        ],
    )


def outbox() -> str:
    """Draw a webhook from the transaction of the request to its second attempt."""
    return draw_sequence(
        "The outbox: the request writes an item and a row of the outbox in one transaction; a "
        "worker sends the webhook, retries after a failure and removes the row",
        ("Client", "App", "Database", "Worker", "Receiver"),
        [
            Message(0, 1, ("POST /items",)),
            Message(1, 2, ("INSERT item", "INSERT row of the outbox")),
            Message(1, 2, ("COMMIT",)),
            Message(1, 0, ("201",), "good"),
            Note(
                None,
                (
                    "Both rows are stored, or neither is.",
                    "The client does not wait for the webhook.",
                ),
                "own",
            ),
            Message(3, 2, ("claim the row for 60 s",)),
            Message(3, 4, ("POST, signed", "webhook-id: msg_0f3b")),
            Message(4, 3, ("503",), "bad"),
            Message(3, 2, ("due again in 5 s",)),
            Note(3, ("Next failures: 5 min,", "30 min, 2 h, ...")),
            Message(3, 2, ("claim the row again",)),
            Message(3, 4, ("POST, signed", "webhook-id: msg_0f3b")),
            Message(4, 3, ("204",), "good"),
            Message(3, 2, ("DELETE the row",)),
            Note(
                None,
                (
                    "The webhook arrives at least once. The receiver",
                    "ignores a webhook-id that it has handled.",
                ),
                "own",
            ),
        ],
    )
