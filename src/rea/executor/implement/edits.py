"""Exact replacements in texts: what a writer who holds no pen may ask for, and what is wrong with it. Pure; nothing runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MOST_EDITS = 40
MOST_BYTES = 150_000  # of all that is put: what a patch may have at most is somewhat more


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Put ``put`` where ``find`` stands in ``path``, word for word and only once; an empty ``find`` makes a new file."""

    path: str
    find: str
    put: str


def applied(
    texts: Mapping[str, str], edits: Sequence[Edit], refused: Callable[[str], str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the texts with every edit made in its turn, and what is wrong with those that cannot be.

    ``refused`` says why a path may not be touched ("": it may).
    """
    after, wrong = dict(texts), list[str]()
    if not 0 < len(edits) <= MOST_EDITS or sum(len(e.put.encode(errors="replace")) for e in edits) > MOST_BYTES:
        return after, (f"give 1 to {MOST_EDITS} edits of at most {MOST_BYTES} bytes in all",)
    for number, edit in enumerate(edits, 1):
        problem = _problem(after, edit, refused)
        if problem:
            wrong.append(f"edit {number}: {problem}")
        else:
            after[edit.path] = after[edit.path].replace(edit.find, edit.put) if edit.find else edit.put
    if not wrong and after == texts:
        wrong.append("nothing is altered")
    return after, tuple(wrong)


def _problem(texts: Mapping[str, str], edit: Edit, refused: Callable[[str], str]) -> str:
    if why := refused(edit.path):
        return why
    if edit.path not in texts:
        return f"there is no file {edit.path}; a new one has an empty `find`" if edit.find else ""
    if not edit.find:
        return f"{edit.path} exists already: say with `find` which of its text is replaced"
    count = texts[edit.path].count(edit.find)
    if count == 1:
        return ""
    return f"`find` stands {count} times in {edit.path}, not once: copy more lines around it, without line numbers"
