"""Real campaigns on the toy, with `rea` killed at random: is anything lost, launched twice, or overspent?

    make bench-durability [KILLS=50]       QUICK=1: a dozen kills

Three programs: the agent (rea, started by job wrappers and by us as the timer would), the injector (this one, which sends SIGKILL to wakes
at random moments), and the checker below, which reads nothing but the exported events and what the jobs themselves left behind.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
KILLS = 12 if os.environ.get("QUICK") else int(os.environ.get("KILLS", "50"))
BUDGET = "70s"
LONGEST_S = 150.0
REA = [sys.executable, "-P", "-m", "rea.cli"]


def rea(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*REA, *words, "--state", str(state)], check=False, capture_output=True, text=True)


def repository(work: Path) -> Path:
    """Copy the toy and commit it; each training also leaves a mark, so that a second run of one job would show."""
    folder = work / "toy"
    shutil.copytree(ROOT / "examples" / "toy", folder)
    script = folder / "train.py"
    place = '__import__("os").path.join(__import__("sys").argv[4], "..", "runs")'
    mark = f'if __name__ == "__main__":\n    with open({place}, "a") as marks:\n        marks.write("run\\n")\n'
    script.write_text(script.read_text().replace('if __name__ == "__main__":\n', mark))
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "toy"]):
        subprocess.run([*git, *words], check=True)
    return folder


def wakes(state: Path) -> list[psutil.Process]:
    """Return the processes of rea that are at work on this state, whoever started them."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(state) in words and ("rea.gate" in words or "rea.cli" in words):
            found.append(process)
    return found


def run(work: Path, dice: random.Random, kills_left: int) -> tuple[int, list[float]]:
    """Run one campaign to its end under fire; return how many kills landed and how long wakes took that were left alone."""
    state = work / "state"
    checked = json.loads(
        rea(state, "check", str(repository(work)), "--budget", BUDGET, "--slots", "2", "--json").stdout
    )
    if not checked["passed"]:
        raise SystemExit(f"the toy does not pass its checklist: {[x for x in checked['checks'] if not x['ok']]}")
    name = checked["campaign"]
    kills, spans, began = 0, list[float](), time.monotonic()
    while time.monotonic() - began < LONGEST_S:
        told = json.loads(rea(state, "status", "-c", name, "--json").stdout)
        if told["state"] in ("winner", "no_winner", "needs_a_person", "paused", "stopped"):
            break
        if told["digest"]:
            rea(state, "approve", "-c", name, "--digest", told["digest"], "--by", "bench")
        start = time.monotonic()
        timer = subprocess.Popen([sys.executable, "-P", "-m", "rea.gate", str(state), name], stderr=subprocess.DEVNULL)
        try:
            timer.wait(timeout=dice.uniform(0.02, 0.9) if kills < kills_left else None)
            spans.append(time.monotonic() - start)
        except subprocess.TimeoutExpired:
            for process in wakes(state):  # ours and those that jobs started: whatever is at work now dies now
                process.send_signal(signal.SIGKILL)
                kills += 1
        timer.wait()
        time.sleep(dice.uniform(0.0, 0.2))
    return kills, spans


def check(work: Path) -> tuple[int, int, int, str]:
    """Return what was lost, launched twice and overspent, from the exported events and the jobs' own marks alone."""
    state = work / "state"
    name = json.loads(rea(state, "status", "--json").stdout)["campaign"]
    events = [json.loads(line) for line in rea(state, "query", "events", "-c", name).stdout.splitlines()]
    reserved = {e["event"]["job"]["id"]: e["event"]["job"]["held_ms"] for e in events if e["kind"] == "JobReserved"}
    ended = {e["event"]["job"]: e["event"]["cost_ms"] for e in events if e["kind"] == "JobEnded"}
    granted = max(
        e["event"]["approval"]["granted_ms"] for e in events if e["kind"] in ("ChecklistSigned", "PlanApproved")
    )
    jobs = state / "campaigns" / name / "jobs"
    ran = {
        d.name: len((d / "runs").read_text().splitlines())
        for d in jobs.iterdir()
        if (d / "runs").exists() and d.name in reserved
    }
    lost = len(set(reserved) - set(ended))
    over = sum(min(cost, reserved[job]) for job, cost in ended.items() if job in reserved) > granted
    concluded = any(e["kind"] == "Concluded" for e in events)
    return (
        lost + (not concluded),
        sum(n - 1 for n in ran.values()),
        int(over),
        "" if concluded else rea(state, "why").stdout,
    )


def main() -> int:
    dice, total, all_spans = random.Random(int(os.environ.get("SEED", "1"))), 0, list[float]()
    lost = twice = over = campaigns = 0
    while total < KILLS:
        work = Path(tempfile.mkdtemp(prefix="rea-kills-"))
        kills, spans = run(work, dice, KILLS - total)
        found = check(work)
        total, campaigns, all_spans = total + kills, campaigns + 1, all_spans + spans
        lost, twice, over = lost + found[0], twice + found[1], over + found[2]
        print(
            f"campaign {campaigns}: {kills} kills, {found[0]} lost, {found[1]} launched twice, {found[2]} over budget {found[3]}".rstrip(),
            flush=True,
        )
        shutil.rmtree(work, ignore_errors=True)
        if not kills:
            break
    ordered = sorted(all_spans) or [0.0]
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    print(
        f"durability: {total} kills of real wakes in {campaigns} campaigns, {lost} lost, {twice} duplicated, {over} over budget; "
        f"wake p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms"
    )
    return int(bool(lost or twice or over))


if __name__ == "__main__":
    sys.exit(main())
