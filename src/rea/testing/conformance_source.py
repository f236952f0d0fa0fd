"""What every ``HypothesisSource`` must do. Subclass ``SourceConformance`` in a test, give it two fixtures, and run it."""

from collections.abc import Sequence
from dataclasses import replace

from rea.domain.hypothesis import Hypothesis, hypothesis_id
from rea.ports import Briefing, HypothesisSource

ROUNDS = 200  # of asking again, after which a source has to have come to an end


def whole(hypothesis: Hypothesis, briefing: Briefing) -> bool:
    """Tell whether a hypothesis can be tried and be shown wrong: named by its change, predicted, on levers that there are."""
    levers = {lever.name: lever for lever in briefing.workload.levers}
    overrides = hypothesis.change.overrides
    predicted = hypothesis.predicted
    return (
        hypothesis.id == hypothesis_id(hypothesis.change)
        and all(name in levers and levers[name].admits(value) for name, value in overrides)
        and predicted.low <= predicted.value <= predicted.high
        and bool(hypothesis.statement and hypothesis.falsifier)
        and hypothesis.cost > 0
    )


def proposed(source: HypothesisSource, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
    """Return what ``source`` proposes."""
    return tuple(source.propose(briefing, count))


class SourceConformance:
    """The laws of where hypotheses come from. The fixture ``source`` has at least two to propose for ``briefing``."""

    def test_hypotheses_are_distinct_and_no_more_than_asked_for(
        self, source: HypothesisSource, briefing: Briefing
    ) -> None:
        for count in (0, 1, 2, 1000):
            found = proposed(source, briefing, count)
            assert len({h.id for h in found}) == len(found) <= count
        assert len(proposed(source, briefing, 2)) == 2

    def test_asked_again_it_says_the_same(self, source: HypothesisSource, briefing: Briefing) -> None:
        """A wake that was killed after asking asks again: the plan must not depend on it."""
        first = proposed(source, briefing, 5)
        proposed(source, replace(briefing, round=9), 1)
        assert proposed(source, briefing, 5) == first

    def test_each_can_be_tried_and_be_shown_wrong(self, source: HypothesisSource, briefing: Briefing) -> None:
        for hypothesis in proposed(source, briefing, 1000):
            assert whole(hypothesis, briefing), hypothesis

    def test_what_is_taken_is_never_proposed_and_an_end_is_reached(
        self, source: HypothesisSource, briefing: Briefing
    ) -> None:
        taken = briefing.taken
        for _ in range(ROUNDS):
            found = proposed(source, replace(briefing, taken=taken), 3)
            assert not taken & {h.id for h in found}
            if not found:
                return
            taken |= {h.id for h in found}
        assert not proposed(source, replace(briefing, taken=taken), 3)
