"""What a language model is asked about a plan, a report and insights: one place, so that a replay asks the very same."""

from collections.abc import Sequence

from rea.agent.question import Model
from rea.domain.campaign import Campaign
from rea.domain.event import Recorded
from rea.domain.insight import Insight
from rea.report.facts import facts_of
from rea.report.facts.launch import direction, metric
from rea.report.prose.explain import Prose, explain
from rea.report.prose.stated import of_insights, of_plan
from rea.report.weighing.weigh import weigh
from rea.report.write import prose_of


def plan(model: Model, c: Campaign) -> Prose | None:
    """Return prose about the plan in force; None where there is none, or nothing that stands."""
    return None if c.plan is None else explain(model, "a plan of experiments", of_plan(c.plan, metric(c), direction(c)))


def insights(model: Model, known: Sequence[Insight]) -> Prose | None:
    """Return prose about the latest of what was learnt over all campaigns, the oldest first."""
    stated = of_insights(known, 0)
    return explain(model, "what experiments of many campaigns have taught", stated) if stated else None


def report(model: Model, c: Campaign, recorded: Sequence[Recorded]) -> None:
    """Ask what a report of the campaign asks."""
    prose_of(model, facts_of(c, recorded))
    weigh(model, c)
