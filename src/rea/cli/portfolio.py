"""portfolio: several models under one budget, with one signature and one approval for all of them."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from rea.api import portfolio as api
from rea.api.portfolio_file import load
from rea.campaign.portfolio.advance import waiting_for
from rea.cli.decide import REASON
from rea.cli.face import BY, Face, command, duration, percent, person, seconds
from rea.cli.start import checklist_page, checklist_values
from rea.domain.campaign import Campaign
from rea.domain.errors import NotApproved
from rea.domain.ids import CampaignId
from rea.domain.portfolio import Member, MemberPlan, Portfolio
from rea.report import planned
from rea.report.portfolio import PortfolioFacts, facts_of, write


class Ordered(click.Group):
    """Lists its commands in the order in which they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=Ordered)
def portfolio() -> None:
    """Several models under one budget: one file, one signature, one approval, one report (docs/portfolio.md). Each takes --json."""


NAMED = click.option("-p", "--portfolio", "name", help="The portfolio, or an unambiguous beginning of its name.")


def _add(function: Callable[..., int | None]) -> click.Command:
    made = command(campaign=False)(function)
    portfolio.add_command(made)
    return made


@_add
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="portfolio.toml")
@click.option("--budget", help="Device time for all members together, if not what the file states: 8h.")
@click.option(
    "--sign", is_flag=True, help="Sign all checklists where every one passes; else it is asked, or approved later."
)
@click.option("--no-input", is_flag=True, help="Ask nothing.")
@BY
def start(face: Face, file: Path, budget: str | None, sign: bool, no_input: bool, by: str | None) -> int:
    """Check every member; one signature under all checklists begins their calibration."""
    spec = load(file)
    told: list[Campaign] = []
    name = api.start(face.config, spec, duration(budget or spec.budget or "none"), lambda c: _told(face, told, c))
    p = api.whole(face.config, name).state
    facts = {"portfolio": name, "digest": p.waiting, "checklists": [_checks(c) for c in told]}
    allowance = sum(m.allowance_ms for m in p.members) / 1000
    text = f"{len(p.members)} checklists pass; signing grants {seconds(allowance)} in all, for calibration only"
    asks = not (sign or no_input or face.as_json) and sys.stdin.isatty()
    if sign or (asks and click.confirm(f"{text}. Sign?")):
        api.approve(face.config, p, p.waiting, person(by))
        return _status(face, api.wake(face.config, name))
    face.say("portfolio", facts, f"{text}\nnext: rea portfolio approve -p {name} --digest {p.waiting[:12]}")
    return NotApproved.exit_code


def _told(face: Face, told: list[Campaign], c: Campaign) -> None:
    told.append(c)
    if not face.as_json and c.checklist is not None:
        click.echo(checklist_page(c, c.checklist))


def _checks(c: Campaign) -> dict[str, object]:
    assert c.checklist is not None
    return {"campaign": c.id, "digest": c.checklist.digest, **checklist_values(c.checklist)}


@_add
@NAMED
def status(face: Face, name: str | None) -> int:
    """Where the portfolio and each of its members stands."""
    return _status(face, api.whole(face.config, _chosen(face, name)))


@_add
@NAMED
def plan(face: Face, name: str | None) -> int:
    """Show all plans on one page, priced, under the one digest that an approval names."""
    w = api.whole(face.config, _chosen(face, name))
    if not w.state.page:
        raise NotApproved(f"there is no plan yet: it waits for {waiting_for(w.state)}", "rea portfolio status")
    facts = {
        "portfolio": w.state.id,
        "digest": w.state.page_digest,
        "approved": not w.state.waiting,
        "plans": [_plan_facts(x, _member(w, x)) for x in w.state.page],
    }
    face.say("portfolio_plan", facts, page(w))
    return NotApproved.exit_code if w.state.waiting else 0


def page(w: api.Whole) -> str:
    """Return the common plan for people."""
    p, lines = w.state, list[str]()
    for x in p.page:
        lines += _plan_lines(x, _member(w, x), p.member(x.campaign))
    kept = p.budget_ms - sum(x.floor_ms for x in p.page)
    rule = f"at most {seconds(kept / 1000)} more go, {p.dealing.tranche:.0%} of the budget at a time, to whoever promises most per device-hour"
    end = f"next: rea portfolio approve -p {p.id} --digest {p.page_digest[:12]}" if p.waiting else "approved"
    head = f"plan of {p.id}: {len(p.page)} models, {seconds(p.budget_ms / 1000)} of device time in all, {p.slots} jobs at a time"
    return "\n".join((head, "", *lines, f"beyond the floors {rule}", f"digest {p.page_digest}", end))


def _plan_lines(x: MemberPlan, c: Campaign, m: Member | None) -> list[str]:
    assert c.plan is not None
    share = f", fair share {seconds(m.share_ms / 1000)}, weight {m.weight:g}" if m else ""
    return [
        f"{c.id}: {c.question}",
        f"  floor {seconds(x.floor_ms / 1000)}{share}; Confirmation can detect >= {c.plan.detectable:.2%}",
        *(
            f"    {h.id}  {h.change}  {percent(h.predicted.value)} expected, cost x{h.cost:.2g}"
            for h in c.plan.hypotheses
        ),
        *(f"  {planned.phase(c.plan, phase)}" for phase in c.plan.phases),
        f"  every word of it: rea plan -c {c.id}",
        "",
    ]


def _plan_facts(x: MemberPlan, c: Campaign) -> dict[str, object]:
    assert c.plan is not None
    priced = [{"phase": str(f.phase), "jobs": f.jobs, "cost_s": f.cost_ms / 1000} for f in c.plan.phases]
    hypotheses = [{"id": h.id, "change": str(h.change), "predicted": h.predicted.value} for h in c.plan.hypotheses]
    return {
        "campaign": x.campaign,
        "plan": x.plan,
        "floor_s": x.floor_ms / 1000,
        "detectable": c.plan.detectable,
        "phases": priced,
        "hypotheses": hypotheses,
    }


@_add
@NAMED
@click.option(
    "--digest", required=True, help="The digest of exactly what was shown, or its first 8 characters and more."
)
@BY
def approve(face: Face, name: str | None, digest: str, by: str | None) -> int:
    """Sign all checklists or approve all plans, whichever waits."""
    p = api.whole(face.config, _chosen(face, name)).state
    api.approve(face.config, p, digest, person(by))
    return _status(face, api.wake(face.config, p.id))


@_add
@NAMED
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where to write it.")
def report(face: Face, name: str | None, out: Path | None) -> None:
    """Write one page: models, gain, cost, proposals, acts of people for each proposal."""
    w = api.whole(face.config, _chosen(face, name))
    facts = _facts(face, w)
    html, markdown = write(facts, out or api.folder(face.config, w.state.id))
    told = {"html": str(html), "markdown": str(markdown), "facts": _plain(facts)}
    face.say("portfolio_report", told, f"{html}\n{markdown}\n{_lines(facts, w.state)}")


@_add
@NAMED
@BY
def resume(face: Face, name: str | None, by: str | None) -> int:
    """Go on after a pause of the portfolio itself; a paused member is resumed by its own name."""
    p = api.whole(face.config, _chosen(face, name)).state
    api.resume(face.config, p, person(by))
    return _status(face, api.wake(face.config, p.id))


@_add
@NAMED
@REASON
@BY
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def stop(face: Face, name: str | None, reason: str, by: str | None, yes: bool) -> int:
    """End every member: what runs is cancelled, what was learnt is kept."""
    p = api.whole(face.config, _chosen(face, name)).state
    if not yes and not face.as_json:
        click.confirm(f"End {p.id} and its {len(p.members)} members?", abort=True)
    api.stop(face.config, p, reason, person(by))
    return _status(face, api.wake(face.config, p.id))


def _chosen(face: Face, name: str | None) -> CampaignId:
    return api.resolve(face.journal(), name)


def _member(w: api.Whole, x: MemberPlan) -> Campaign:
    return next(c for c in w.members if c.id == x.campaign)


def _facts(face: Face, w: api.Whole) -> PortfolioFacts:
    journal = face.journal()
    names = (w.state.id, *(c.id for c in w.members))
    return facts_of(w.state, w.members, {name: journal.read(name) for name in names})


def _status(face: Face, w: api.Whole) -> int:
    facts = _facts(face, w)
    told = {**_plain(facts), "waiting_for": waiting_for(w.state), "digest": w.state.waiting}
    face.say("portfolio_status", told, _lines(facts, w.state))
    return 0


def _plain(facts: PortfolioFacts) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(facts)


def _lines(f: PortfolioFacts, p: Portfolio) -> str:
    per = "" if f.touches_per_proposal is None else f", {f.touches_per_proposal:.2f} for each proposal"
    rows = (
        f"  {m.campaign:<28} {m.state.replace('_', ' ')[:40]:<14} {seconds(m.spent_ms / 1000):>8} of {seconds(m.granted_ms / 1000):>8}"
        + (f"  {percent(m.effect.value)}  {m.change}" if m.effect else "")
        for m in f.members
    )
    return "\n".join(
        (
            f"{f.name}: {f.state.replace('_', ' ')}, {seconds(f.spent_ms / 1000)} of {seconds(f.budget_ms / 1000)} spent",
            *rows,
            f"proposals {f.proposals} of {len(f.members)}, {percent(f.gain)} on average; {f.touches} acts of people{per}",
            f"waits     for {waiting_for(p)}" + (f" (digest {p.waiting[:12]})" if p.waiting else ""),
        )
    )
