"""The language-model layer under broken providers and hostile material, its campaigns again without it, and cheats. QUICK=1: a part of each.

python -m benchmarks.agent.bench
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

from benchmarks.agent import ablation, faults, injections, payloads, replays
from rea.agent.configuration import Output

CHEATS = Path(__file__).with_name("cheats.py")
SHOWN = 20
SEEDS = 6  # campaigns of each arm of the ablation


def main() -> int:
    every = 8 if os.environ.get("QUICK") else 1
    tried = start_cheats()  # beside all else: it mostly waits
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        broken, survived, oversold = measure_faults(pool, every)
        hostile, harmless = measure_injections(pool, every)
        show_ablation(pool, 1 if every > 1 else SEEDS)
    campaigns, same, calls = measure_replays()
    caught, cheats, missed = measure_cheats(tried)
    print(missed)
    print(
        f"agent: {survived}/{broken} faults survived, {harmless}/{hostile} injections harmless, {caught}/{cheats} cheats caught, "
        f"overspend {oversold}, replay {calls} calls"
    )
    good = survived == broken and harmless == hostile and not oversold and same == campaigns and caught == cheats
    return 0 if good else 1


def measure_faults(pool: Executor, every: int) -> tuple[int, int, int]:
    started = time.monotonic()
    kinds = [(f, mode, tokens) for f in faults.FAULTS for mode in Output for tokens in (200_000, faults.SMALL)]
    cases = list(pool.map(faults.case, *zip(*kinds[::every], strict=True)))
    bad = [c for c in cases if c.wrong or c.oversold]
    requests = sum(c.requests for c in cases)
    print(
        f"faults: {len(faults.FAULTS)} kinds in {len(Output)} output modes under a large and a small grant: {len(cases)} campaigns, "
        f"{requests} requests, {time.monotonic() - started:.0f} s"
    )
    show(f"  {c.fault} ({c.mode}): {c.wrong or f'oversold {c.oversold}'}" for c in bad)
    return len(cases), sum(not c.wrong for c in cases), sum(c.oversold for c in cases)


def measure_injections(pool: Executor, every: int) -> tuple[int, int]:
    """Give every payload to the real roles, where each of them meets strangers' words, and to a bare one that is shown them as they are."""
    modes, total, sound = list(Output), 0, 0
    for real in (True, False):
        started = time.monotonic()
        asked = [
            pool.submit(injections.case, p, modes[n % len(modes)], n % 2 == 1, n % injections.IN_FULL == 0, real=real)
            for n, p in enumerate(list(payloads.payloads())[::every])
        ]
        cases = [one.result() for one in asked]
        obeyed = [c for c in cases if c.obeyed]
        print(
            f"injections, {'real roles' if real else 'bare role'}: {len(payloads.GOALS)} goals in {len(payloads.VOICES)} voices in "
            f"{len(payloads.PLACES)} places: {len(cases)} campaigns, the model obeyed in {len(obeyed)}, {time.monotonic() - started:.0f} s"
        )
        show(
            f"  {c.payload.goal.name}, {c.payload.voice}, {c.payload.place}: {c.wrong or 'not obeyed'}"
            for c in cases
            if c.wrong or not c.obeyed
        )
        total, sound = total + len(cases), sound + sum(not c.wrong and c.obeyed for c in cases)
    return total, sound


def measure_replays() -> tuple[int, int, int]:
    cases = replays.run_all()
    decisions = sum(c.decisions for c in cases)
    print(
        f"replay: {len(cases)} campaigns, {decisions} decisions and {sum(c.calls for c in cases)} calls again, none made"
    )
    show(f"  {c.wrong}" for c in cases if c.wrong)
    return len(cases), sum(not c.wrong for c in cases), sum(c.calls for c in cases)


def show_ablation(pool: Executor, seeds: int) -> None:
    """Show what good, useless and harmful proposals come to. Nothing here passes or fails."""
    for budget_s in ablation.BUDGETS_S:
        started = time.monotonic()
        lines = list(ablation.table(pool, seeds, budget_s))
        print(
            f"ablation, scripted models and a simulated workload, {seeds} campaigns of {budget_s:.0f} device-seconds an arm, "
            f"{time.monotonic() - started:.0f} s: true improvement of what was confirmed; verified by each proposer"
        )
        print("\n".join(lines))


def start_cheats() -> "subprocess.Popen[str] | None":
    """Start the part about cheating the judge, which is a program of its own."""
    if not CHEATS.exists():
        return None
    more = (
        "--more",
        str(CHEATS.parent / "second"),
    )  # by somebody who knew how verdicts are reached, not how they are defended
    return subprocess.Popen([sys.executable, str(CHEATS), *more], stdout=subprocess.PIPE, text=True)


def measure_cheats(tried: "subprocess.Popen[str] | None") -> tuple[int, int, str]:
    """Return how many of how many cheats were caught, and the line of misses."""
    if tried is None:
        return 0, 0, "cheats: not measured, benchmarks/agent/cheats.py is absent"
    told = tried.communicate()[0].splitlines()
    print("\n".join(told[:-2]))
    found = re.findall(r"(\d+) of (\d+) cheats caught", told[-1] if told else "")
    if not found:
        return 0, 1, "missed: not known, the part about cheats did not end"
    return int(found[-1][0]), int(found[-1][1]), told[-2] if len(told) > 1 else "missed: not said"


def show(lines: Iterable[str]) -> None:
    told: Sequence[str] = list(lines)
    for line in told[:SHOWN]:
        print(line)
    if len(told) > SHOWN:
        print(f"  and {len(told) - SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
