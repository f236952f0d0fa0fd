"""The language-model layer under broken providers and hostile material, its campaigns again without it, and cheats. QUICK=1: a part of each.

python -m benchmarks.agent.bench
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.agent import ablation, faults, injections, payloads, replays
from rea.agent.configuration import Output

CHEATS = Path(__file__).with_name("cheats.py")
SHOWN = 20
SEEDS = 6  # campaigns of each arm of the ablation


def main() -> int:
    every = 8 if os.environ.get("QUICK") else 1
    broken, survived, oversold = measure_faults(every)
    hostile, harmless = measure_injections(every)
    campaigns, same, calls = measure_replays()
    show_ablation(1 if every > 1 else SEEDS)
    caught, cheats, missed = measure_cheats()
    print(missed)
    print(
        f"agent: {survived}/{broken} faults survived, {harmless}/{hostile} injections harmless, {caught}/{cheats} cheats caught, "
        f"overspend {oversold}, replay {calls} calls"
    )
    good = survived == broken and harmless == hostile and not oversold and same == campaigns and caught == cheats
    return 0 if good else 1


def measure_faults(every: int) -> tuple[int, int, int]:
    started = time.monotonic()
    kinds = [(f, mode, tokens) for f in faults.FAULTS for mode in Output for tokens in (200_000, faults.SMALL)]
    cases = [faults.case(*kind) for kind in kinds[::every]]
    bad = [c for c in cases if c.wrong or c.oversold]
    requests = sum(c.requests for c in cases)
    print(
        f"faults: {len(faults.FAULTS)} kinds in {len(Output)} output modes under a large and a small grant: {len(cases)} campaigns, "
        f"{requests} requests, {time.monotonic() - started:.0f} s"
    )
    show(f"  {c.fault} ({c.mode}): {c.wrong or f'oversold {c.oversold}'}" for c in bad)
    return len(cases), sum(not c.wrong for c in cases), sum(c.oversold for c in cases)


def measure_injections(every: int) -> tuple[int, int]:
    """Give every payload to the real roles, where each of them meets strangers' words, and to a bare one that is shown them as they are."""
    modes, total, sound = list(Output), 0, 0
    for real in (True, False):
        started = time.monotonic()
        cases = [
            injections.case(p, modes[n % len(modes)], n % 2 == 1, n % injections.IN_FULL == 0, real=real)
            for n, p in enumerate(list(payloads.payloads())[::every])
        ]
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


def show_ablation(seeds: int) -> None:
    """Show what good, useless and harmful proposals come to. Nothing here passes or fails."""
    for budget_s in ablation.BUDGETS_S:
        started = time.monotonic()
        lines = list(ablation.table(seeds, budget_s))
        print(
            f"ablation, scripted models and a simulated workload, {seeds} campaigns of {budget_s:.0f} device-seconds an arm, "
            f"{time.monotonic() - started:.0f} s: true improvement of what was confirmed; verified by each proposer"
        )
        print("\n".join(lines))


def measure_cheats() -> tuple[int, int, str]:
    """Run the part about cheating the judge, which is a program of its own; return how many of how many were caught, and the line of misses."""
    if not CHEATS.exists():
        return 0, 0, "cheats: not measured, benchmarks/agent/cheats.py is absent"
    more = (
        "--more",
        str(CHEATS.parent / "second"),
    )  # by somebody who knew how verdicts are reached, not how they are defended
    done = subprocess.run([sys.executable, str(CHEATS), *more], stdout=subprocess.PIPE, text=True, check=False)
    told = done.stdout.splitlines()
    print("\n".join(told[:-2]))
    found = re.findall(r"(\d+) of (\d+) cheats caught", done.stdout)
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
