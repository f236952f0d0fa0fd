"""Do one action to the outside world and say what happened. Every action is safe to repeat."""

from typing import assert_never

from rea.domain import action as a
from rea.domain.campaign import Campaign
from rea.domain.event import Event
from rea.executor import perform as executor
from rea.knowledge import perform as knowledge
from rea.knowledge import suggested
from rea.planner import perform as planner
from rea.planner.ablation import shared
from rea.ports import Ports


def perform(action: a.Action, campaign: Campaign, ports: Ports) -> tuple[Event, ...]:
    """Perform ``action`` and return the facts that came of it."""
    match action:
        case a.Submit():
            return executor.submit(action, ports)
        case a.Cancel():
            return executor.cancel(action, ports)
        case a.Measure():
            return executor.measure(action, ports)
        case a.Compare():
            return executor.compare(action, ports)
        case a.Propose():
            return planner.propose(action, campaign, ports)
        case a.Suggest():
            return planner.suggest(action, campaign, ports)
        case a.ReadLog():
            return executor.read_log(action, campaign, ports)
        case a.NoteTrial():
            return suggested.note(campaign, action.job, action.rerun, ports.directory)
        case a.Notify():
            return planner.tell(action, ports)
        case a.Distil():
            return knowledge.distil(campaign, ports, action.batch, () if action.batch else shared(campaign))
        case _:
            assert_never(action)
