"""Nodes of a cluster: how jobs went on each, which are set aside and which came back."""

from dataclasses import replace

from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.records import JobRecord, NodeRecord
from rea.domain.runbook import Cause

LATEST = 6  # jobs of one node that are remembered


def nodes(c: Campaign, event: e.Nodes) -> None:
    match event:
        case e.NodeExcluded(node=node) if (record := c.nodes.get(node)) and record.excluded < event.number:
            told = (*record.told, event.reason)
            c.nodes[node] = replace(record, excluded=event.number, until=event.until, told=told, failed=())
        case e.NodeReturned(node=node) if (record := c.nodes.get(node)) and record.excluded == event.number:
            c.nodes[node] = replace(record, until=0.0, failed=())
        case _:
            pass


def went(c: Campaign, record: JobRecord) -> None:
    """Note how a job went that is judged or treated now, for the first time."""
    node = record.status.node if record.status is not None else ""
    if not node:
        return
    before = c.nodes.get(node, NodeRecord())
    failed = record.treatment is not None and record.treatment.cause is Cause.INFRASTRUCTURE
    c.nodes[node] = replace(before, failed=(*before.failed, failed)[-LATEST:])
