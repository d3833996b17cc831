"""Issues as those of GitHub: nested users, labels, milestone and reactions, members that may be
null, and many URLs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Issue",
    "Label",
    "Milestone",
    "Reactions",
    "User",
    "faulty_new_issue",
    "issue_made_of",
    "issue_of",
    "issues",
    "long_new_issue",
    "new_issue",
    "written_issue",
]

ZONE = dt.timezone(dt.timedelta(hours=2))
_SITE = "https://git.example.com"
_API = "https://api.git.example.com"


@dataclass
class User:
    login: str
    id: int
    avatar_url: str
    html_url: str
    type: str
    site_admin: bool


@dataclass
class Label:
    id: int
    name: str
    color: str
    description: str | None
    default: bool


@dataclass
class Milestone:
    id: int
    number: int
    title: str
    description: str | None
    state: str
    creator: User
    due_on: dt.datetime | None


@dataclass
class Reactions:
    url: str
    total_count: int
    plus_one: int
    minus_one: int
    laugh: int
    hooray: int
    confused: int
    heart: int
    rocket: int
    eyes: int


@dataclass
class Issue:
    id: int
    number: int
    url: str
    html_url: str
    comments_url: str
    title: str
    body: str | None
    state: str
    state_reason: str | None
    locked: bool
    comments: int
    author_association: str
    user: User
    assignee: User | None
    assignees: list[User]
    labels: list[Label]
    milestone: Milestone | None
    reactions: Reactions
    created_at: dt.datetime
    updated_at: dt.datetime
    closed_at: dt.datetime | None


def _user(number: int) -> User:
    login = f"developer-{number % 23}"
    return User(
        login=login,
        id=4_000 + number % 23,
        avatar_url=f"https://avatars.git.example.com/u/{4_000 + number % 23}?v=4",
        html_url=f"{_SITE}/{login}",
        type="Bot" if number % 11 == 0 else "User",
        site_admin=number % 23 == 5,
    )


def _label(number: int) -> Label:
    name = ("bug", "documentation", "good first issue", "performance", "security")[number % 5]
    description = None if number % 4 == 0 else f"Issues about {name}"
    return Label(208_000 + number % 5, name, f"{number * 7919 % 0xFFFFFF:06x}", description, True)


def _moment(number: int) -> dt.datetime:
    return dt.datetime(
        2026, 1 + number % 12, 1 + number % 28, number % 24, number % 60, tzinfo=ZONE
    )


def _milestone(number: int) -> Milestone:
    due = None if number % 2 else _moment(number + 40)
    title = f"v{number % 9}.0"
    return Milestone(1_000 + number % 9, number % 9, title, None, "open", _user(number + 3), due)


def _reactions(number: int, url: str) -> Reactions:
    counts = [number * step % 7 for step in range(1, 9)]
    return Reactions(f"{url}/reactions", sum(counts), *counts)


def issue_of(number: int) -> Issue:
    """Return one issue; every number has its own."""
    url = f"{_API}/repos/example/project/issues/{number}"
    closed = number % 3 == 0
    return Issue(
        id=1_800_000_000 + number,
        number=number,
        url=url,
        html_url=f"{_SITE}/example/project/issues/{number}",
        comments_url=f"{url}/comments",
        title=f"The parser stops at line {number} of a file with “quotes”",
        body=None if number % 5 == 0 else f"Steps:\n\n1. open file {number}\n2. look\n" * 4,
        state="closed" if closed else "open",
        state_reason="completed" if closed else None,
        locked=number % 13 == 0,
        comments=number % 19,
        author_association="CONTRIBUTOR",
        user=_user(number),
        assignee=_user(number + 1) if number % 2 else None,
        assignees=[_user(number + each) for each in range(1, 1 + number % 3)],
        labels=[_label(number + each) for each in range(number % 4)],
        milestone=_milestone(number) if number % 4 else None,
        reactions=_reactions(number, url),
        created_at=_moment(number),
        updated_at=_moment(number + 1),
        closed_at=_moment(number + 2) if closed else None,
    )


def issues(count: int) -> list[Issue]:
    """Return the issues of a list."""
    return [issue_of(number) for number in range(1, count + 1)]


def issue_made_of(title: str, body: str | None) -> Issue:
    """Return the issue that a program makes of what was posted."""
    return dataclasses.replace(issue_of(7), title=title, body=body)


def _written_moment(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def written_issue(issue: Issue) -> dict[str, Any]:
    """Return an issue as it is answered."""
    written = dataclasses.asdict(issue)
    for name in ("created_at", "updated_at", "closed_at"):
        written[name] = _written_moment(written[name])
    if written["milestone"]:
        written["milestone"]["due_on"] = _written_moment(written["milestone"]["due_on"])
    reactions = written["reactions"]
    written["reactions"] = {
        {"plus_one": "+1", "minus_one": "-1"}.get(name, name): count
        for name, count in reactions.items()
    }
    return written


# what is posted


def new_issue() -> dict[str, Any]:
    """Return an issue as a client posts it."""
    return {
        "title": "Dates before 1900 are refused",
        "body": "A date such as `1899-12-31` is refused with “out of range”.\n\n" * 6,
        "milestone": 4,
        "labels": ["bug", "documentation", "good first issue"],
        "assignees": ["developer-3", "developer-12"],
        "source_url": "https://forum.example.com/t/dates-before-1900/4417?page=2#post-31",
    }


def faulty_new_issue() -> dict[str, Any]:
    """Return it with three faults: an empty title, a label that is a number, and its URL."""
    labels = ["bug", 7]
    return {**new_issue(), "title": "", "labels": labels, "source_url": "forum, page 2"}


def long_new_issue() -> dict[str, Any]:
    """Return it with ten thousand labels, of which fifty are allowed, in 64 KiB."""
    return {**new_issue(), "labels": [0.5] * 10_000}
