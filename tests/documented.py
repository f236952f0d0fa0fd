"""Commands that a document names: each must exist, with every option it is written with."""

import re
from collections.abc import Iterator

import click

from rea.cli.main import COMMANDS, rea

FENCE = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"(?<![\w./-])rea ([a-z][\w-]*)((?: +[^\s#`|;,)]+)*)")


def calls(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (command, words) of every ``rea ...`` in code."""
    code = [*FENCE.findall(text), *SPAN.findall(FENCE.sub("", text))]
    for part in code:
        for name, words in CALL.findall(part):
            yield name, words.split()


def wrong(text: str) -> list[str]:
    """Return what the text names and the program does not have."""
    return [bad for name, words in calls(text) for bad in _wrong(name, words)]


def _wrong(name: str, words: list[str]) -> Iterator[str]:
    if name not in COMMANDS:
        yield f"rea {name}"
        return
    command = rea.get_command(click.Context(rea), name)
    assert command is not None
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    yield from (f"rea {name} {w}" for w in words if w.startswith("-") and w.partition("=")[0] not in known)
    choices = [
        p.type.choices for p in command.params if isinstance(p, click.Argument) and isinstance(p.type, click.Choice)
    ]
    if choices and words and words[0].islower() and not words[0].startswith("-"):
        yield from (f"rea {name} {words[0]}" for _ in [0] if words[0] not in choices[0])
