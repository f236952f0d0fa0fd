"""Eight models under one budget on the simulated cluster: two acts of a person, the slots shared, the budget never exceeded, whatever is killed."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from rea.campaign.portfolio import deal, deliver
from rea.campaign.portfolio import decide as door
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.errors import OverBudget, StaleDecision
from rea.domain.ids import CampaignId
from rea.domain.plan import Policy
from rea.domain.portfolio import Dealing, Member, Portfolio
from rea.domain.proposal import Outcome
from rea.report.portfolio import PortfolioFacts, facts_of
from rea.testing.fuse import Fuse, Killed
from rea.testing.memory import MemoryJournal
from rea.testing.portfolio import NAME, PortfolioWorld
from rea.testing.simulation import Truth

EVERY = int(os.environ.get("REA_KILL_EVERY", 499))  # 1: every touch
SHORT = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)
GAINS = (0.0, 0.004, 0.006, 0.008, 0.01, 0.012, 0.016, 0.02)


def truth(gain: float) -> Truth:
    return Truth(effects={"a": gain, "b": gain / 2, "c": -0.004, "d": gain}, row_sd=0.0005)


def world(members: int = 8, burns: Callable[[int], bool] = lambda _: False, **more: object) -> PortfolioWorld:
    truths = {f"m{i}": truth(gain) for i, gain in enumerate(GAINS[8 - members :])}
    told = {"truths": truths, "budget_s": 2100.0 * members, "policy": SHORT, "slots": 3, "fuse": Fuse(burns), **more}
    return PortfolioWorld(**told)  # type: ignore[arg-type]


def facts(w: PortfolioWorld) -> PortfolioFacts:
    members = [w.member(name) for name in w.worlds]
    return facts_of(w.state, members, {name: w.journal.read(name) for name in (NAME, *w.worlds)})


def sums(w: PortfolioWorld) -> tuple[int, int]:
    """Return what the members are granted in all, and the budget."""
    return sum(w.journal.ledger(name).granted for name in w.worlds), w.state.budget_ms  # type: ignore[attr-defined]


def outcome(w: PortfolioWorld) -> list[tuple[str, str, str]]:
    members = [w.member(name) for name in w.worlds]
    return [(c.id, str(c.proposal.outcome), str(c.proposal.change)) for c in members if c.proposal]


@pytest.fixture(scope="module")
def eight() -> PortfolioWorld:
    w = world()
    w.run()
    return w


def test_eight_models_find_what_is_there_after_one_signature_and_one_approval(eight: PortfolioWorld) -> None:
    found = facts(eight)
    assert eight.state.concluded
    assert found.proposals >= 5
    assert found.members[0].effect is None  # nothing helps there
    assert found.touches == 2
    assert found.touches_per_proposal is not None
    assert found.touches_per_proposal <= 2
    assert [t.what.split()[0] for t in found.people] == ["signed", "approved"]
    assert eight.told == ["approval needed", "approval needed", "finished"]


def test_acts_on_a_member_count_too(eight: PortfolioWorld) -> None:
    w = world(2)
    w.run()
    steered = e.Steered(wish="finish", target="", by="ann", command="c1")
    w.journal.append(CampaignId("m0"), (steered,))
    assert facts(w).touches == 3


def test_the_common_budget_bounds_what_all_cost_and_what_is_left_came_back(eight: PortfolioWorld) -> None:
    granted, budget = sums(eight)
    p = eight.state
    assert granted <= budget
    assert p.ledger.spent == sum(p.settled.values()) <= budget
    assert p.ledger.held == 0
    assert granted == sum(w.member(n).ledger.spent for w in (eight,) for n in w.worlds)


def test_more_goes_where_more_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    promised = {"m0": 0.0, "m1": 0.01, "m2": 0.5}
    monkeypatch.setattr(deal, "prospect", lambda c: promised[c.id])
    w = world(3, dealing=Dealing(saturated=0.0001), budget_s=9000.0)
    p = w.run()
    dealt = {m.campaign: sum(p.allotted[m.campaign][2:]) for m in p.members}
    assert dealt[CampaignId("m0")] == 0 < dealt[CampaignId("m1")] < dealt[CampaignId("m2")]
    assert p.released[CampaignId("m0")].startswith("saturated")
    assert p.released[CampaignId("m1")].startswith("the common budget is dealt out")
    recorded = [r.event for r in w.journal.read(NAME) if isinstance(r.event, e.Allotted) and r.event.number > 2]
    assert {event.member: event.expected for event in recorded} == {"m1": 0.01, "m2": 0.5}


def test_what_one_gave_back_is_dealt_to_another(eight: PortfolioWorld) -> None:
    p, had_come_back = eight.state, False
    free = p.budget_ms
    for event in (r.event for r in eight.journal.read(NAME)):
        had_come_back |= isinstance(event, e.ShareSettled)
        free += _moved(event, eight)
    assert had_come_back
    assert free == p.budget_ms - p.ledger.spent


def _moved(event: e.Event, w: PortfolioWorld) -> int:
    if isinstance(event, e.Allotted):
        return -event.amount_ms
    return w.state.granted(event.member) - event.cost_ms if isinstance(event, e.ShareSettled) else 0


def test_jobs_of_all_members_share_the_slots(eight: PortfolioWorld) -> None:
    assert eight.most_running == 3


def test_planted_members_that_do_not_look_at_each_other_are_refused_by_the_journal() -> None:
    w = world(3, slots=2)
    for each in w.worlds.values():
        each.elsewhere = lambda _: 0
    w.open()
    w.wake()
    w.decide()
    with pytest.raises(StaleDecision, match="no slot"):
        _once(w)


def _once(w: PortfolioWorld) -> None:
    """Advance each member one step at a time, so that a refusal shows instead of being decided anew."""
    from rea.campaign.advance import advance
    from rea.domain.ids import Digest

    w._deal(w.journal)
    for _ in range(20):
        for name, each in w.worlds.items():
            advance(name, each.ports, Digest("runbook"), each.memory())


class Lax(MemoryJournal):
    """PLANTED: looks at nothing but a campaign's own ledger."""

    def _shared(self, name: CampaignId, fresh: object) -> None:
        pass


def test_planted_without_the_journals_check_they_run_more_than_the_slots() -> None:
    w = world(3, journal=Lax())
    for each in w.worlds.values():
        each.elsewhere = lambda _: 0
    w.run()
    assert w.most_running > 3


def run_through_kills(
    w: PortfolioWorld, looks: int = 20_000, watch: Callable[[], None] = lambda: None
) -> PortfolioWorld:
    w.open()
    for _ in range(looks):
        try:
            w.wake()
        except Killed:
            w.forget()
            watch()
            continue
        watch()
        if w.state.concluded:
            return w
        if w.state.waiting:
            w.decide()
        else:
            w.pass_time()
    raise AssertionError(f"not ended: {w.state.paused or 'no progress'}")


@pytest.fixture(scope="module")
def two() -> PortfolioWorld:
    w = world(2)
    w.run()
    return w


@pytest.mark.parametrize("part", range(2))
def test_killed_at_any_touch_it_stays_inside_and_ends_the_same(part: int, two: PortfolioWorld) -> None:
    for at in range(1 + part * EVERY, two.fuse.count + 1, 2 * EVERY):
        w = world(2, lambda n, at=at: n == at)  # type: ignore[misc]

        def inside(w: PortfolioWorld = w) -> None:
            granted, budget = sums(w)
            assert granted <= budget

        run_through_kills(w, watch=inside)
        assert outcome(w) == outcome(two), f"killed at touch {at}"
        launched = {name: sorted(x.backend.launches) for name, x in w.worlds.items()}
        assert launched == {name: sorted(x.backend.launches) for name, x in two.worlds.items()}


@pytest.mark.parametrize("seed", range(1))
def test_killed_again_and_again_it_ends_the_same(seed: int, two: PortfolioWorld) -> None:
    dice = Random(seed)
    assert outcome(run_through_kills(world(2, lambda _: dice.random() < 0.01))) == outcome(two)


@dataclass
class Watching(MemoryJournal):
    """A journal that adds up, after every append of anything, what all members are granted."""

    most: int = 0
    names: list[CampaignId] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def append(self, campaign: CampaignId, events: object, *, expected: int | None = None) -> int:
        length = super().append(campaign, events, expected=expected)  # type: ignore[arg-type]
        self.most = max(self.most, sum(self.ledger(name).granted for name in self.campaigns()))
        return length


@pytest.mark.parametrize("seed", range(2))
def test_after_every_append_the_grants_of_all_are_within_the_budget(seed: int) -> None:
    dice, log = Random(seed), Watching()
    truths = {f"m{i}": truth(dice.choice(GAINS)) for i in range(dice.randint(2, 3))}
    w = PortfolioWorld(
        truths=truths,
        budget_s=dice.uniform(2000, 2600) * len(truths),
        slots=dice.randint(1, 5),
        weights={name: dice.choice((0.8, 1.0, 1.25)) for name in truths},
        dealing=Dealing(floor=dice.choice((0.0, 0.3, 0.6, 1.0)), tranche=dice.uniform(0.01, 0.3)),
        policy=SHORT,
        fuse=Fuse(lambda _: dice.random() < 0.003),
        journal=log,
    )
    run_through_kills(w)
    assert 0 < log.most <= w.state.budget_ms
    assert w.most_running <= w.slots


def test_planted_a_door_that_lets_everything_pass_is_stopped_by_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "guard", lambda p, wanted: wanted)
    real = deal.bid
    monkeypatch.setattr(deal, "bid", lambda *args: _greedy(real(*args)))
    monkeypatch.setattr(deal, "min", max, raising=False)
    with pytest.raises(OverBudget):
        world(2).run()


def _greedy(b: deal.Bid) -> deal.Bid:
    return replace(b, saturated=False, tranche_ms=10**9)


def test_planted_a_member_paid_more_than_was_allotted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = deliver._shares

    def generous(p: Portfolio, m: Member, c: Campaign) -> Iterator[e.Event]:
        for event in real(p, m, c):
            yield replace(event, granted_ms=event.granted_ms + 1) if isinstance(event, e.ShareGranted) else event

    monkeypatch.setattr(deliver, "_shares", generous)
    with pytest.raises(OverBudget, match="does not hold"):
        world(2).run()


def test_planted_settling_before_the_grant_has_shrunk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_given_back", lambda p, c: c.ended)
    real = deliver._to
    monkeypatch.setattr(deliver, "_to", lambda p, m, c: () if c.ended else real(p, m, c))
    refused: list[str] = []

    class Stale(MemoryJournal):
        def append(self, campaign: CampaignId, events: object, *, expected: int | None = None) -> int:
            try:
                return super().append(campaign, events, expected=expected)  # type: ignore[arg-type]
            except StaleDecision as error:
                refused.append(error.message)
                raise Killed from error

    w = world(2, journal=Stale())
    with pytest.raises(Killed):
        w.run()
    assert "may still spend" in refused[0]


def test_without_the_signature_nothing_runs_and_without_the_approval_calibration_only() -> None:
    w = world(2)
    w.open()
    w.wake()
    assert not any(each.backend.launches for each in w.worlds.values())
    w.decide()
    for _ in range(60):
        w.wake()
        w.pass_time()
    assert w.state.waiting == w.state.page_digest != ""
    phases = {w.worlds[n].jobs[j].phase for n in w.worlds for j in w.worlds[n].backend.launches}
    assert phases == {"calibration"}


def test_a_stopped_portfolio_cancels_its_members_and_ends() -> None:
    w = world(2)
    w.open()
    w.wake()
    w.decide()
    w.wake()
    w.journal.append(NAME, (e.Stopped(by="ann", reason="enough", command="x"),))
    for _ in range(40):
        w.wake()
        w.pass_time()
    assert w.state.concluded == "enough"
    assert {w.member(n).proposal.outcome for n in w.worlds} == {Outcome.STOPPED}  # type: ignore[union-attr]


def test_a_member_that_is_approved_by_itself_gets_no_money_by_it() -> None:
    w = world(2)
    w.open()
    first = next(iter(w.worlds.values()))
    c = first.state
    assert c.checklist is not None
    from rea.testing.simulation import approval

    w.journal.append(first.name, (e.ChecklistSigned(approval=approval(c.checklist.digest, c.checklist.allowance_ms)),))
    w.wake()
    assert first.state.ledger.granted == w.journal.ledger(first.name).granted == 0  # type: ignore[attr-defined]
    assert not first.backend.launches
    assert not first.state.paused
