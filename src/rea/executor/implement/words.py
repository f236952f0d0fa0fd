"""A hypothesis in words becomes a patch: a model answers with exact replacements, and we make them, in memory, in copies of the editable texts.

The patcher has tools that read and none that write or run. What it wrote runs for the first time in the gate's sandbox.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rea.agent.prompt import prompt
from rea.agent.question import Model, Question
from rea.agent.redact import MARK
from rea.codebase.access import all_of, no_secrets, relative
from rea.codebase.codebase import PLAIN, Codebase
from rea.domain.errors import UsageError
from rea.domain.lever import Lever
from rea.executor.implement.edits import Edit, applied
from rea.executor.implement.gate import unreadable
from rea.executor.implement.levers import declared
from rea.executor.implement.make import LARGEST_FILE, difference
from rea.executor.materialise.layout import mirror_of
from rea.executor.materialise.objects import Objects
from rea.executor.materialise.paths import may_edit, startup
from rea.executor.materialise.workspace import LocalWorkspace

FILE = Path(__file__).with_name("patch.md")
ROLE = "patcher"
TOKENS = 8000
TRIES = 3
MOST_SHOWN = 24_000  # characters of files in the material; more is read with the tools
LONGEST = 4000  # characters of a hypothesis in words
_CODE = "With the tools you can outline, search and read the code, as it is now. They only read."


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is to be made. ``paths`` are shown first; ``refused`` is what the gate said of the patch that was made of it before."""

    statement: str
    paths: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the patcher answers."""

    edits: tuple[Edit, ...]
    levers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A diff that has passed nothing yet, the levers that it declares, and which wording and call it came by."""

    diff: str
    levers: tuple[str, ...]
    by: str


def drafted(ours: LocalWorkspace, words: Words, model: Model, code: Codebase | None) -> Draft:
    """Return what the patcher makes of ``words``: the same words give the same question, and so the same kept answer.

    Raises:
        UsageError: nothing is editable, or no usable answer came; the message says why.
    """
    before = texts(ours)
    told = prompt(FILE, code=_CODE if code else "", editable=", ".join(ours.workload.editable))
    answer = model.ask(
        Question(
            role=ROLE,
            instructions=told.text,
            material=_material(words, before),
            answer=Written,
            check=lambda written: wrong_with(written, before, ours),
            tools=code.tools() if code else (),
            most_tokens=TOKENS,
            tries=TRIES,
        )
    )
    written = answer.value
    if written is None or (wrong := wrong_with(written, before, ours)):
        why = answer.why if written is None else wrong
        raise UsageError(f"no patch came of it: {why}", "say it in other words, or have a program make it: --command")
    after, _ = applied(before, written.edits, _policy(ours))
    by = f"a language model, prompt {told.digest[:12]}, call {answer.call[:12] or 'not recorded'}"
    return Draft(diff=difference(ours, _bytes(before), _bytes(after)), levers=written.levers, by=by)


def texts(ours: LocalWorkspace) -> dict[str, str]:
    """Return the editable files that are text, as the campaign's commit has them. Raises UsageError where there are none."""
    objects = Objects(mirror_of(ours.directory), ours.record.commit)
    refused = _policy(ours)
    fit = (e for e in objects.entries().values() if e.mode in PLAIN and e.size <= LARGEST_FILE and not refused(e.path))
    found = {path: text for path, content in objects.read(tuple(fit)).items() if (text := _text(content)) is not None}
    if not found:
        raise UsageError("no file of the repository is editable", "state [paths] editable in workload.toml")
    return found


def wrong_with(written: Written, before: Mapping[str, str], ours: LocalWorkspace) -> str:
    """Return what is wrong with an answer, or nothing. What patches have added since says nothing here: the gate knows it."""
    after, wrong = applied(before, written.edits, _policy(ours))
    told = [*wrong, *(unreadable(edit.put) or _cut(edit.put) for edit in written.edits)]
    if not 1 <= len(written.levers) <= 4:
        told.append("declare 1 to 4 levers")
    changed = "\n".join(text for path, text in after.items() if before.get(path) != text)
    told += [_lever(word, changed) for word in written.levers[:4]]
    return "; ".join(filter(None, told))


def _cut(put: str) -> str:
    """What looks like a secret reaches no model and comes from none: code around it would be altered unseen."""
    return f"`put` holds {MARK}, which stands for what is not shown to you: edit around it" if MARK in put else ""


def _lever(word: str, changed: str) -> str:
    try:
        lever: Lever = declared(word)[0]
    except UsageError as error:
        return f"{error.message}: {error.hint}"
    return "" if lever.name in changed else f"nothing that was edited reads the lever {lever.name}"


def _policy(ours: LocalWorkspace) -> Callable[[str], str]:
    """Return why a path may not be touched; the gate checks it again, by what the diff does."""
    w, sound = ours.workload, all_of(relative, no_secrets)
    protected = (*w.protected, w.data.path)

    def refused(path: str) -> str:
        told = sound(path)
        if not told.allowed:
            return told.reason
        fits = may_edit(path, w.editable, protected) and not startup(path)
        return "" if fits else f"{path} is not editable: {', '.join(w.editable)} are"

    return refused


def _material(words: Words, before: Mapping[str, str]) -> str:
    if not 0 < len(words.statement.strip()) <= LONGEST:
        raise UsageError(f"say in 1 to {LONGEST} characters what is to be tried", 'rea patch make "..."')
    files, left = [f"{path} ({len(text)} characters)" for path, text in before.items()], MOST_SHOWN
    told = [f"HYPOTHESIS\n{words.statement.strip()}", "EDITABLE FILES\n" + "\n".join(files)]
    for path in dict.fromkeys([*words.paths, *before]):
        text = before.get(path, "")
        if text and len(text) <= left:
            told.append(f"FILE {path}\n{text}")
            left -= len(text)
    if words.refused:
        told.append(f"A PATCH THAT YOU MADE OF THIS BEFORE WAS REFUSED\n{words.refused}")
    return "\n\n".join(told)


def _bytes(found: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in found.items()}


def _text(content: bytes) -> str | None:
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None
