"""What was learnt is kept while the finalists train, some at each run that ends; whoever is still in the running is judged first."""

from dataclasses import replace

import pytest

from rea.campaign.evolve import evolve, replay
from rea.domain import event as e
from rea.domain.action import Decision
from rea.domain.campaign import Campaign
from rea.domain.evidence import Verdict
from rea.domain.experiment import Phase
from rea.domain.insight import Insight
from rea.knowledge import decide as knowledge
from rea.knowledge import perform
from rea.store import codec
from rea.store.codec import Entry
from rea.testing.simulation import CAMPAIGN, Truth, World

EFFECTS = {"a": 0.03, "b": 0.02, "c": -0.01, "d": 0.0, "f": -0.02}


def concluded() -> World:
    made = World(truth=Truth(effects=EFFECTS))
    made.run()
    return made


def told(world: World) -> list[e.InsightsRecorded]:
    return [r.event for r in world.journal.read(CAMPAIGN) if isinstance(r.event, e.InsightsRecorded)]


def changes(world: World, *told: e.InsightsRecorded) -> set[str]:
    return {world.kept[name].change for event in told for name in event.names}


def finalists(c: Campaign) -> set[str]:
    record = c.phase(1, Phase.CONFIRMATION)
    assert record is not None
    return {str(c.experiments[x].change) for x in record.experiments}


def known_when_first_kept(world: World) -> Campaign:
    events = [r.event for r in world.journal.read(CAMPAIGN)]
    first = next(n for n, event in enumerate(events) if isinstance(event, e.InsightsRecorded))
    return replay(events[: first + 1])


def test_others_can_learn_before_the_finalists_are_judged() -> None:
    world = concluded()
    early, last = told(world)
    then = known_when_first_kept(world)
    record = then.phase(1, Phase.CONFIRMATION)
    assert record is not None and not record.ended and not then.ended
    assert early.names and not changes(world, early) & finalists(world.state)
    assert last.names and changes(world, last) <= finalists(world.state)
    assert sorted((*early.names, *last.names)) == sorted(world.kept)


def test_a_finalist_is_kept_with_the_verdict_on_the_sealed_rows() -> None:
    world = concluded()
    assert world.state.proposal is not None
    chosen = next(i for i in world.kept.values() if i.change == str(world.state.proposal.change))
    assert chosen.verdict is Verdict.SUPPORTED and chosen.id in told(world)[-1].names


def test_planted_bug_finalists_kept_early_would_be_kept_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perform, "_finalists", lambda _: set())
    world = concluded()
    assert changes(world, told(world)[0]) & finalists(world.state)


def test_the_same_is_kept_as_when_all_waits_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    early = concluded()
    monkeypatch.setattr(knowledge, "meanwhile", lambda _: Decision())
    late = concluded()
    assert len(told(late)) == 1
    assert timeless(early) == timeless(late)


def timeless(world: World) -> dict[str, Insight]:
    return {name: replace(insight, at="") for name, insight in world.kept.items()}


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100])
def test_whatever_fits_a_batch_each_is_kept_once(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """At 0 no run of a finalist is left for it: all waits for the end."""
    whole = concluded().kept
    monkeypatch.setattr(perform, "BATCH", size)
    world = concluded()
    *batches, last = told(world)
    assert [b.batch for b in batches] == list(range(1, len(batches) + 1)) and last.batch == 0
    assert all(len(b.names) == size for b in batches[:-1]) and all(b.left for b in batches[:-1])
    assert sorted(name for b in (*batches, last) for name in b.names) == sorted(world.kept) == sorted(whole)


def test_stopped_meanwhile_the_rest_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perform, "BATCH", 2)
    whole = concluded().kept
    world = World(truth=Truth(effects=EFFECTS))
    world.open()
    while world.state.batch < 1:
        world.wake()
        world.approve()
        world.pass_time()
    world.journal.append(CAMPAIGN, (e.Stopped(by="an engineer", reason="enough", command="stop"),))
    world.run()
    assert world.state.ended and world.kept.keys() == whole.keys()
    assert sorted(name for event in told(world) for name in event.names) == sorted(whole)


def test_told_again_nothing_changes() -> None:
    world = concluded()
    early, last = told(world)
    then = known_when_first_kept(world)
    assert evolve(then, early) == then and evolve(evolve(world.state, early), last) == world.state


def test_a_campaign_of_the_version_before_has_kept_all_at_once() -> None:
    world = concluded()
    events = [
        r.event for r in world.journal.read(CAMPAIGN) if not isinstance(r.event, e.InsightsRecorded | e.Concluded)
    ]
    before = replay(
        [*events, codec.decode(Entry(key="insights", kind="InsightsRecorded", payload=b'{"insights":[]}', v=3))]
    )
    assert before.learnt and isinstance(knowledge.decide(before).events[0], e.Concluded)
