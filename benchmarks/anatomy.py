"""Do the intervals of leave-one-out, of pairs and of what shared runs tell hold as often as they say? Simulated campaigns with a known truth.

``python -m benchmarks.anatomy [campaigns]``; QUICK=1 for a few.
"""

import os
import sys
from collections import Counter

from benchmarks.rehearsal import SETTINGS, holds, world
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, override
from rea.planner.ablation import anatomy, removed, shared
from rea.planner.phases.exploitation import full_arms
from rea.testing.simulation import World


def count(w: World, c: Campaign, found: Counter[str]) -> None:
    """Add how many intervals there were and how many held."""
    best = next((arm.change for arm in full_arms(c)), BASELINE)
    told = anatomy(c, best)
    for part in told.parts if told else ():
        held = holds(part.adds, w.truth.effect(best) - w.truth.effect(removed(best, part.part)))
        found.update(parts=1, parts_held=held, carries=part.says == "carries")
    for pair in told.pairs if told else ():
        both, apart = override(pair.first, pair.second), w.truth.effect(pair.first) + w.truth.effect(pair.second)
        found.update(
            pairs=1, pairs_held=holds(pair.beyond, w.truth.effect(both) - apart), named=pair.kind != "additive"
        )
    for s in shared(c):
        true = w.truth.effect(c.hypotheses[s.hypothesis].change)
        found.update(shared=1, shared_held=holds(s.believed, true), raw_held=holds(s.raw, true))


def main() -> None:
    campaigns = int(sys.argv[1]) if len(sys.argv) > 1 else 4 if os.environ.get("QUICK") == "1" else 60
    for setting in SETTINGS:
        found: Counter[str] = Counter()
        for seed in range(campaigns):
            w = world(setting, 1000 + seed)
            count(w, w.run(), found)
        parts, pairs, members = (max(1, found[name]) for name in ("parts", "pairs", "shared"))
        print(
            f"{setting.name:<14} 95 % intervals hold: leave-one-out {found['parts_held'] / parts:.2f} of {found['parts']}, "
            f"pairs {found['pairs_held'] / pairs:.2f} of {found['pairs']} ({found['named']} named), shared runs "
            f"{found['shared_held'] / members:.2f} believed and {found['raw_held'] / members:.2f} raw of {found['shared']}",
            flush=True,
        )


if __name__ == "__main__":
    main()
