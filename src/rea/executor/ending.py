"""What a log says its process died of, apart from everything else it says. Pure.

An uncaught exception is a Python program's last word, so where there is one, only it and what follows may name the cause: what was warned of or
caught before may not. Exceptions that report another's death (a launcher's, a rank's that lost its peer, a kernel's that failed earlier) leave the
word to the rest of the log. Every line is looked at once, by patterns whose repetitions are bounded.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

STILL_RUNNING = 3  # lines of progress after a traceback show that it was caught
LAST_WORDS = 3  # lines at the very end that count even at a level that calls for nobody
LAST_STEPS = 12  # lines of progress, counted from the end, within which words outside of a traceback count

MARK = re.compile(
    r"\[(?:rank|default)?\d{1,4}\]: ?|\([\w .:,/=-]{0,80}pid=\d{1,9}[^)]{0,60}\) ?"
    r"|\d{1,4}: (?=Traceback|  File|    |[\w.]{1,80}(?:Error|Exception)\b)"
)
ANSI = re.compile(r"\x1b\[[0-9;]{0,16}[A-Za-z]")
MARGIN = re.compile(r" {1,20}\| ?")
STAMP = re.compile(
    r"[\[(]?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z?[\])]?[ |,-]{1,4}(?:\[?(?:ERROR|CRITICAL|FATAL)\]?[ |:-]{1,12})?"
)

HEADER = re.compile(r"Traceback \(most recent call last\)")
FRAME = re.compile(r'(?:> |\s{1,40})File "[^"]{1,400}", line \d{1,9}, in ')
LIBRARY = re.compile(r'File "(?:<frozen |[^"]{0,300}(?:/(?:site|dist)-packages/|/lib/python3|\.px[id]"))')
WITHIN = re.compile(r"\s|[│╭╰┃>]|\Z")
BOX = re.compile(r"[│╭╰┃]")
RAISED = re.compile(r"[\w.<>]{1,120}(?:\([\w.]{1,60}\))?(?::|\s{0,4}\Z)")

CHAINED = re.compile(
    r"The above exception was the direct cause|-- Process \d{1,6} terminated with|\s{0,20}\+[-+]{1,40} \d"
)
WITHIN_MESSAGE = re.compile(r"Original Traceback|\s{1,40}File ")  # in the line after an exception
CAUGHT = re.compile(r"During handling of the above exception")
IGNORED = re.compile(r"Exception ignored |Error in atexit")
MISTAKE = re.compile(r"(?:(?:Attribute|Name|UnboundLocal|Type|Recursion|ZeroDivision|NotImplemented)Error)\b")
SECONDHAND = re.compile(
    r"[\w.]{0,120}(?:ChildFailedError|CalledProcessError|Process(?:Exited|Raised)Exception|WorkerCrashedError|ActorDiedError|RayActorError"
    r"|BrokenProcessPool|TrainingFailedError|DistBackendError|KeyboardInterrupt|SystemExit)\b"
    r"|[\w.]{0,60}Error: (?:CUDA error: (?!out of memory)|.{0,200}(?:exited unexpectedly|Connection (?:closed|reset) by peer))"
)
# an end of a pipe between processes hears of the other's death by these
PIPE = re.compile(
    r'File "[^"]{1,300}/multiprocessing/(?:connection|managers|pool|queues|reduction|resource_sharer)\.py"'
)
BROKEN = re.compile(r"(?:EOFError|ConnectionResetError|ConnectionRefusedError|BrokenPipeError)\b")
PROGRESS = re.compile(
    r"\b(?:step|epoch|iter|iteration|it|ep|batch)[\"']?[ =:/\[]{1,3}\d|\d ?(?:it|s|batch)/(?:it|s|batch)\b"
    r"|\bloss[\"']?[ =:]{1,3}-?(?:\d|nan|inf)",
    re.IGNORECASE,
)
HANDLED = re.compile(
    r"\b(?:ignor(?:ed|ing)|retry(?:ing)?|retried|falling back|fell back|continu(?:ing|es)|skipp(?:ed|ing)|using (?:the )?(?:defaults?|plain)|halving"
    r"|offline|switching to|non-fatal|harmless|recovered|after \d{1,3} retr(?:y|ies))\b",
    re.IGNORECASE,
)
# a program that reports what it caught and gives up: "training failed: ValueError: ..."
REPORTED = re.compile(
    r"(?!\W{0,3}(?:WARN|INFO|DEBUG|NOTICE)).{1,160}?(?<=\s)([\w.]{1,120}(?:Error|Exception): .{1,2000})"
)
CALM = re.compile(r"\[?(?:INFO|DEBUG|NOTICE)\b")
# fields of a line of JSON in which programs write what went wrong, and how they call the levels that call for somebody
TOLD = (
    "message",
    "msg",
    "event",
    "error",
    "err",
    "detail",
    "exception",
    "exc_info",
    "exc",
    "stack",
    "stack_trace",
    "stacktrace",
    "traceback",
)
LEVELS = ("level", "lvl", "severity", "levelname", "log_level")
LOUD = ("error", "err", "critical", "crit", "fatal", "panic", "alert")
NATIVE = re.compile(r"(?!\[W\d).{0,300}\.(?:cu|cuh|cpp|cc|c|h):\d{1,6}[:\]]|.{0,100}(?:NVRM: |\bXid \(|NCCL WARN)")
CARETS = re.compile(r"\s{1,400}[~^]{1,400}\s{0,4}\Z")
# where something was raised, a launcher ends the ranks that still live and reports how it did so
AFTERMATH = re.compile(
    r"wandb: |srun: |\[?[EWIF]\d{4} |Exception ignored |Error in atexit|\s{0,20}traceback : Signal 15 |.{0,200}closing signal SIGTERM"
)


def ending(log: str) -> str:
    """Return the lines of ``log`` that may say why its process died, in the order in which they count: the last one most."""
    reader = _Reader()
    for mark, line in _sorted_by_process(log):
        reader.read(mark, line)
    parts = reader.parts
    told = [i for i, part in enumerate(parts) if part.raised and not part.ignored and not part.secondhand]
    if fatal := [i for i in told if not _survived(parts, i)]:
        noteworthy = [line for line in _text(parts[fatal[-1] :]) if not AFTERMATH.match(line)]
        # kernels and drivers fail before Python hears of it
        native = [line for line in _text(parts[: fatal[-1]]) if NATIVE.match(line)]
        return "\n".join([*native, *_dying(parts, fatal), *noteworthy])
    rest = parts[told[-1] :] if told else parts
    reported = [line for part in rest if part.secondhand and not part.ignored for line in part.lines]
    return "\n".join([*reported, *_unhandled(_text(rest))])


@dataclass(slots=True)
class _Part:
    """Lines of one process: plain text, or where something was ``raised`` a traceback with those that it is chained to."""

    mark: str
    lines: list[str] = field(default_factory=list)
    raised: list[bool] = field(default_factory=list)  # of each exception, whether it reports another's death
    ignored: bool = False

    @property
    def secondhand(self) -> bool:
        return bool(self.raised) and all(self.raised)


@dataclass(slots=True)
class _Reader:
    """Cuts a log into parts, a line at a time."""

    parts: list[_Part] = field(default_factory=list)
    inside: bool = False  # a traceback
    link: re.Pattern[str] | None = None  # what the line before said about the next traceback
    library: bool = False  # the current frame is no code of the user's
    piped: bool = False  # the traceback goes through a pipe to another process
    # where in the part the user's code stands, of the last frame that is theirs
    source: slice = field(default_factory=lambda: slice(0, 0))

    def read(self, mark: str, line: str) -> None:
        if HEADER.search(line) or (not self.inside and FRAME.match(line)):
            self._open(
                mark,
                chained=self.link in (CHAINED, CAUGHT)
                or (self.link is WITHIN_MESSAGE and bool(WITHIN_MESSAGE.match(line))),
            )
        if self.inside:
            self._within(line)
        elif line.strip():
            self._text(mark, line)

    def _open(self, mark: str, chained: bool) -> None:
        """Begin a traceback, or go on with the one that it is chained to."""
        last = max((i for i, p in enumerate(self.parts) if p.raised and p.mark == mark), default=-1) if chained else -1
        if last < 0:
            self.parts.append(_Part(mark, ignored=self.link is IGNORED))
        else:
            first = self.parts[last]
            first.lines += _text(self.parts[last + 1 :])
            self.parts[last:] = [first]
        self.inside, self.library, self.piped = True, False, False
        self.source = slice(len(self.parts[-1].lines), len(self.parts[-1].lines))

    def _within(self, line: str) -> None:
        part = self.parts[-1]
        if FRAME.match(line):
            self._frame(part, line)
        elif HEADER.search(line) or BOX.match(line) or CARETS.match(line):
            pass
        elif WITHIN.match(line):
            part.lines.append(line)
            if not self.library:
                self.source = slice(self.source.start, len(part.lines))
        else:
            self._raised(part, line)

    def _frame(self, part: _Part, line: str) -> None:
        self.library = LIBRARY.search(line) is not None
        self.piped |= PIPE.search(line) is not None
        if not self.library:
            del part.lines[self.source]
            self.source = slice(len(part.lines) + 1, len(part.lines) + 1)
        part.lines.append(line)

    def _raised(self, part: _Part, line: str) -> None:
        if self.link is CAUGHT and MISTAKE.match(line):
            part.lines, part.raised = [], []  # what was caught was expected; the mistake in its handler was not
        broken = self.piped and BROKEN.match(line) is not None
        if not broken:
            part.lines.append(line)
        self.inside = False
        if RAISED.match(line):
            part.raised.append(broken or SECONDHAND.match(line) is not None)
            self.link = WITHIN_MESSAGE
        else:
            self.link = None

    def _text(self, mark: str, line: str) -> None:
        if self.link is IGNORED and RAISED.match(line):
            return
        self.link = next((link for link in (CHAINED, CAUGHT, IGNORED) if link.match(line)), None)
        if not self.parts or self.parts[-1].raised or self.parts[-1].mark != mark:
            self.parts.append(_Part(mark))
        self.parts[-1].lines.append(line)


def _sorted_by_process(log: str) -> list[tuple[str, str]]:
    """Return the lines with the marks of their processes; where several speak at once, each is heard out."""
    lines = [_split(line) for whole in ANSI.sub("", log).replace("\r", "\n").split("\n") for line in _told(whole)]
    found: list[tuple[str, str]] = []
    for marked, run in groupby(lines, key=lambda line: bool(line[0])):
        spoken = list(run)
        order = {mark: i for i, (mark, _) in reversed(list(enumerate(spoken)))} if marked else {}
        found += sorted(spoken, key=lambda line: order.get(line[0], 0))
    return found


def _told(line: str) -> Iterator[str]:
    """Yield what a line of JSON says that tells of an error, as the lines that a program would have written without JSON; else the line itself."""
    fields = _fields(line)
    said = [value for name in TOLD if isinstance(value := fields.get(name), str) and value]
    loud = any(str(fields.get(name)).lower() in LOUD for name in LEVELS)
    if loud or not any("\n" in value for value in said):
        yield line
    if loud or any("\n" in value for value in said):
        for value in said:
            yield from value.split("\n")


def _fields(line: str) -> dict[str, object]:
    if not (line.startswith("{") and line.rstrip().endswith("}")):
        return {}
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _split(line: str) -> tuple[str, str]:
    """Return the mark of a process that a launcher put before ``line``, and the line without it, a margin or a time."""
    mark = match.group() if (match := MARK.match(line)) else ""
    rest = MARGIN.sub("", line[len(mark) :], count=1) if MARGIN.match(line[len(mark) :]) else line[len(mark) :]
    return mark, STAMP.sub("", rest, count=1) if STAMP.match(rest) else rest


def _text(parts: Sequence[_Part]) -> list[str]:
    return [line for part in parts if not part.raised for line in part.lines]


def _survived(parts: Sequence[_Part], place: int) -> bool:
    """Say whether the process that raised what stands at ``place`` went on working."""
    after = _text([part for part in parts[place:] if part.mark == parts[place].mark])
    return sum(PROGRESS.search(line) is not None and not AFTERMATH.match(line) for line in after) >= STILL_RUNNING


def _dying(parts: Sequence[_Part], traces: Sequence[int]) -> list[str]:
    """Return the last traceback, after those in which other processes died beside it."""
    last = parts[traces[-1]]
    others = {parts[i].mark: parts[i] for i in traces if parts[i].mark and last.mark}
    others.pop(last.mark, None)
    return [line for part in (*others.values(), last) for line in part.lines]


def _unhandled(text: Sequence[str]) -> list[str]:
    """Return the text of the last steps without what says itself that it was dealt with, unless that is the very last line.

    An exception that the last words name is told once more as Python itself would have told it, at the beginning of a line.
    """
    steps = [i for i, line in enumerate(text) if PROGRESS.search(line)]
    begun = steps[-LAST_STEPS] if len(steps) >= LAST_STEPS else 0
    recent = list(text[begun:])
    told = [line for line in recent[:-LAST_WORDS] if not CALM.match(line)] + recent[-LAST_WORDS:]
    left = [line for i, line in enumerate(told) if i == len(told) - 1 or not HANDLED.search(line)]
    return [*left, *(named[1] for line in left[-LAST_WORDS:] if (named := REPORTED.match(line)))]
