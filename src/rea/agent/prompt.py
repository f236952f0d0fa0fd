"""Prompts are files beside the code that asks: their variables are filled in strictly, and their digest says which wording was used."""

import re
from dataclasses import dataclass
from pathlib import Path

from rea.domain.errors import UsageError
from rea.domain.ids import Digest, digest

_VARIABLE = re.compile(r"\{\{\s*(\w*)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Instructions to one role. ``digest`` is of the file, before its variables were filled in."""

    text: str
    digest: Digest


def prompt(file: Path, **values: object) -> Prompt:
    """Return the prompt in ``file`` with every ``{{variable}}`` replaced. What a value says is never filled in again.

    Raises:
        UsageError: the file is missing, a variable has no value, or a value no variable.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the prompt {file} cannot be read: {error.strerror}", "install rea again") from error
    asked = set(_VARIABLE.findall(text))
    if missing := sorted(asked - set(values)):
        raise UsageError(f"the prompt {file.name} has no value for {', '.join(missing)}", "give one, or leave it out")
    if spare := sorted(set(values) - asked):
        raise UsageError(f"the prompt {file.name} does not ask for {', '.join(spare)}", "leave it out")
    return Prompt(text=_VARIABLE.sub(lambda found: str(values[found[1]]), text), digest=digest("prompt", text))
