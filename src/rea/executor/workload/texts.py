"""What no text of workload.toml may hold, whatever it means: it is shown in terminals and reports, and handed on in argument lists. Pure."""

from collections.abc import Iterator, Mapping

from rea.executor.workload.problem import Problem

MOST = 10_000  # characters; an argument may be a small program
DEEPEST = 12  # tables or lists within one another
_IN_WORDS = "\n\t"  # which the words of a command may hold, and a name may not


def unprintable(raw: Mapping[str, object], place: str = "", depth: int = 0) -> Iterator[Problem]:
    """Yield each text that holds what a terminal would obey or would not show (escapes, NUL, changes of direction), or that has no end."""
    for key, value in raw.items():
        yield from _texts(key, place, "")
        yield from _within(value, f"{place}.{key}" if place else key, depth + 1)


def _within(value: object, place: str, depth: int) -> Iterator[Problem]:
    if depth > DEEPEST:
        yield Problem(place.partition(".")[0], f"tables or lists within one another, more than {DEEPEST} deep")
    elif isinstance(value, str):
        yield from _texts(value, place, "")
    elif isinstance(value, dict):
        yield from unprintable(value, place, depth)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, place, _IN_WORDS) if isinstance(one, str) else _within(one, place, depth + 1)


def _texts(text: str, place: str, allowed: str) -> Iterator[Problem]:
    if len(text) > MOST:
        yield Problem(place, f"a text of {len(text)} characters: {MOST} at most")
    elif odd := next((c for c in text if not c.isprintable() and c not in allowed), ""):
        yield Problem(place, f"{text[:60]!r} holds the character {odd!a}, which cannot be shown")
