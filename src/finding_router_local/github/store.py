"""The repositories of the local GitHub: issues, comments, and what people do to them."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

PERSON = "octocat"
APP = "finding-router[bot]"


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment, made at a Unix second."""

    id: int
    body: str
    author: str
    created_at: float


@dataclass(slots=True, kw_only=True)
class Issue:
    """An issue; times are Unix seconds."""

    repository: str
    number: int
    title: str
    body: str
    author: str
    created_at: float
    updated_at: float
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: float | None = None
    comments: list[Comment] = field(default_factory=list)

    def as_json(self, page_url: str) -> dict[str, Any]:
        """Return the issue as the API does."""
        return {
            "id": self.number,
            "node_id": f"I_{self.number}",
            "number": self.number,
            "html_url": f"{page_url}{self.repository}/issues/{self.number}",
            "title": self.title,
            "body": self.body,
            "state": self.state,
            "state_reason": self.state_reason,
            "labels": [{"name": each} for each in self.labels],
            "assignees": [{"login": each} for each in self.assignees],
            "user": {"login": self.author},
            "comments": len(self.comments),
            "created_at": moment(self.created_at),
            "updated_at": moment(self.updated_at),
            "closed_at": None if self.closed_at is None else moment(self.closed_at),
        }

    def comments_as_json(self, since: float = 0.0) -> list[dict[str, Any]]:
        """Return the comments from Unix second *since* on as the API does."""
        return [
            {
                "id": each.id,
                "body": each.body,
                "user": {"login": each.author},
                "created_at": moment(each.created_at),
            }
            for each in self.comments
            if each.created_at >= since
        ]


class Store:
    """All issues; methods may be called from several threads, under *lock* for more than one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without a repository; *clock* gives Unix seconds."""
        self.lock = threading.RLock()
        self.repositories: set[str] = set()
        self.collaborators: set[str] = set()
        """People who may be assigned; the API refuses an issue with others. Empty: everybody."""
        self.drops_labels = False
        """The token may not set labels: GitHub drops them without a word."""
        self.clock = clock
        self._issues: dict[tuple[str, int], Issue] = {}
        self._last: dict[str, int] = {}
        self._comments = 0

    def clear(self) -> None:
        """Forget all issues; repositories stay, and go on with the next number."""
        with self.lock:
            self._issues.clear()

    def issues(self, repository: str | None = None) -> list[Issue]:
        """Return the issues of *repository*, or of all, oldest first."""
        with self.lock:
            return [
                each for (owner, _), each in self._issues.items() if repository in {None, owner}
            ]

    def issue(self, repository: str, number: int) -> Issue | None:
        """Return an issue; None if there is none."""
        with self.lock:
            return self._issues.get((repository, number))

    def add(
        self,
        repository: str,
        *,
        title: str,
        body: str = "",
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
        author: str = PERSON,
    ) -> Issue:
        """Make an issue."""
        with self.lock:
            number = self._last[repository] = self._last.get(repository, 0) + 1
            now = self.clock()
            issue = Issue(
                repository=repository,
                number=number,
                title=title,
                body=body,
                labels=list(labels),
                assignees=list(assignees),
                author=author,
                created_at=now,
                updated_at=now,
            )
            self._issues[repository, number] = issue
            return issue

    def comment(self, issue: Issue, body: str, author: str = PERSON) -> Comment:
        """Comment on *issue*."""
        with self.lock:
            self._comments += 1
            now = self.clock()
            comment = Comment(id=self._comments, body=body, author=author, created_at=now)
            issue.comments.append(comment)
            issue.updated_at = now
            return comment

    def change(
        self,
        issue: Issue,
        *,
        state: str | None = None,
        reason: str | None = None,
        body: str | None = None,
        title: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        """Change what is given."""
        with self.lock:
            now = self.clock()
            issue.updated_at = now
            if state is not None and state != issue.state:
                issue.state, issue.closed_at = state, now if state == "closed" else None
                issue.state_reason = reason or ("completed" if state == "closed" else "reopened")
            issue.body = issue.body if body is None else body
            issue.title = issue.title if title is None else title
            issue.labels = issue.labels if labels is None else list(labels)

    def delete(self, issue: Issue) -> None:
        """Delete *issue*, as the owner of a repository may."""
        with self.lock:
            del self._issues[issue.repository, issue.number]


def moment(at: float) -> str:
    """Return Unix second *at* as the API does."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
