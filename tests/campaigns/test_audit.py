"""The checker of the durability figures sees what it is there to see: a whole history passes, a doctored one does not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / "benchmarks" / "audit.py"

Line = dict[str, Any]


def job(name: str, held: int = 1000) -> list[tuple[str, Line]]:
    place = {"id": name, "experiment": name.split(".")[0], "purpose": "select", "index": 0, "held_ms": held}
    return [
        ("JobReserved", {"job": place}),
        ("JobEnded", {"job": name, "cost_ms": 300, "status": {"state": "succeeded"}}),
        ("Measured", {"job": name}),
    ]


def history() -> list[tuple[str, Line]]:
    grant = ("ChecklistSigned", {"approval": {"granted_ms": 1500}})
    return [grant, *job("e1.select.s0.a0"), *job("e2.select.s0.a0"), ("Concluded", {})]


STARTS = {"e1.select.s0.a0": 1, "e2.select.s0.a0": 1}


def told(folder: Path, events: list[tuple[str, Line]], starts: dict[str, int]) -> tuple[int, str]:
    """Run the checker as the program of its own that it is."""
    lines = [json.dumps({"seq": i, "kind": kind, "event": event}) for i, (kind, event) in enumerate(events, 1)]
    (folder / "events.jsonl").write_text("\n".join(lines))
    for name, count in starts.items():
        (folder / "jobs" / name).mkdir(parents=True)
        (folder / "jobs" / name / "starts").write_text("started\n" * count)
    argv = (sys.executable, "-I", str(AUDIT), str(folder / "events.jsonl"), str(folder / "jobs"))
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_whole_history_passes(tmp_path: Path) -> None:
    code, text = told(tmp_path, history(), STARTS)
    assert (code, text) == (0, "lost: 0\nduplicated: 0\nover budget: 0\n")


FIRST = "e1.select.s0.a0"
DOCTORED: dict[str, tuple[list[tuple[str, Line]], dict[str, int]]] = {
    f"{FIRST} was reserved and never ended": ([e for i, e in enumerate(history()) if i not in (2, 3)], STARTS),
    f"{FIRST} succeeded and was never judged": ([e for i, e in enumerate(history()) if i != 3], STARTS),
    f"{FIRST} succeeded and left no mark": (history(), {"e2.select.s0.a0": 1}),
    "e9.select.s0.a0 trained and nobody knows of it": (history(), {**STARTS, "e9.select.s0.a0": 1}),
    "the campaign did not conclude": (history()[:-1], STARTS),
    f"{FIRST} began 2 times": (history(), {**STARTS, FIRST: 2}),
    f"JobEnded was recorded 2 times for {FIRST}": ([*history()[:4], history()[2], *history()[4:]], STARTS),
    "succeeded 2 times": (
        [*history()[:4], *job("e1.select.s0.a1"), *history()[4:]],
        {**STARTS, "e1.select.s0.a1": 1},
    ),
    "of 1500 granted": ([history()[0], *job("e1.select.s0.a0", held=1600), *history()[4:]], STARTS),
    "still held at the end": ([e for i, e in enumerate(history()) if i != 2], STARTS),
}


@pytest.mark.parametrize("wrong", DOCTORED)
def test_a_doctored_history_does_not(tmp_path: Path, wrong: str) -> None:
    code, text = told(tmp_path, *DOCTORED[wrong])
    assert code == 1
    assert wrong in text
