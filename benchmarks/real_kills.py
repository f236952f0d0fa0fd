"""Real campaigns on the toy while `rea` is killed at random: is anything lost, launched twice, or overspent?

    python benchmarks/real_kills.py        KILLS=50, SEED=1, MINUTES=30 (begin no campaign after that), QUICK=1: a dozen kills, and an early end

Three programs: the agent (woken by its jobs' wrappers, and by us as the timer would), the injector below (SIGKILL to wakes at random
moments of their lives, and now and then to a wrapper), and ``audit.py``, which reads the exported events and the jobs' own marks alone.
A kill counts if it ended a process of a campaign that was not over.
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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from audit import Audit, audit, read_starts  # noqa: E402
from campaigns.toys import Terminal, at_rest, checked, planned, repository  # noqa: E402

from rea.api import deciding, starting  # noqa: E402

QUICK = bool(os.environ.get("QUICK"))
KILLS = int(os.environ.get("KILLS", "12" if QUICK else "50"))
MINUTES = float(os.environ.get("MINUTES", "30"))
SHARE, WRAPPERS = 0.7, 0.05  # of wakes and of wrappers that are to die
OLDEST_S = 1.2  # how old a wake gets at most that is to die
LOOK_S, TIMER_S, IDLE_S = 0.04, 0.4, 4.0
LONGEST_S = 900.0  # killed again and again on a busy machine, a minute's campaign takes ten


@dataclass(slots=True)
class Injector:
    """Sends SIGKILL to what works on one campaign. ``doomed`` says when each process is to die; None: it is spared."""

    terminal: Terminal
    dice: random.Random
    kills_left: int
    kills: int = 0
    wrappers: int = 0
    doomed: dict[tuple[int, bool], float | None] = field(default_factory=dict)
    born: dict[tuple[int, bool], float] = field(default_factory=dict)
    others: set[int] = field(default_factory=lambda: set(psutil.pids()))  # what ran before is none of ours
    spans: list[float] = field(default_factory=list)
    quiet_since: float = field(default_factory=time.monotonic)
    called: float = 0.0
    timers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self) -> None:
        """See one campaign to its end."""
        began = looked = time.monotonic()
        while (now := time.monotonic()) - began < LONGEST_S:
            self._shoot(now)
            if now - looked > 0.5:
                looked = now
                c = self.terminal.state
                if at_rest(c):
                    break
                self._decide(c)
            self._as_the_timer_would(now)
            time.sleep(LOOK_S)
        for timer in self.timers:
            timer.wait()

    def _decide(self, c) -> None:  # type: ignore[no-untyped-def]
        log, name = self.terminal.log, self.terminal.campaign
        waits = c.checklist if c.signed is None else c.plan if planned(c) else None
        if waits is not None:
            deciding.approve(log, name, c, waits.digest, "bench")
            self._call(str(name))
        if QUICK and self.kills_left <= 0 and c.approved and ("finish", "") not in c.steered:
            deciding.steer(log, name, c, "finish", "", "bench")

    def _shoot(self, now: float) -> None:
        seen = dict(self._ours())
        for (pid, wake), process in seen.items():
            if (pid, wake) not in self.doomed:
                self.doomed[pid, wake], self.born[pid, wake] = self._fate(now, wake), now
            dies = self.doomed[pid, wake]
            if dies is not None and now >= dies and self.kills_left > 0 and _alive(process):
                self._kill(process, not wake)
            if wake:
                self.quiet_since = now
        for key in set(self.born) - set(seen):
            if self.doomed.pop(key) is None and key[1]:
                self.spans.append(now - self.born[key])
            del self.born[key]

    def _ours(self) -> Iterator[tuple[tuple[int, bool], psutil.Process]]:
        """Yield the wakes (True) and wrappers (False) of this state; a wrapper becomes a wake under the same pid."""
        named = str(self.terminal.config.state)
        for pid in set(psutil.pids()) - self.others:
            try:
                process = psutil.Process(pid)
                words = process.cmdline()
            except psutil.Error:
                continue
            wrapper = any(w.endswith("wrapper.sh") for w in words)
            if any(named in w for w in words) and (wrapper or "rea.gate" in words):
                yield (pid, not wrapper), process

    def _fate(self, now: float, wake: bool) -> float | None:
        if self.dice.random() > (SHARE if wake else WRAPPERS):
            return None
        return now + self.dice.uniform(0.0, OLDEST_S if wake else 0.2)

    def _kill(self, process: psutil.Process, wrapper: bool) -> None:
        if at_rest(self.terminal.state):
            return
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            return
        self.kills, self.kills_left, self.wrappers = self.kills + 1, self.kills_left - 1, self.wrappers + wrapper

    def _as_the_timer_would(self, now: float) -> None:
        """Look at what is owed; after a long silence knock by name, as a person would, so that nobody waits for a limit."""
        if now - self.quiet_since > IDLE_S:
            self.quiet_since = now
            self._call(str(self.terminal.campaign))
        elif now - self.quiet_since > TIMER_S and now - self.called > TIMER_S:
            self._call("--due")

    def _call(self, word: str) -> None:
        self.called = time.monotonic()
        self.timers = [t for t in self.timers if t.poll() is None]
        argv = (sys.executable, "-P", "-m", "rea.gate", str(self.terminal.config.state), word)
        self.timers.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def examine(terminal: Terminal) -> Audit:
    """Have the campaign exported by the program itself, and judge the export."""
    argv = (sys.executable, "-P", "-m", "rea.cli", "query", "events", "-c", terminal.campaign)
    state = ("--state", str(terminal.config.state))
    lines = subprocess.run((*argv, *state), check=True, capture_output=True, text=True).stdout.splitlines()
    return audit([json.loads(line) for line in lines], read_starts(terminal.jobs))


def main() -> int:
    dice, total, wrappers, spans = random.Random(int(os.environ.get("SEED", "1"))), 0, 0, list[float]()
    lost = twice = over = campaigns = 0
    began = time.monotonic()
    while total < KILLS and campaigns < KILLS and time.monotonic() - began < 60 * MINUTES:
        work = Path(tempfile.mkdtemp(prefix="rea-kills-"))
        terminal = checked(repository(work / "toy"), work / "state")
        starting.prepare(terminal.config)
        injector = Injector(terminal, dice, KILLS - total)
        injector.run()
        found = examine(terminal)
        total, wrappers, campaigns = total + injector.kills, wrappers + injector.wrappers, campaigns + 1
        lost, twice, over = lost + len(found.lost), twice + len(found.duplicated), over + len(found.over_budget)
        spans += injector.spans
        c = terminal.state
        print(
            f"campaign {campaigns}: {injector.kills} kills, {len(c.jobs)} jobs, {c.proposal.outcome if c.proposal else c.paused}",
            flush=True,
        )
        print(
            *(f"  {wrong}\n" for wrong in (*found.lost, *found.duplicated, *found.over_budget)),
            sep="",
            end="",
            flush=True,
        )
        if not found.clean or not injector.kills:
            print(f"  kept for a look: {work}")
            break
        shutil.rmtree(work, ignore_errors=True)
    ordered = sorted(spans) or [0.0]
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    print(
        json.dumps(
            {"kills": total, "campaigns": campaigns, "lost": lost, "duplicated": twice, "over": over, "spans": ordered}
        )
    )
    print(
        f"real processes: {total} kills ({total - wrappers} of wakes, {wrappers} of wrappers) in {campaigns} campaigns, "
        f"{lost} lost, {twice} duplicated, {over} over budget; wakes left alone took {1000 * p50:.0f} ms p50, {1000 * p99:.0f} ms p99"
    )
    return int(bool(lost or twice or over))


if __name__ == "__main__":
    sys.exit(main())
