"""Which nodes of a cluster are set aside: one that fails jobs where others do not, until it has earned another try. Pure."""

from rea.domain.action import Observed
from rea.domain.campaign import Campaign
from rea.domain.event import Event, NodeExcluded, NodeReturned
from rea.domain.job import Job, JobState
from rea.domain.records import NodeRecord
from rea.domain.runbook import Cause

FAILURES = 3  # of the latest jobs of a node (at most 6 are remembered), for reasons that lie in no treatment
ELSEWHERE = 3  # jobs on other nodes that have to be known, so that there is something to compare with
TIMES = 3  # how many times the others' share of failures a node's share has to be
TERM_S = 6 * 3600.0  # the first time; twice as long each time after
MOST_SHARE = 0.5  # of the nodes known, that may be set aside at a time


def avoided(c: Campaign) -> tuple[str, ...]:
    """Return the nodes that no job is sent to now."""
    return tuple(sorted(node for node, record in c.nodes.items() if record.until))


def avoided_by(c: Campaign, observed: Observed, job: Job) -> tuple[str, ...]:
    """Return the nodes that ``job`` is not sent to: those set aside, and where there is another that works, those that lost it before."""
    records = [c.jobs[j] for j in c.attempts.get(job.replicate.key, ())]
    lost = {r.status.node for r in records if r.status and r.treatment and r.treatment.cause is Cause.INFRASTRUCTURE}
    away = set(avoided(c))
    working = {node for node, record in c.nodes.items() if False in record.failed}
    working |= {status.node for status in observed.jobs.values() if status.state is JobState.RUNNING}
    elsewhere = working - away - lost - {""}
    return tuple(sorted(away | (lost - {""} if elsewhere else set())))


def step(c: Campaign, now: float) -> tuple[Event, ...]:
    """Return which nodes come back, and else which one is set aside; ``now`` is in Unix seconds."""
    back = tuple(
        NodeReturned(node=node, number=record.excluded) for node, record in c.nodes.items() if 0 < record.until <= now
    )
    return back or _set_aside(c, now)


def _set_aside(c: Campaign, now: float) -> tuple[Event, ...]:
    if len(avoided(c)) + 1 > MOST_SHARE * len(c.nodes):
        return ()
    used = {node: record for node, record in c.nodes.items() if not record.until}
    for node, record in used.items():
        others = tuple(failed for other, r in used.items() if other != node for failed in r.failed)
        if _stands_out(record, others):
            return (_excluded(node, record, others, now),)
    return ()


def _stands_out(record: NodeRecord, others: tuple[bool, ...]) -> bool:
    wanted = 1 if record.excluded else FAILURES  # on probation one is enough
    many = sum(record.failed) >= wanted and len(others) >= ELSEWHERE
    return many and sum(record.failed) * len(others) >= TIMES * sum(others) * len(record.failed)


def _excluded(node: str, record: NodeRecord, others: tuple[bool, ...], now: float) -> NodeExcluded:
    term = TERM_S * 2**record.excluded
    here = f"{sum(record.failed)} of its latest {len(record.failed)} jobs failed for reasons that lie in no treatment"
    probation = " while on probation" if record.excluded else ""
    reason = (
        f"{here}{probation}, {sum(others)} of the latest {len(others)} elsewhere; set aside for {term / 3600:.0f} h"
    )
    return NodeExcluded(node=node, number=record.excluded + 1, until=now + term, reason=reason)
