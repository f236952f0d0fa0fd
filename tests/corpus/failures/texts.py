"""The labelled texts, as what a backend would have reported."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rea.domain.job import JobState, JobStatus
from rea.domain.runbook import RunbookEntry
from rea.executor.failures import UNKNOWN, classify

HERE = Path(__file__).parent


def status_of(text: str) -> JobStatus:
    """Return the status whose evidence ``text`` is: its last line is the state and the reason."""
    log, _, last = text.strip("\n").rpartition("\n")
    state, _, reason = last.partition(": ")
    return JobStatus(state=JobState(state), reason=reason, log_tail=log)


def texts(half: str) -> Iterator[tuple[str, str, JobStatus]]:
    """Yield label, name and status of every text of one half."""
    for path in sorted((HERE / half).rglob("*.txt")):
        yield path.parent.name, path.stem, status_of(path.read_text())


def guess(runbook: Sequence[RunbookEntry], status: JobStatus) -> str:
    """Return the name of the entry that claims ``status``, or ``unknown``."""
    entry = classify(runbook, status)
    return entry.name if entry else UNKNOWN


def f1_by_label(pairs: Sequence[tuple[str, str]]) -> Mapping[str, float]:
    """Return the F1 score of each label, from pairs of label and guess."""
    hits = Counter(label for label, guessed in pairs if label == guessed)
    labels, guesses = Counter(label for label, _ in pairs), Counter(guessed for _, guessed in pairs)
    return {label: 2 * hits[label] / (labels[label] + guesses[label]) for label in labels}
