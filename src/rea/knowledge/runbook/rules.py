"""What a runbook entry has to be: bounded in what it does, bounded in what it costs to look for, and true to its own excerpts."""

import re
from collections.abc import Iterator

from rea.domain.lever import Role
from rea.domain.runbook import Remedy
from rea.knowledge.runbook.document import Document
from rea.knowledge.runbook.pattern import fault

MOST_TRIES = 5
LEAST_EXCERPTS = 2
AGAIN = (Remedy.RETRY, Remedy.ADJUST)


def broken_rules(document: Document) -> list[str]:
    """Return what is wrong with ``document``, as sentences."""
    faulty = [f"symptom {s!r}: {said}" for s in document.symptoms if (said := fault(s))]
    return [*_remedy(document), *faulty, *([] if faulty else _excerpts(document))]


def _remedy(document: Document) -> Iterator[str]:
    again = document.remedy in AGAIN
    if again and not 1 <= document.limit <= MOST_TRIES:
        yield f"limit must lie between 1 and {MOST_TRIES} where the remedy is {document.remedy}, not {document.limit}"
    if not again and document.limit:
        yield f"limit has no meaning where the remedy is {document.remedy}"
    if (document.remedy is Remedy.ADJUST) != bool(document.moves):
        yield "moves are wanted where the remedy is adjust, and nowhere else"
    if document.then in AGAIN:
        yield f"then must be drop or pause, not {document.then}: the limit has been reached"
    if (document.exact or document.unless) and document.remedy is not Remedy.ADJUST:
        yield "exact and unless have no meaning where nothing is adjusted"
    if document.unless and document.unless not in tuple(Role):
        yield f"unless must be a role, not {document.unless!r}"


def _excerpts(document: Document) -> Iterator[str]:
    if not document.symptoms:
        yield "symptoms must not be empty"
        return
    symptom = re.compile(document.entry("").symptom, re.MULTILINE)
    for name, excerpts, wanted in (("match", document.must_match, True), ("not_match", document.must_not_match, False)):
        if len(excerpts) < LEAST_EXCERPTS:
            yield f"must_{name} needs at least {LEAST_EXCERPTS} excerpts"
        for excerpt in excerpts:
            if (symptom.search(excerpt) is not None) is not wanted:
                yield f"must_{name}: the symptom {'misses' if wanted else 'matches'} {excerpt[-80:]!r}"
