"""A log of 5 GB, a line of 1 GB, a million files: looked at and cleared away within bounds of time and memory, for real.

``REA_FILES=1000000`` for a night; with every change a scaled down number of files. The log is sparse: no disk holds 5 GB of it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rea.domain.ids import JobId
from rea.domain.workload import Command
from rea.executor.contract import log
from rea.executor.contract.directory import control_of
from rea.executor.contract.log import tail
from rea.executor.materialise import clear as clearing
from rea.executor.materialise.clear import clear
from rea.executor.materialise.layout import JobPlace, place_of

FILES = int(os.environ.get("REA_FILES", "3000"))
GB = 1 << 30
MOST_MB, MOST_S = 100, 30.0  # seconds of a processor, as the machine may be busy
KEPT = 1000 if FILES < 100_000 else clearing.MOST_SMALL  # small files that stay
# of this program's own: ru_maxrss tells of the test's process too, which it was forked from
PEAK = """
def peak():
    return float(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
"""
LOOK = """import sys, time
from pathlib import Path
from rea.executor.contract.status import status
{peak}
told = time.process_time(), status(Path(sys.argv[1]), time.time(), 0.0), time.process_time()
print(told[2] - told[0], peak(), len(told[1].log_tail))
""".replace("{peak}", PEAK)
CLEAR = """import sys, time
from pathlib import Path
from rea.domain.workload import Command
from rea.executor.materialise import clear as clearing
from rea.executor.materialise.layout import place_of
{peak}
place, clearing.MOST_SMALL = place_of(Path(sys.argv[1]), sys.argv[2]), int(sys.argv[3])
before = peak()
began = time.process_time()
clearing.clear(place, Command(argv=("x",)), resumable=False)
print(time.process_time() - began, peak() - before)
""".replace("{peak}", PEAK)


def measured(text: str, *words: str) -> list[float]:
    """Run a few lines in a process of their own, whose memory is theirs alone."""
    env = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": os.environ["PATH"]}
    done = subprocess.run((sys.executable, "-c", text, *words), env=env, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def logged(directory: Path, size: int, end: bytes) -> Path:
    """Return a job whose log has ``size`` bytes, the last of them ``end``; what comes before is one line without end."""
    control_of(directory).mkdir(parents=True)
    with (control_of(directory) / "log").open("wb") as file:
        file.truncate(size - len(end))
        file.seek(0, os.SEEK_END)
        file.write(end)
    (control_of(directory) / "claim").write_text("1 1 boot 1\n")
    return directory


def test_of_a_log_of_5_gb_only_the_end_is_read(tmp_path: Path) -> None:
    place = logged(tmp_path / "j", 5 * GB, b"\n\x1b[31mValueError: odd\x1b[0m\n")
    assert tail(place).endswith("\nValueError: odd\n")
    seconds, megabytes, told = measured(LOOK, str(place))
    print(f"5 GiB: {seconds:.3f} s, {megabytes:.0f} MB")
    assert seconds < 1 and megabytes < MOST_MB and told < 10_000


def test_one_line_of_1_gb_of_a_progress_bar_is_bounded(tmp_path: Path) -> None:
    place = logged(tmp_path / "j", GB, b"\r".join(b"%d%%" % n for n in range(100)) * 500)
    seconds, megabytes, told = measured(LOOK, str(place))
    assert seconds < 1 and megabytes < MOST_MB and told < 10_000


def test_planted_bug_a_reader_of_whole_logs_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a fiftieth of the size, so that the bug does not take the machine with it."""
    place, taken = logged(tmp_path / "j", GB // 50, b"\nend\n"), list[int]()

    def kept(text: str) -> str:
        taken.append(len(text))
        return text

    monkeypatch.setattr(log, "plain", kept)
    tail(place)
    tail(place, GB)
    assert taken[0] < 10_000 < taken[1]


def littered(root: Path, count: int) -> JobPlace:
    """Return a job that left ``count`` small files in folders of a thousand, a large one, and its predictions."""
    place = place_of(root, JobId("j1"))
    for number in range(count):
        folder = place.out / str(number // 1000)
        if number % 1000 == 0:
            folder.mkdir(parents=True)
        os.close(os.open(folder / str(number), os.O_CREAT | os.O_WRONLY))
    for name in ("large", "predictions.parquet"):
        with (place.out / name).open("wb") as file:
            file.truncate(2 << 20)
    return place


def left(place: JobPlace) -> int:
    return sum(len(files) for _, _, files in os.walk(place.out))


def test_a_job_that_leaves_very_many_files_is_cleared_within_bounds(tmp_path: Path) -> None:
    place = littered(tmp_path, FILES)
    seconds, megabytes = measured(CLEAR, str(tmp_path), "j1", str(KEPT))
    print(f"{FILES} files: {seconds:.1f} s, {megabytes:.0f} MB more")
    assert left(place) == KEPT + 1 and (place.out / "predictions.parquet").exists()
    assert megabytes < 30 and seconds < MOST_S


def test_planted_bug_without_a_bound_they_all_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = littered(tmp_path, 1500)
    monkeypatch.setattr(clearing, "MOST_SMALL", 1 << 40)
    clear(place, Command(argv=("x",)), resumable=False)
    assert left(place) == 1501
