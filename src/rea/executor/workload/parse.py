"""Reading workload.toml: every problem found is told at once, each with its place."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from rea.domain.errors import WorkloadError
from rea.domain.workload import Workload
from rea.executor.workload.document import Document
from rea.executor.workload.problem import Problem
from rea.executor.workload.rules import broken_rules
from rea.executor.workload.tables import read_table
from rea.executor.workload.texts import unprintable

FILE = "workload.toml"
MOST_BYTES = 1_000_000
MOST_DOTS = 60  # of a line: tomllib takes the square of the dots of a key, and minutes for 20,000
MOST_LISTED = 40
MOST_TOLD = 400  # characters of one problem: a value may be as long as the file
UNREADABLE = (
    ValueError,
    RecursionError,
)  # of tomllib: numbers of thousands of digits and lists within lists are none of its own errors


def load(repository: Path) -> Workload:
    """Read the workload.toml of a repository.

    Raises:
        WorkloadError: there is no such folder or file, it cannot be read, or it says something it may not.
    """
    path = repository / FILE
    if not repository.is_dir():
        raise WorkloadError(f"{repository} is no folder", "name the folder of your training repository")
    if not path.is_file():
        raise WorkloadError(f"there is no {FILE} in {repository}", f"write one with `rea init {repository}`")
    try:
        return parse(_text(path), str(path))
    except UnicodeDecodeError as error:
        raise WorkloadError(f"{path} is not UTF-8: {error.reason} at byte {error.start}", "save it as UTF-8") from error
    except OSError as error:
        raise WorkloadError(f"{path} cannot be read: {error.strerror}", "make it readable for you") from error


def parse(text: str, path: str = FILE) -> Workload:
    """Return the workload that ``text`` declares; ``path`` only names it in errors.

    Raises:
        WorkloadError: the text is no TOML, or breaks a rule; all problems are listed.
    """
    if any(line.count(".") > MOST_DOTS for line in text.splitlines()):
        raise WorkloadError(f"{path} has a line of more than {MOST_DOTS} dots", "break it into several")
    try:
        raw: Mapping[str, object] = tomllib.loads(text)
    except UNREADABLE as error:
        raise WorkloadError(
            f"{path} is not TOML: {told(error)}", "correct that line; strings need quotes in TOML"
        ) from error
    if problems := list(unprintable(raw)):
        raise _error(path, problems)  # at once: what follows takes texts to be such as can be shown
    document = read_table(Document, raw, "", problems)
    if document is None or problems:
        raise _error(path, problems)
    workload = document.workload()
    if broken := broken_rules(workload):
        raise _error(path, broken)
    return workload


def readable_in(text: str) -> tuple[str, ...]:
    """Return ``[paths] readable`` of a workload.toml; none where the text is not as it has to be."""
    try:
        raw: Mapping[str, object] = tomllib.loads(text)
    except UNREADABLE:
        return ()
    document = read_table(Document, raw, "", [])
    return document.paths.readable if document is not None else ()


def _text(path: Path) -> str:
    with path.open("rb") as file:
        read = file.read(MOST_BYTES + 1)
    if len(read) > MOST_BYTES:
        raise WorkloadError(f"{path} is larger than {MOST_BYTES:,} bytes", "keep data in files of its own")
    return read.decode()


def told(problem: object) -> str:
    """Return words about a file for a terminal: what it would obey is spelt out, what has no end is cut."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(problem)[: MOST_TOLD + 1])
    return text if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD]}…"


def _error(path: str, problems: list[Problem]) -> WorkloadError:
    if len(problems) == 1:
        return WorkloadError(f"{path}: {told(problems[0])}", f"correct it in {path}, then run the same command again")
    lines = "\n".join(f"  {told(problem)}" for problem in problems[:MOST_LISTED])
    more = f"\n  and {len(problems) - MOST_LISTED} more" if len(problems) > MOST_LISTED else ""
    return WorkloadError(
        f"{path} has {len(problems)} problems:\n{lines}{more}",
        f"correct them in {path}, then run the same command again",
    )
