"""Deterministic simulation: from each seed one whole campaign, its truth, its cluster's moods, its people and its deaths, judged by a checker apart.

    SEEDS=2000 python benchmarks/seeds.py [--first 0] [--workers 2] [--plants [BUG ...]]       a night: SEEDS=100000

A seed that fails is printed with what was drawn from it. At the end: how often each kind of event happened, for a generator that misses some
proves little. With ``--plants`` one guard of the agent after another is taken away, and seeds are tried until one names that bug.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from plants import IN_SEEDS
from seeded import Found, live

SHOWN = 10
MOST_TRIED = 200  # seeds until a planted bug has to be named


def seed_that_names(bug: str, first: int) -> str:
    """Take a guard away in this process, and return the first seed's words for it, from ``first`` on."""
    plant, words = IN_SEEDS[bug]
    plant()
    for seed in range(first, first + MOST_TRIED):
        for told in live(seed).wrong:
            if words in told:
                return told.split(";")[0]
    return ""


def plants(bugs: Sequence[str], first: int) -> int:
    """Print what is said of each planted bug; return how many stay unseen."""
    unseen = 0
    for bug in bugs:
        with ProcessPoolExecutor(1) as fresh:
            told = fresh.submit(seed_that_names, bug, first).result()
        unseen += not told
        print(f"planted: {bug}: {told or 'NOT SEEN'}", flush=True)
    print(f"{len(bugs) - unseen} of {len(bugs)} planted bugs caught", flush=True)
    return unseen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plants", nargs="*", choices=IN_SEEDS, metavar="BUG")
    parser.add_argument("--count", type=int, default=int(os.environ.get("SEEDS", "2000")))
    asked, began = parser.parse_args(), time.monotonic()
    count = asked.count
    total = Found()
    with ProcessPoolExecutor(asked.workers) as pool:
        for found in pool.map(live, range(asked.first, asked.first + count), chunksize=8):
            print(*found.wrong[:SHOWN], sep="\n", end="\n" if found.wrong else "", flush=True)
            total.add(found)
    spent = time.monotonic() - began
    kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(total.events.items(), key=lambda pair: pair[1]))
    print(f"{sum(total.events.values())} events of {len(total.events)} kinds, the rarest first: {kinds}")
    print(
        f"seeds: {count} from {asked.first}, {len(total.wrong)} wrong; {total.deaths} deaths, {total.rests} left to a person, "
        f"{total.days:.0f} simulated days, {total.days / spent * 60:.0f} a minute, {spent:.0f} s"
    )
    unseen = 0 if asked.plants is None else plants(asked.plants or list(IN_SEEDS), asked.first)
    return int(bool(total.wrong or unseen))


if __name__ == "__main__":
    sys.exit(main())
