"""Reads skills: folders with a SKILL.md, the open Agent Skills format. A name and a description first, the body on demand."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from rea.codebase.page import paged
from rea.domain.errors import UsageError

BUILT_IN = Path(__file__).parent
FILE = "SKILL.md"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_BODY = 64, 1024, 20_000  # characters; the first two are the format's


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One piece of knowledge. ``description`` says what it is about and when to load ``body`` (Markdown)."""

    name: str
    description: str
    body: str


def load(directory: Path = BUILT_IN) -> Mapping[str, Skill]:
    """Return the skills in ``directory`` by name.

    Raises:
        UsageError: one is not in the format; the message names the file.
    """
    found = (read(path) for path in sorted(directory.glob(f"*/{FILE}")))
    return {skill.name: skill for skill in found}


def named(name: str, directory: Path = BUILT_IN) -> Skill:
    """Return one skill. Only names that exist are looked up: ``name`` never becomes part of a path.

    Raises:
        UsageError: there is none of that name.
    """
    known = load(directory)
    if name not in known:
        near = get_close_matches(name[:LONGEST_NAME], known, n=1)
        raise UsageError(
            f"there is no skill {name[:LONGEST_NAME]!r}",
            f"did you mean {near[0]}?" if near else f"one of: {', '.join(known)}",
        )
    return known[name]


def tool(directory: Path = BUILT_IN) -> Callable[..., str]:
    """Return how a model loads skills: a question of plain values, whose refusal is an answer."""

    def skill(name: str = "", page: int = 1) -> str:
        """List the texts there are about ranking models, each with what it is for; with a name, read that one, page by page."""
        try:
            if not name:
                return "\n".join(f"{s.name}: {s.description}" for s in load(directory).values())
            return str(paged(named(name, directory).body.splitlines(), page))
        except UsageError as error:
            return f"refused: {error.message}; {error.hint}"

    return skill


def read(path: Path) -> Skill:
    """Return the skill in a file. Raises UsageError: it is not in the format."""
    head, body = _parted(path)
    name, description = head.get("name"), head.get("description")
    if set(head) != {"name", "description"} or not isinstance(name, str) or not isinstance(description, str):
        raise UsageError(f"{path}: the front matter holds name and description, as text", "see the other skills")
    if name != path.parent.name or not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UsageError(
            f"{path}: the name is that of its folder, in small letters and hyphens", f"name: {path.parent.name}"
        )
    if not 0 < len(description) <= LONGEST_DESCRIPTION or not 0 < len(body.strip()) <= LONGEST_BODY:
        raise UsageError(f"{path}: the description or the body is empty or too long", "split it")
    return Skill(name=name, description=description, body=body.strip() + "\n")


def _parted(path: Path) -> tuple[dict[str, object], str]:
    import yaml

    text = path.read_text(encoding="utf-8")
    begin, _, rest = text.partition("---\n")
    head, end, body = rest.partition("\n---\n")
    if begin or not end:
        raise UsageError(f"{path}: it begins with front matter between two lines ---", "see the other skills")
    try:
        told = yaml.safe_load(head)
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: {error}", "correct the front matter") from error
    return (told if isinstance(told, dict) else {}), body
