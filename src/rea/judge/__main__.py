"""The judge's own process, ``python -P -m rea.judge``: requests and answers are lines of JSON, and it ends when nobody can ask any more."""

import os
import sys

import msgspec

from rea.domain.errors import ReaError
from rea.domain.event import Measured, PredictionsRefused
from rea.judge.compare import bound, compare
from rea.judge.request import Answer, Failure, Question, Request, Run


def answer(request: Request) -> Answer:
    """Do what is asked; nothing but the request and the campaign's directory is read."""
    if request.compare is not None:
        return Answer(comparisons=compare(request.question, request.compare))
    if request.bound is not None:
        return Answer(bound=bound(request.question, request.bound))
    return _measured(request.question, request.measure)


def _measured(question: Question, runs: tuple[Run, ...]) -> Answer:
    from rea.judge.measure import bench_of, measure  # loads Arrow, which takes as long as all else that comparing loads

    bench = bench_of(question)
    found = [measure(bench, run) for run in runs]
    return Answer(
        measured=tuple(each for each in found if isinstance(each, Measured)),
        refused=tuple(each for each in found if isinstance(each, PredictionsRefused)),
    )


def answered(line: bytes) -> bytes:
    """Answer one request; an error of ours is an answer too. Nothing is kept from one request to the next but what is imported."""
    try:
        said = answer(msgspec.json.decode(line, type=Request))
    except ReaError as error:
        said = Answer(failure=Failure(kind=type(error).__name__, message=error.message, hint=error.hint))
    return msgspec.json.encode(said)


def main() -> None:
    """Answer until whoever asks closes the pipe, or is killed."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        answers.write(answered(line) + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
    os._exit(0)  # whoever closed the pipe waits for this
