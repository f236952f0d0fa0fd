"""The judge's own process: ``python -P -m rea.judge REQUEST.json ANSWER.json``."""

import sys
from pathlib import Path

import msgspec

from rea.domain.errors import ReaError, UsageError
from rea.domain.event import Measured, PredictionsRefused
from rea.judge.compare import bound, compare
from rea.judge.files import write_whole
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


def main(argv: list[str]) -> int:
    """Answer one request. Exits with 0, or with the code of the error that the answer names."""
    if len(argv) != 2:
        print("usage: python -P -m rea.judge REQUEST.json ANSWER.json", file=sys.stderr)
        return UsageError.exit_code
    asked, answered = map(Path, argv)
    code = 0
    try:
        said = answer(msgspec.json.decode(asked.read_bytes(), type=Request))
    except ReaError as error:
        said = Answer(failure=Failure(kind=type(error).__name__, message=error.message, hint=error.hint))
        code = error.exit_code
    text = msgspec.json.encode(said)
    write_whole(answered, lambda half: half.write_bytes(text))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
