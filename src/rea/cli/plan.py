"""plan: the page that an approval is about."""

from dataclasses import asdict

from rea.campaign.advance import waiting_for
from rea.cli.face import Face, command, seconds
from rea.cli.read import patch_lines
from rea.domain.campaign import Campaign
from rea.domain.errors import NotApproved
from rea.domain.plan import Plan
from rea.planner.outlook import Outlook
from rea.report import planned


@command()
def plan(face: Face) -> int:
    """Show the plan as a page: hypotheses, prices, what would falsify them, what it can detect, and the digest that an approval names."""
    from rea.app import model, recall_of
    from rea.planner.outlook import outlook
    from rea.report.facts.launch import direction, metric
    from rea.report.prose.explain import beside, explain
    from rea.report.prose.stated import of_plan

    journal, _, c = face.chosen()
    if c.plan is None:
        raise NotApproved(f"there is no plan yet: the campaign waits for {waiting_for(c)}", "rea status, or rea watch")
    seen = outlook(c, c.plan)
    told = {"digest": c.plan_digest, "approved": c.approved, "plan": asdict(c.plan), "outlook": asdict(seen)}
    prose = explain(
        model(face.config, recall_of(face.config, c.id), journal),
        "a plan of experiments",
        of_plan(c.plan, metric(c), direction(c)),
    )
    face.say("plan", told, page(c, c.plan, seen) + beside(prose))
    return 0 if c.approved else 10


def page(c: Campaign, p: Plan, seen: Outlook) -> str:
    """Return the plan for people."""
    lines = [
        f"plan of {c.id}: {c.question}",
        f"budget {seconds(p.budget_ms / 1000)} of device time{planned.money(p, p.budget_ms)}",
        f"model  {p.calls}",
        "",
    ]
    for h, said in planned.hypotheses(c, p, seen):
        patched = (line for patch in planned.patches(c, h) for line in patch_lines(c.patches[patch.digest]))
        lines += [f"  {h.id}  {h.change}", *(f"      {line}" for line in (*said, *patched))]
    lines += ["", *(f"  {planned.phase(p, x)}" for x in p.phases), f"  {planned.costs(p.costs)}", ""]
    lines += planned.outlook(p, seen)
    if named := c.bound.get(p.runbook):
        lines.append(f"of your own runbook entries these may act: {', '.join(name for name, _ in named)}")
    return "\n".join([*lines, f"digest {c.plan_digest}", *_next(c, seen)])


def _next(c: Campaign, seen: Outlook) -> list[str]:
    if c.approved:
        return ["approved"]
    if seen.refused:
        return [f"refused: {seen.refused}", f"next: {seen.advice or 'rea amend --set NAME=VALUE adds one'}"]
    return [f"next: rea approve -c {c.id} --digest {c.plan_digest[:12]}, or rea amend / rea reject"]
