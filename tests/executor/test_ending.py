"""What of a log may name the cause of its end."""

import json
import re

import pytest
from corpus.failures.texts import guess, texts
from executor.remedies import failed
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.job import JobStatus
from rea.executor import ending as module
from rea.executor import failures
from rea.executor.ending import ending
from rea.executor.failures import UNKNOWN
from rea.knowledge.runbook.load import load

RUNBOOK = load()
HEADER = "Traceback (most recent call last):"


def raised(error: str, source: str = "report()", header: str = HEADER) -> str:
    return f'{header}\n  File "/srv/job/train.py", line 8, in <module>\n    {source}\n    ~~~~~^^\n{error}\n'


BUG = raised("KeyError: 'cohorts'")
STEPS = "".join(f"step {i} loss 0.{i}\n" for i in range(10, 20))
FULL = raised("OSError: [Errno 28] No space left on device")
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
MEANWHILE = "\nDuring handling of the above exception, another exception occurred:\n\n"
LAUNCHER = (
    raised("torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ", "sys.exit(main())")
    + "train.py FAILED\n"
)


def taken(log: str, reason: str = "exit 1") -> str:
    return guess(RUNBOOK, failed(log, reason))


# --- the last word


def test_an_exception_that_was_caught_is_not_the_cause() -> None:
    assert taken(FULL) == "disk_full"
    assert taken(FULL + "building it anew\n" + BUG) == UNKNOWN
    assert taken(FULL + STEPS + "policy: no champion to compare with") == UNKNOWN


def test_what_was_warned_of_before_an_exception_is_not_the_cause() -> None:
    assert taken("WARNING no cache: No space left on device\n" + STEPS) == "disk_full"
    assert taken("WARNING no cache: No space left on device\n" + BUG) == UNKNOWN


def test_a_chain_is_explained_by_any_of_its_exceptions_the_last_one_first() -> None:
    assert taken(FULL + CAUSE + raised("RunFailed: epoch 1")) == "disk_full"
    assert taken(FULL + MEANWHILE + raised("ModuleNotFoundError: No module named 'spare'")) == "import_error"


def test_a_mistake_while_something_was_handled_hides_what_was_handled() -> None:
    assert taken(FULL + MEANWHILE + raised("AttributeError: 'Logger' object has no attribute 'once'")) == UNKNOWN


def test_a_traceback_within_a_message_belongs_to_it() -> None:
    worker = raised("IndexError: Caught IndexError in DataLoader worker process 0.")
    assert (
        taken(worker + raised("IndexError: index out of range in self", header="Original " + HEADER))
        == "index_out_of_range"
    )


def test_exceptions_of_a_group_are_read_without_its_margin() -> None:
    group = f"  + Exception Group {HEADER}\n  | ExceptionGroup: two (1 sub-exception)\n  +-+---------------- 1 ----------------\n"
    inner = "".join(
        f"    | {line}\n" for line in raised("ModuleNotFoundError: No module named 'torchrec'").splitlines()
    )
    assert taken(group + inner + "    +------------------------------------\n") == "import_error"


def test_what_a_launcher_says_of_the_death_leaves_the_word_to_the_process() -> None:
    marked = "".join(f"[rank1]: {line}\n" for line in FULL.splitlines())
    assert taken(marked + LAUNCHER) == "disk_full"
    assert (
        taken(marked.replace("OSError: [Errno 28] No space left on device", "ValueError: arms") + LAUNCHER) == UNKNOWN
    )


def test_processes_that_speak_at_once_are_heard_one_by_one() -> None:
    both = zip(FULL.splitlines(), raised("RuntimeError: Connection closed by peer").splitlines(), strict=True)
    assert taken("".join(f"[rank0]: {a}\n[rank1]: {b}\n" for a, b in both)) == "disk_full"


def test_the_code_of_a_frame_further_up_is_not_the_cause() -> None:
    above = f'{HEADER}\n  File "/srv/job/a.py", line 3, in <module>\n    raise_if("No space left on device")\n'
    assert taken(above + '  File "/srv/job/b.py", line 3, in raise_if\n    arms[key]\nKeyError: 3\n') == UNKNOWN


def test_noise_at_exit_is_not_the_cause() -> None:
    noise = "Exception ignored in: <_io.TextIOWrapper name='<stdout>'>\nBrokenPipeError: [Errno 32] Broken pipe\n"
    assert taken(BUG + noise) == UNKNOWN
    assert taken(BUG + "wandb: ERROR 401 Unauthorized\n") == UNKNOWN
    assert taken(FULL + "".join(f"wandb: {line}\n" for line in STEPS.splitlines())) == "disk_full"


def test_what_kernels_say_before_an_exception_counts() -> None:
    said = (
        "/x/aten/src/ATen/native/cuda/IndexKernel.cu:60: operator(): Assertion `srcIndex < srcSelectDimSize` failed.\n"
    )
    assert taken(said + STEPS[:20] + raised("RuntimeError: cuDNN error: X")) == "index_out_of_range"


def test_colours_times_and_levels_hide_nothing() -> None:
    line = "\x1b[31m2026-03-01 10:00:00,123 | ERROR | OSError: [Errno 98] La dirección ya se está usando\x1b[0m"
    assert taken(line) == "port_taken"


def test_a_line_of_json_that_tells_of_an_error_is_read_as_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"ts": "2026-03-01T10:00:00Z", "level": "error", "msg": "epoch 3 failed"}
    line = json.dumps(fields | {"exc_info": raised("PermissionError: [Errno 13] x")}) + "\n"
    assert taken(line) == "permission_denied"
    assert taken(line + json.dumps(fields | {"exc_info": BUG})) == UNKNOWN
    assert taken(json.dumps({"level": "critical", "event": "abort", "reason": "loss_diverged"})) == "loss_explosion"
    monkeypatch.setattr(module, "_told", lambda line: [line])  # planted: lines of JSON are not opened
    assert taken(line) != "permission_denied"


@pytest.mark.parametrize("line", ['{"a":' * 3000 + "1" + "}" * 3000, '{"level": "error"', "{}", '{"msg": "x"}', '{"]}'])
def test_what_only_looks_like_json_is_left_as_it_is(line: str) -> None:
    assert taken(f"{line}\n{FULL}") == "disk_full"


def test_the_end_of_a_pipe_leaves_the_word_to_the_process_that_died(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = (
        f'{HEADER}\n  File "/srv/job/train.py", line 8, in <module>\n    manager.start()\n'
        '  File "/usr/lib/python3.11/multiprocessing/connection.py", line 399, in _recv\n    raise EOFError\nEOFError\n'
    )
    died = raised("OSError: [Errno 98] Address already in use")
    assert taken(died + heard) == "port_taken"
    assert taken(heard) == UNKNOWN
    monkeypatch.setattr(module, "BROKEN", re.compile("nothing"))  # planted: a pipe's end speaks for itself
    assert taken(died + heard) == UNKNOWN


def test_what_a_backend_said_outweighs_every_word_of_a_log() -> None:
    assert taken(FULL, "time_limit") == "time_limit"
    assert taken("time limit reached for this evaluation; going on\n" + FULL) == "disk_full"


# --- laws


def passing(log: str) -> JobStatus:
    """Return a failure in which ``log`` was only in passing: a mistake in the user's code followed."""
    return failed(f"{log}\n{BUG}")


def decided_in_passing() -> list[str]:
    """Return the texts of the corpus that decide although a mistake in the user's code follows."""
    every = [(f"{label}/{name}", status) for half in ("seen", "unseen") for label, name, status in texts(half)]
    return [name for name, status in every if guess(RUNBOOK, passing(status.log_tail)) != UNKNOWN]


def test_only_kernels_and_drivers_may_decide_in_passing(monkeypatch: pytest.MonkeyPatch) -> None:
    spoke = decided_in_passing()
    assert len(spoke) <= 46
    assert all(re.search("by_hand|fifth|sixth|assert_abort|store", name) for name in spoke), spoke
    monkeypatch.setattr(failures, "ending", lambda log: log)  # planted: the whole log decides
    assert len(decided_in_passing()) > 100


LINES = st.lists(
    st.sampled_from(
        [
            *FULL.splitlines(),
            *CAUSE.splitlines(),
            *MEANWHILE.splitlines(),
            *STEPS.splitlines(),
            "│ x",
            "[rank0]: a",
            "+-+-- 1 --",
        ]
    )
    | st.text(max_size=30)
)


@given(LINES)
def test_an_ending_holds_nothing_that_was_not_said_and_is_not_longer(lines: list[str]) -> None:
    log = "\n".join(lines)
    said = re.split(r"[\n\r]", log)
    for line in ending(log).split("\n"):
        assert any(line in whole or module.ANSI.sub("", whole).endswith(line) for whole in said)
    assert len(ending(log)) <= len(log)


@given(LINES, st.sampled_from(["arm", "cohort"]))
def test_whatever_was_said_before_the_last_exception_of_a_program_decides_nothing(lines: list[str], key: str) -> None:
    unchained = "going on with the next arm\n"
    assert taken("\n".join(lines) + "\n" + unchained + raised(f"KeyError: '{key}'")) == UNKNOWN


PATTERNS = [(name, value) for name, value in vars(module).items() if isinstance(value, re.Pattern)]


@pytest.mark.parametrize(("name", "pattern"), PATTERNS)
def test_no_pattern_repeats_without_bound_or_repeats_a_group(name: str, pattern: re.Pattern[str]) -> None:
    skeleton = re.sub(r"\[\^?\]?[^\]]*\]", "x", re.sub(r"\\.", "x", pattern.pattern))
    assert not re.search(r"[*+]|\{\d*,\}|\)\{", skeleton), name


def test_a_line_of_a_megabyte_is_read() -> None:
    for letter in (" ", "a", "[", "(", "1", "^", "│"):
        assert taken(letter * 1_000_000 + "\n" + FULL) == "disk_full"
