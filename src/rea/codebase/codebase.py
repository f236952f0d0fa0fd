"""The three questions one may ask of a workload's code: outline, search, read. Each answer is one page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rea.codebase.access import Policy
from rea.codebase.outline import outline
from rea.codebase.page import Page, paged
from rea.domain.errors import ReaError, UsageError

LARGEST = 1_000_000  # bytes of a file that can be read
MOST_FOUND = 500  # lines that one search returns
PLAIN = ("100644", "100755")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of a commit: its mode and object as git has them, its size in bytes."""

    path: str
    mode: str
    object: str
    size: int


class Objects(Protocol):
    """Where a commit's files come from."""

    def entries(self) -> Mapping[str, Entry]: ...
    def read(self, entries: Sequence[Entry]) -> Mapping[str, bytes]:
        """Return the contents by path."""
        ...


@dataclass(frozen=True, slots=True)
class Codebase:
    """A workload's code at one commit, as far as ``policy`` allows to see it."""

    objects: Objects
    policy: Policy
    _texts: dict[str, str | None] = field(default_factory=dict)

    def outline(self, path: str = "", page: int = 1) -> Page:
        """List all readable files with their sizes, or what one file defines.

        Raises:
            UsageError: the file may not be read, or is none; the message says why.
        """
        if path:
            return paged(outline(path, self._text(path)), page, "nothing is defined here")
        files = [f"{path} ({self.objects.entries()[path].size} bytes)" for path in self._readable()]
        return paged(files, page, "no file may be read")

    def read(self, path: str, page: int = 1) -> Page:
        """Return a file with line numbers. Raises UsageError as ``outline`` does."""
        lines = [f"{number}: {row}" for number, row in enumerate(self._text(path).splitlines(), 1)]
        return paged(lines, page, "the file is empty")

    def search(self, text: str, page: int = 1) -> Page:
        """Return the lines of readable files that hold ``text``, in any case; no pattern language. Raises UsageError for an empty text."""
        if not text.strip():
            raise UsageError("nothing to search for", "give a word or a part of a line")
        found = [line for line, _ in zip(self._found(text.lower()), range(MOST_FOUND), strict=False)]
        more = [f"... only the first {MOST_FOUND} lines are shown"] if len(found) == MOST_FOUND else []
        return paged([*found, *more], page, "no line holds it")

    def holds(self, path: str, line: int) -> bool:
        """Whether ``path`` may be read and has a line of this number."""
        return not self._denied(path) and 1 <= line <= len(self._text(path).splitlines())

    def tools(self) -> tuple[Callable[..., str], ...]:
        """Return the three questions as functions of plain values: a refusal is an answer, never an exception."""

        def outline(path: str = "", page: int = 1) -> str:
            """List all readable files with their sizes; with a path, the classes, functions and headings of that file with their lines."""
            return _told(lambda: self.outline(path, page))

        def search(text: str, page: int = 1) -> str:
            """Find the lines of readable files that hold a text, in any case. It is no pattern."""
            return _told(lambda: self.search(text, page))

        def read(path: str, page: int = 1) -> str:
            """Read a file, page by page, with line numbers."""
            return _told(lambda: self.read(path, page))

        return outline, search, read

    def _found(self, text: str) -> Iterator[str]:
        readable = tuple(self._readable())
        self._load(readable)
        for path in readable:
            try:
                content = self._text(path)
            except UsageError:
                continue  # binary: no lines
            for number, row in enumerate(content.splitlines(), 1):
                if text in row.lower():
                    yield f"{path}:{number}: {row.strip()}"

    def _readable(self) -> Iterator[str]:
        entries = self.objects.entries()
        return (path for path in sorted(entries) if not self._denied(path))

    def _denied(self, path: str) -> str:
        """Return why ``path`` may not be read, or nothing. What is denied is not said to exist."""
        told = self.policy(path)
        if not told.allowed:
            return told.reason
        entry = self.objects.entries().get(path)
        if entry is None:
            return f"there is no file {path}"
        if entry.mode not in PLAIN:
            return f"{path} is a link or a submodule, which is not followed"
        return f"{path} has {entry.size} bytes, more than {LARGEST}" if entry.size > LARGEST else ""

    def _text(self, path: str) -> str:
        if denied := self._denied(path):
            raise UsageError(denied, "outline() lists what may be read")
        self._load((path,))
        if (text := self._texts[path]) is None:
            raise UsageError(f"{path} is binary", "outline() lists what may be read")
        return text

    def _load(self, paths: Sequence[str]) -> None:
        """Read what is not read yet, all at once; what is no text is None."""
        entries = self.objects.entries()
        missing = [entries[path] for path in paths if path not in self._texts]
        for path, content in self.objects.read(missing).items() if missing else ():
            self._texts[path] = _text(content)


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _told(ask: Callable[[], Page]) -> str:
    try:
        return str(ask())
    except ReaError as error:
        return f"refused: {error.message}"
