"""The runbook against texts of real failures; README.md says how they were made and what first looks at fresh ones gave."""

from functools import cache

import pytest
from corpus.failures.texts import f1_by_label, guess, texts

from rea.executor.failures import UNKNOWN
from rea.knowledge.runbook.load import load

RUNBOOK = load()


@cache
def guessed_of(half: str) -> tuple[tuple[str, str, str], ...]:
    """Return label, name and guess of every text of one half."""
    return tuple((label, name, guess(RUNBOOK, status)) for label, name, status in texts(half))


# unknown at the last first look and claimed all the same; no rule was changed for them, and no other may join them
WRONGLY_CLAIMED = {"sixth_held_pandas_renamed", "sixth_held_port_handled"}


def macro_f1(half: str, capsys: pytest.CaptureFixture[str]) -> float:
    """Return the mean of the labels' F1 scores, and print the misses."""
    found = guessed_of(half)
    misses = [f"{label}/{name}: taken for {guessed}" for label, name, guessed in found if label != guessed]
    scores = f1_by_label([(label, guessed) for label, _, guessed in found])
    with capsys.disabled():
        mean = sum(scores.values()) / len(scores)
        print(
            f"\n{half}: {len(found)} texts, {len(scores)} labels, {len(misses)} missed, macro-F1 {mean:.3f}",
            *misses,
            sep="\n  ",
        )
    return mean


def test_the_texts_that_rules_were_written_for_are_all_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    assert macro_f1("seen", capsys) == 1.0


def test_texts_that_no_rule_was_written_for_are_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    assert macro_f1("unseen", capsys) >= 0.9


@pytest.mark.parametrize("half", ["seen", "unseen"])
def test_what_no_entry_should_claim_stays_unknown(half: str) -> None:
    unknown = [(name, guessed) for label, name, guessed in guessed_of(half) if label == UNKNOWN]
    assert {name for name, guessed in unknown if guessed != UNKNOWN} <= WRONGLY_CLAIMED


def test_there_are_enough_texts_to_mean_something() -> None:
    unseen = list(texts("unseen"))
    assert len(unseen) >= 100
    assert sum(label == UNKNOWN for label, _, _ in unseen) >= 10
    assert {label for label, _, _ in unseen} | {label for label, _, _ in texts("seen")} - {UNKNOWN} <= {
        UNKNOWN,
        *(entry.name for entry in RUNBOOK),
    }


def test_a_wrong_label_would_show() -> None:
    assert f1_by_label([("a", "a"), ("b", "a")]) == {"a": pytest.approx(2 / 3), "b": 0.0}
