from dataclasses import replace
from random import Random
from statistics import mean

from planner.foreign import HERE, briefing

from rea.domain.change import Change, change
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, Effect, SourceName
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Setting, Standing
from rea.domain.technique import parse_move
from rea.knowledge.techniques.catalogue import load
from rea.planner.priors import rerank
from rea.planner.sources.history.source import HistorySource
from rea.planner.sources.research.source import ResearchSource
from rea.testing.memory import MemoryInsights

ELSEWHERE = Setting(workload="other", model="cnn", data=Digest("e" * 64))
TRUTH = {
    "learning_rate x 3": 0.02,
    "schedule = cosine": 0.012,
    "normalisation = batch": 0.009,
    "recency_weighting = 7": 0.006,
    "dropout = 0.1": 0.0,
    "embedding_dim x 2": -0.003,
    "tower_width x 2": -0.004,
    "weight_decay = 0.001": -0.008,
    "epochs x 2": -0.012,
    "batch_size x 0.5": -0.02,
}


def insight(
    text: str, effect: float | None, *, setting: Setting = HERE, campaign: str = "c1", technique: str = ""
) -> Insight:
    measured = None if effect is None else Effect(value=effect, low=effect - 0.001, high=effect + 0.001)
    sign = 0 if effect is None or abs(effect) < 0.001 else 1 if effect > 0 else -1
    return Insight(
        campaign=CampaignId(campaign),
        setting=setting,
        moves=tuple(parse_move(part) for part in text.split(", ")),
        change=text,
        technique=technique,
        source=SourceName.RESEARCH,
        aim=Aim.QUALITY,
        verdict={0: Verdict.INCONCLUSIVE, 1: Verdict.SUPPORTED, -1: Verdict.REFUTED}[sign],
        predicted=Effect(value=0.0, low=-0.01, high=0.01),
        measured=measured,
        seeds=3,
        cost_ms=1000,
        at="2026-01-01T00:00:00Z",
    )


def kept(*insights: Insight) -> MemoryInsights:
    memory = MemoryInsights()
    memory.add(insights)
    return memory


WORLD = tuple(insight(text, effect) for text, effect in TRUTH.items())


def test_no_insights_no_proposals() -> None:
    assert HistorySource(kept()).propose(briefing(), 10) == ()


def test_what_worked_is_proposed_with_evidence_and_what_was_refuted_is_withheld() -> None:
    proposed = HistorySource(kept(*WORLD)).propose(briefing(), 50)
    turned = {name for h in proposed for name, _ in h.change.overrides}
    assert turned <= {"optim.lr", "sched", "use_bn", "halflife"}
    faster = Change(overrides=(("optim.lr", 0.003),))
    assert {faster, change(use_bn=True)} <= {h.change for h in proposed}
    ids = {i.id for i in WORLD}
    for h in proposed:
        assert h.evidence and set(h.evidence) <= ids and h.source is SourceName.HISTORY
        assert h.predicted.low < h.predicted.value < h.predicted.high


def test_the_best_singles_are_taken_further() -> None:
    changes = [h.change for h in HistorySource(kept(*WORLD)).propose(briefing(), 50)]
    assert Change(overrides=(("optim.lr", 0.0052),)) in changes, "3 ** 1.5 = 5.2 times"
    assert change(halflife=10.0) in changes
    assert all(len(c.overrides) == 1 for c in changes), "stacks are the campaign's own to make, part by part"


def test_a_stack_that_worked_is_not_offered_whole() -> None:
    stack = insight("learning_rate x 3, dropout = 0.1", 0.05, technique="learning_rate_x3 + dropout")
    assert HistorySource(kept(stack)).propose(briefing(), 5) == ()
    one = replace(stack, technique="warm_restart")
    assert [len(h.change.overrides) for h in HistorySource(kept(one)).propose(briefing(), 5)] == [2], (
        "one idea of two moves"
    )


def test_what_shared_runs_told_is_known_later() -> None:
    """Where ideas share runs, hardly any is ever measured alone: without these estimates nothing would be learnt of any."""
    told = replace(insight("learning_rate x 3", 0.02), standing=Standing.SHARED, verdict=Verdict.INCONCLUSIVE)
    faster = next(h for h in HistorySource(kept(told)).propose(briefing(), 5) if h.change.value("optim.lr", 0) == 0.003)
    assert faster.predicted.value > 0.005 and "1 of them told from runs shared with other ideas" in faster.rationale


def test_what_failed_elsewhere_too_is_no_longer_hopeful() -> None:
    helped = insight("learning_rate x 3", 0.01)
    hurt = [insight("learning_rate x 3", -0.02, setting=ELSEWHERE, campaign=f"c{n}") for n in range(2, 5)]
    assert HistorySource(kept(helped)).propose(briefing(), 5)
    assert HistorySource(kept(helped, *hurt)).propose(briefing(), 5) == ()


def test_techniques_lend_their_cost_and_citation() -> None:
    told = kept(
        insight("epochs x 2", 0.01, technique="more_epochs"), insight("dropout = 0.1", 0.01, technique="dropout")
    )
    proposed = HistorySource(told, load()).propose(briefing(), 20)
    longer = next(h for h in proposed if h.change == change(n_epochs=6))
    assert longer.cost == 2.0 and "BARS" in longer.citation


def test_levers_without_a_role_teach_nothing() -> None:
    assert HistorySource(kept(insight("other = 0.3", 0.05))).propose(briefing(), 5) == ()


def _value(insights: tuple[Insight, ...]) -> float:
    """What the first four single proposals are truly worth."""
    by_moves = {tuple(parse_move(t) for t in text.split(", ")): effect for text, effect in TRUTH.items()}
    proposed = HistorySource(kept(*insights)).propose(briefing(), 100)
    truths = [by_moves[h.moves] for h in proposed if h.moves in by_moves]
    return sum(truths[:4])


def test_shuffled_insights_propose_differently_and_worse() -> None:
    dice = Random(7)
    shuffled = []
    for _ in range(30):
        moves = [(i.moves, i.change) for i in WORLD]
        dice.shuffle(moves)
        shuffled.append(_value(tuple(replace(i, moves=m, change=c) for i, (m, c) in zip(WORLD, moves, strict=True))))
    assert _value(WORLD) == sum(sorted(TRUTH.values())[-4:])
    assert mean(shuffled) < 0.3 * _value(WORLD)


def test_priors_rerank_what_research_proposes() -> None:
    research = ResearchSource(load()).propose(briefing(), 200)
    said = kept(*(insight(t, e, setting=HERE) for t, e in TRUTH.items()))
    ranked = rerank(research, said, HERE)
    assert {h.id for h in ranked} == {h.id for h in research}
    halved = next(h for h in ranked if h.technique == "smaller_batch")
    assert halved.predicted.value < -0.01 and ranked.index(halved) > len(ranked) / 2
    tripled = next(h for h in ranked if h.technique == "learning_rate_x3")
    claimed = next(t.effect for t in load() if t.name == "learning_rate_x3")
    prior = said.prior(tripled.moves, HERE, claimed)
    assert ranked.index(tripled) == 0 and prior is not None and tripled.predicted == prior.effect
    assert "1 experiments before" in tripled.rationale and len(tripled.evidence) == 2


def test_research_that_knows_history_asks_for_less_of_what_was_refuted() -> None:
    said = kept(*WORLD)
    blind = [h.technique for h in ResearchSource(load(), exploration_share=0).propose(briefing(), 16)]
    taught = [h.technique for h in ResearchSource(load(), said, exploration_share=0).propose(briefing(), 16)]
    assert taught[0] == "learning_rate_x3" != blind[0]
    assert "smaller_batch" not in taught


def test_history_from_elsewhere_stands_beside_what_the_catalogue_claims() -> None:
    """It has ideas and a trust of its own: were claims turned by it, a history that misleads would leave nothing to find that out by."""
    blind = {h.id: h for h in ResearchSource(load()).propose(briefing(), 200)}
    for setting, alike in ((ELSEWHERE, True), (HERE, False)):
        told = kept(*(replace(i, setting=setting) for i in WORLD))
        found = [h for h in ResearchSource(load(), told).propose(briefing(), 200) if blind[h.id].predicted.value]
        ratios = {round(h.predicted.value / blind[h.id].predicted.value, 6) for h in found}
        assert (len(ratios) == 1) is alike, (
            "all claims are held to the catalogue's record, and each to what was measured here"
        )
        assert any("experiments before speak for it" in h.rationale for h in found), "people are told in either case"
