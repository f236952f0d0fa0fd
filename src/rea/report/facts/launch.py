"""What to launch, or why nothing, in one sentence and a few facts beside it."""

import shlex
from dataclasses import dataclass

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change
from rea.domain.evidence import Comparison, Finding, Rows, SealLevel, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Aim
from rea.domain.lever import Scalar
from rea.domain.proposal import Outcome, Proposal
from rea.executor.materialise.command import formatted
from rea.report import numbers as n
from rea.report.foreign import line

SEALS = {
    SealLevel.ENFORCED: "enforced: a sandbox kept the labels from the jobs",
    SealLevel.HANDED_OVER: "handed over: jobs were given data without labels, but ran as a user who could have read them",
    SealLevel.NONE: "none: jobs could read the labels",
}
BADGES = {
    Outcome.WINNER: "Worth launching",
    Outcome.NO_WINNER: "Nothing to launch",
    Outcome.STOPPED: "Stopped",
    Outcome.NEEDS_A_PERSON: "Needs a person",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One setting of what is proposed: what it is now and what it becomes."""

    name: str
    now: str
    proposed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """The answer. ``state`` is the outcome, or ``running`` while there is none."""

    state: str
    badge: str
    sentence: str
    turns: tuple[Turn, ...] = ()
    arguments: str = ""  # as the workload's command takes them
    patches: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()


def launch(c: Campaign) -> Launch:
    """Return what a campaign hands an engineer, finished or not."""
    p = c.proposal
    if p is None:
        return Launch(state="running", badge=_stage(c), sentence=_so_far(c), beside=_circumstances(c))
    shown = p.change if p.experiment is not None else BASELINE
    return Launch(
        state=p.outcome,
        badge=BADGES[p.outcome],
        sentence=_sentence(c, p),
        turns=turns(c, shown),
        arguments=as_arguments(c, shown),
        patches=tuple(f"{x.digest} on {', '.join(x.paths)}" for x in shown.patches),
        beside=(*_measured(c, p), *_circumstances(c)),
    )


def direction(c: Campaign) -> int:
    """Return +1 where larger is better, -1 where smaller is."""
    return 1 if c.workload is not None and c.workload.primary.larger_is_better else -1


def metric(c: Campaign) -> str:
    """Return the primary metric's name as it is written."""
    return c.workload.primary.upper().replace("_", " ") if c.workload else "the metric"


def turns(c: Campaign, change: Change) -> tuple[Turn, ...]:
    """Return what a change turns, beside what holds now."""
    levers = {v.name: v.default for v in c.workload.levers} if c.workload else {}
    return tuple(
        Turn(name=line(name), now=_shown(levers[name]) if name in levers else "", proposed=_shown(v))
        for name, v in change.overrides
    )


def _shown(setting: Scalar) -> str:
    return line(formatted(setting)) or "(empty)"


def as_arguments(c: Campaign, change: Change) -> str:
    """Return a change as the words that the workload's own command takes."""
    if c.workload is None or not change.overrides:
        return ""
    command = c.workload.command
    words = [word for pair in change.overrides for word in _words(command.override, *pair)]
    return line(shlex.join(words), 4000)


def _words(template: tuple[str, ...], name: str, setting: Scalar) -> list[str]:
    return [t.replace("{name}", name).replace("{value}", formatted(setting)) for t in template]


def _sentence(c: Campaign, p: Proposal) -> str:
    if p.finding is None:
        return f"{BADGES[p.outcome]}: {line(p.reason)}."
    what = f"{line(str(p.change), 600)}: {gain(c, p.finding)} on the sealed test rows"
    reach = f", {n.share(p.reach)} of the reachable improvement" if p.reach is not None else ""
    why = f" A person has to decide: {line(p.reason)}." if p.outcome is Outcome.NEEDS_A_PERSON else ""
    return f"{what}{reach}.{why}"


def gain(c: Campaign, f: Finding) -> str:
    """Return what a finding measured, in the metric's own sign; the saving first where that is the claim."""
    quality = f"{metric(c)} {n.effect(n.turned(f.effect, direction(c)))}"
    if f.aim is Aim.EFFICIENCY and f.cost is not None:
        return f"training cost {n.effect(f.cost)} at {quality}"
    return quality


def _measured(c: Campaign, p: Proposal) -> tuple[tuple[str, str], ...]:
    if p.finding is None or p.experiment is None:
        return ()
    found = [("Seeds", f"{p.finding.seeds} fresh ones an arm, none used to choose")]
    test = c.comparison(p.experiment, c.setup.primary, Rows.TEST)
    if test is not None:
        found.append((f"{metric(c)} on test rows", _levels(p, test)))
        found.append(("Test rows", f"{test.row_count:,}"))
    if p.finding.p_value is not None:
        found.append(("Adjusted p-value", n.probability(p.finding.p_value)))
    if p.finding.cost is not None:
        found.append(("Training cost", n.effect(p.finding.cost)))
    return tuple(found)


def _levels(p: Proposal, test: Comparison) -> str:
    bound = f"; best reachable {n.value(p.bound_test)}" if p.bound_test is not None else ""
    return f"{n.value(test.baseline_value)} → {n.value(test.value)}{bound}"


def _circumstances(c: Campaign) -> tuple[tuple[str, str], ...]:
    found = []
    if c.opening is not None:
        text = f"opening {c.opening.number} of these rows; may err with probability {n.probability(c.opening.alpha)}"
        found.append(("Test set", text))
    elif c.proposal is not None:
        found.append(("Test set", "not opened by this campaign"))
    if c.checklist is not None:
        seal = c.checklist.seal
        found.append(("Seal of the labels", SEALS[SealLevel(seal)] if seal in list(SealLevel) else line(seal)))
    return tuple(found)


def _stage(c: Campaign) -> str:
    if c.stopped:
        return "Stopping"
    if c.paused:
        return "Paused"
    if c.signed is None:
        return "Waiting for the checklist to be signed"
    return "Waiting for approval" if c.plan is not None and not c.approved else "Running"


def _so_far(c: Campaign) -> str:
    why = line(c.stopped or c.paused)
    running = f"{len(c.open_jobs)} jobs are under way" if c.open_jobs else "no job is under way"
    chosen = [f for f in c.findings.values() if f.phase is not Phase.CONFIRMATION and f.verdict is not Verdict.DROPPED]
    best = max(chosen, key=lambda f: f.effect.value, default=None)
    text = f"This campaign is not over{': ' + why if why else ''}; {running}."
    if best is None or best.effect.value <= 0:
        return f"{text} Nothing better than the baseline has been found yet."
    change = line(str(c.experiments[best.experiment].change), 600)
    return f"{text} Best so far, not confirmed and still optimistic: {change}, {gain(c, best)}."
