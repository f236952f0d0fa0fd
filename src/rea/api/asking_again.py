"""The calls that no decision of the loop made: prose, advice and patches, asked again where they stand in the journal, with nobody there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rea.agent.question import Model
from rea.api import explaining, patching
from rea.campaign.evolve import apply, replay
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.insight import Insight
from rea.executor.implement.words import Draft, Words

EXPLAINING = ("explainer", "weigher")
MOST_BETWEEN = 20  # events


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What is at hand: ``model`` gives one with nobody behind it, ``write`` drafts a patch of words, ``learnt`` is what was known by a time."""

    model: Callable[[], Model]
    write: Callable[[Campaign, Words, Model], Draft]
    learnt: Callable[[str], Sequence[Insight]]
    heard: set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Another:
    """A patch of event ``seq`` that would be another one today."""

    seq: int
    recorded: str
    made: str


def ask_again(recorded: Sequence[e.Recorded], with_: Means) -> tuple[int, tuple[Another, ...]]:
    """Ask everything again; return how many patches were made anew, and those that came out different."""
    c, orders, others = Campaign(), 0, list[Another]()
    for at, record in enumerate(recorded):
        match record.event:
            case e.CallReserved(role=role) as call if role in EXPLAINING:
                _explain(recorded[:at], call, record.at, with_)
            case e.PatchOrdered() as order:
                name, made = _came_of_it(recorded[at + 1 :]), _made(c, order, with_)
                orders += bool(name)
                others += [Another(seq=record.seq, recorded=name, made=made)] if name not in ("", made) else []
            case _:
                pass
        apply(c, record.event)
    return orders, tuple(others)


def _explain(before: Sequence[e.Recorded], call: e.CallReserved, at: str, with_: Means) -> None:
    """Ask all that may have been asked here, each with a model of its own, since what was never asked is a failure to it.

    Who asked had read the journal a moment before, so that the latest events may have come between.
    """
    for known in range(len(before), max(0, len(before) - MOST_BETWEEN), -1):
        if call.call in with_.heard:
            return
        c = replay(record.event for record in before[:known])
        explaining.plan(with_.model(), c)
        explaining.report(with_.model(), c, before[:known])
        explaining.insights(with_.model(), with_.learnt(at))


def _came_of_it(after: Sequence[e.Recorded]) -> str:
    """Return the patch that an order led to; "" where none came of it, or its command was cut short."""
    for record in after:
        match record.event:
            case e.PatchAdmitted(patch=patch):
                return patch.digest
            case e.PatchRefused(patch=name):
                return name
            case e.PatchOrdered():
                return ""
            case _:
                pass
    return ""


def _made(c: Campaign, order: e.PatchOrdered, with_: Means) -> str:
    words = Words(statement=order.statement, paths=order.paths, refused=order.refused)
    try:
        draft = with_.write(c, words, with_.model())
        return patching.candidate_of(draft.diff, draft.levers).name
    except UsageError as error:
        return error.message
