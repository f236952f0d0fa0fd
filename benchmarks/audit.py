"""Was anything lost, launched twice or overspent? Read from a campaign's exported events and its jobs' own marks, and nothing else.

    rea query events > events.jsonl; python benchmarks/audit.py events.jsonl STATE/campaigns/C/jobs

Of the program it judges it imports nothing. A job's mark is one line in ``jobs/J/starts`` for each time its training began.
"""

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Event = dict[str, Any]  # one line of the export


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong, each in words; nothing where all is well."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    over_budget: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.over_budget)


def audit(events: list[Event], starts: dict[str, int]) -> Audit:
    """Judge a history that should be over."""
    return Audit(list(_lost(events, starts)), list(_duplicated(events, starts)), list(_over_budget(events)))


def read_starts(jobs: Path) -> dict[str, int]:
    """Return how often each job's training began; what ran before the campaign opened (``smoke.*``) does not count."""
    marks = (p for p in jobs.glob("*/starts") if not p.parent.name.startswith("smoke."))
    return {p.parent.name: len(p.read_text().splitlines()) for p in marks}


def _of(events: list[Event], kind: str) -> list[Event]:
    return [e["event"] for e in events if e["kind"] == kind]


def _lost(events: list[Event], starts: dict[str, int]):  # type: ignore[no-untyped-def]
    reserved = {e["job"]["id"] for e in _of(events, "JobReserved")}
    ended = {e["job"]: e["status"]["state"] for e in _of(events, "JobEnded")}
    judged = {e["job"] for kind in ("Measured", "PredictionsRefused") for e in _of(events, kind)}
    yield from (f"{job} was reserved and never ended" for job in sorted(reserved - set(ended)))
    yield from (f"{job} trained and nobody knows of it" for job in sorted(set(starts) - reserved))
    done = {job for job, state in ended.items() if state == "succeeded"}
    yield from (f"{job} succeeded and left no mark of its start" for job in sorted(done - set(starts)))
    yield from (f"{job} succeeded and was never judged" for job in sorted(done - judged))
    if [e["seq"] for e in events] != list(range(1, len(events) + 1)):
        yield "events are missing or out of order"
    if not _of(events, "Concluded"):
        yield "the campaign did not conclude"


def _duplicated(events: list[Event], starts: dict[str, int]):  # type: ignore[no-untyped-def]
    yield from (f"{job} began {n} times" for job, n in sorted(starts.items()) if n > 1)
    for kind, name in (("JobReserved", lambda e: e["job"]["id"]), ("JobEnded", lambda e: e["job"])):
        counted = Counter(name(e) for e in _of(events, kind))
        yield from (f"{kind} was recorded {n} times for {job}" for job, n in counted.items() if n > 1)
    ended = {e["job"]: e["status"]["state"] for e in _of(events, "JobEnded")}
    places = Counter(
        (e["job"]["experiment"], e["job"]["purpose"], e["job"]["index"])
        for e in _of(events, "JobReserved")
        if ended.get(e["job"]["id"]) == "succeeded" and e["job"]["id"] not in _refused(events)
    )
    yield from (f"replicate {place} succeeded {n} times" for place, n in places.items() if n > 1)


def _refused(events: list[Event]) -> set[str]:
    return {e["job"] for e in _of(events, "PredictionsRefused")}


def _over_budget(events: list[Event]):  # type: ignore[no-untyped-def]
    granted, spent, held = 0, 0, dict[str, int]()
    for record in events:
        event = record["event"]
        if record["kind"] in ("ChecklistSigned", "PlanApproved"):
            granted = max(granted, event["approval"]["granted_ms"])  # a grant never shrinks
        elif record["kind"] == "JobReserved":
            held[event["job"]["id"]] = event["job"]["held_ms"]
        elif record["kind"] == "JobEnded":
            held.pop(event["job"], None)
            spent += event["cost_ms"]
        if spent + sum(held.values()) > granted:
            yield f"event {record['seq']}: {spent} ms spent and {sum(held.values())} held of {granted} granted"
    if held:
        yield f"still held at the end: {sum(held.values())} ms"


def main(argv: list[str]) -> int:
    found = audit([json.loads(line) for line in Path(argv[0]).read_text().splitlines()], read_starts(Path(argv[1])))
    for kind, wrongs in (("lost", found.lost), ("duplicated", found.duplicated), ("over budget", found.over_budget)):
        print(f"{kind}: {len(wrongs)}", *wrongs, sep="\n  ")
    return 0 if found.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
