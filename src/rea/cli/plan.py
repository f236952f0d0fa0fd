"""plan: the page that an approval is about."""

import time
from collections.abc import Sequence
from dataclasses import asdict

import click

from rea.campaign.advance import waiting_for
from rea.cli.face import Face, command, duration, seconds
from rea.cli.read import patch_lines, wish_lines
from rea.domain.campaign import Campaign
from rea.domain.errors import NotApproved
from rea.domain.plan import Plan
from rea.planner.outlook import Outlook
from rea.rehearsal.play import Rehearsed
from rea.report import planned

PLAYS, WITHIN, LEAST_PLAYS = 24, "60s", 5


@command()
@click.option(
    "--dry-run", "dry", is_flag=True, help="Play the campaign on simulated jobs first: likely gain, spend and end."
)
@click.option("--plays", default=PLAYS, show_default=True, type=click.IntRange(2), help="How often it is played.")
@click.option(
    "--within", default=WITHIN, show_default=True, help="Stop playing after this time, with what has been played."
)
def plan(face: Face, dry: bool, plays: int, within: str) -> int:
    """Show the plan as a page: hypotheses, prices, what would falsify them, what it can detect, and the digest that an approval names."""
    from rea.api import explaining, writing
    from rea.app import model, recall_of
    from rea.planner.outlook import outlook
    from rea.report.prose.explain import beside

    journal, _, c = face.chosen()
    if c.plan is None:
        raise NotApproved(f"there is no plan yet: the campaign waits for {waiting_for(c)}", "rea status, or rea watch")
    seen = outlook(c, c.plan)
    open_ = [(wish, made) for wish, made in writing.wished(face.config, c) if not made]
    told = {"digest": c.plan_digest, "approved": c.approved, "plan": asdict(c.plan), "outlook": asdict(seen)}
    told["wanted"] = [{**asdict(wish), "id": wish.id} for wish, _ in open_]
    played = _played(face, c, plays, duration(within)) if dry else None
    told |= {"dry_run": asdict(played)} if played else {}
    prose = explaining.plan(model(face.config, recall_of(face.config, c.id), journal), c)
    shown = [*planned.rehearsed(c.plan, played), ""] if played else []
    face.say("plan", told, "\n".join([page(c, c.plan, seen, shown), *wish_lines(open_)]) + beside(prose))
    return 0 if c.approved else 10


def _played(face: Face, c: Campaign, plays: int, within_s: float) -> Rehearsed:
    from rea.api.rehearsing import dry_run

    began = time.monotonic()

    def tell(done: int) -> bool:
        if not face.as_json:
            click.echo(f"\rplayed {done} of {plays}", err=True, nl=done == plays)
        return done < LEAST_PLAYS or time.monotonic() - began < within_s

    return dry_run(face.config, c, plays, tell)


def page(c: Campaign, p: Plan, seen: Outlook, played: Sequence[str] = ()) -> str:
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
    lines += [*planned.outlook(p, seen), "", *played]
    if named := c.bound.get(p.runbook):
        lines.append(f"of your own runbook entries these may act: {', '.join(name for name, _ in named)}")
    return "\n".join([*lines, f"digest {c.plan_digest}", *_next(c, seen)])


def _next(c: Campaign, seen: Outlook) -> list[str]:
    if c.approved:
        return ["approved"]
    if seen.refused:
        return [f"refused: {seen.refused}", f"next: {seen.advice or 'rea amend --set NAME=VALUE adds one'}"]
    return [f"next: rea approve -c {c.id} --digest {c.plan_digest[:12]}, or rea amend / rea reject"]
