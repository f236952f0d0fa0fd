"""Every word of Slurm's, as it comes and as it is cut off; and what is not known is never a failure."""

import pytest

from rea.domain.job import JobState
from rea.executor.backends.slurm import states
from rea.executor.backends.slurm.states import STATES, native, state_of

# squeue(1) and sacct(1) of 22.05, "JOB STATE CODES", and what later versions added
MANUAL = (
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "CONFIGURING", "COMPLETING", "DEADLINE", "FAILED"),
    *("NODE_FAIL", "OUT_OF_MEMORY", "PENDING", "PREEMPTED", "RUNNING", "RESV_DEL_HOLD", "REQUEUE_FED"),
    *("REQUEUE_HOLD", "REQUEUED", "RESIZING", "REVOKED", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT"),
    *("STOPPED", "SUSPENDED", "TIMEOUT", "LAUNCH_FAILED", "POWER_UP_NODE", "RECONFIG_FAIL", "UPDATE_DB"),
    *("EXPEDITING",),
)
GARBAGE = ("", "?", "R", "running", "OUT_OF_JOY", "RE+", "+", "COMPLETED+garbage", "123_[4-7%2]", "\x00")


def test_every_word_of_the_manual_is_mapped_and_no_other() -> None:
    assert set(MANUAL) == set(STATES)


@pytest.mark.parametrize("word", MANUAL)
def test_a_word_is_known_as_it_stands_with_its_addition_and_cut_off(word: str) -> None:
    assert native(word) == native(f"{word} by 1000") == word
    begun = [other for other in MANUAL if other.startswith(word[:7])]
    if len(begun) == 1:
        assert native(f"{word[:7]}+") == word


@pytest.mark.parametrize("word", GARBAGE)
def test_what_is_not_known_may_only_wait(word: str) -> None:
    assert state_of(native(word)) is JobState.UNKNOWN


def test_only_what_is_over_counts_as_ended() -> None:
    over = {word for word in MANUAL if state_of(word).ended}
    assert over == {
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"),
        *("REVOKED", "TIMEOUT", "LAUNCH_FAILED", "RECONFIG_FAIL"),
    }


def test_no_word_alone_means_success() -> None:
    """Only the job's own exit record does."""
    assert JobState.SUCCEEDED not in {state_of(word) for word in (*MANUAL, *GARBAGE)}


def test_planted_a_guess_at_unknown_words_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "STATES", {**STATES, "OUT_OF_JOY": JobState.FAILED})
    with pytest.raises(AssertionError):
        test_what_is_not_known_may_only_wait("OUT_OF_JOY")
