"""Was anything lost, launched twice or overspent in these campaigns? Read from each one's database and its cluster's log, and nothing else.

    python benchmarks/audit_stores.py DIR...        DIR holds store.db, cluster.log and, where the course is settled, the folder it has to be ``like``

Of the program it judges it imports nothing; the rules about events are those of ``audit.py``. Prints what is wrong as JSON.
"""

import hashlib
import json
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from audit import Audit, Event, audit

RECORD_BYTES = 512
Launch = dict[str, Any]  # one record of the cluster's log


def audit_directory(directory: Path) -> Audit:
    """Judge one campaign that should be over."""
    found = Audit()
    try:
        rows, ledger = read_store(directory / "store.db")
    except sqlite3.Error as error:
        found.lost.append(f"the journal cannot be read: {error}")
        return found
    events = [{**row, "event": json.loads(row["payload"])} for row in rows]
    launches, cancels = read_cluster(directory / "cluster.log")
    base = audit_history(events, launches, cancels)
    found.lost.extend((*base.lost, *_unchained(rows), *_unlike(directory, events)))
    found.duplicated.extend(base.duplicated)
    found.over_budget.extend((*base.over_budget, *_ledger_disagrees(events, ledger)))
    return found


def audit_history(events: list[Event], launches: list[Launch], cancels: dict[str, float]) -> Audit:
    """Judge a history beside what its cluster launched, in order, and when it was first told to end what."""
    found = audit(events, dict(Counter(told["launch"] for told in launches)))
    found.duplicated.extend(_side_by_side(launches, cancels))
    found.over_budget.extend((*_unannounced(events, launches), *_misbooked(events, launches)))
    found.over_budget.extend(_while_it_stands_still(events))
    return found


def read_store(path: Path) -> tuple[list[dict[str, Any]], tuple[int, ...]]:
    """Return the rows of the journal in order, and the ledger's row (granted, held, spent, overrun)."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM events ORDER BY seq")]
        ledger = connection.execute("SELECT granted, held, spent, overrun FROM ledger").fetchone()
    return rows, tuple(ledger) if ledger else (0, 0, 0, 0)


def read_cluster(log: Path) -> tuple[list[Launch], dict[str, float]]:
    """Return what the cluster launched, in order, and when (virtual seconds) it was first told to end what."""
    text = log.read_text() if log.exists() else ""
    records = [json.loads(text[at : at + RECORD_BYTES]) for at in range(0, len(text), RECORD_BYTES)]
    cancels: dict[str, float] = {}
    for told in records:
        if "cancel" in told:
            cancels.setdefault(told["cancel"], told["at"])
    return [told for told in records if "launch" in told], cancels


def _unchained(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Recompute the hash chain, in this program's own words."""
    previous = ""
    for row in rows:
        told = (previous, row["stream"], str(row["seq"]), row["at"], row["key"], row["kind"], str(row["v"]))
        head = "".join(f"{len(part)}:{part}" for part in told)
        payload = row["payload"] if isinstance(row["payload"], bytes) else row["payload"].encode()
        if row["hash"] != hashlib.sha256((head + hashlib.sha256(payload).hexdigest()).encode()).hexdigest():
            yield f"event {row['seq']} is not what its hash says"
        previous = row["hash"]


def _unlike(directory: Path, events: list[Event]) -> Iterator[str]:
    """Killed anywhere, it ends the same: nothing is missing and nothing added beside the campaign that was left alone."""
    if not (directory / "like").exists():
        return
    rows, _ = read_store(directory / "like" / "store.db")
    expected, here = {row["key"] for row in rows}, {event["key"] for event in events}
    yield from (f"{key} was recorded when nobody was killed, and is missing" for key in sorted(expected - here)[:3])
    yield from (f"{key} was recorded, and is not when nobody is killed" for key in sorted(here - expected)[:3])


def _side_by_side(launches: list[Launch], cancels: dict[str, float]) -> Iterator[str]:
    """Two attempts at one replicate may follow each other, never run at one time."""
    spans: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for told in launches:
        end = min(told["at"] + told["seconds"], cancels.get(told["launch"], float("inf")))
        spans[told["launch"].rpartition(".")[0]].append((told["at"], end, told["launch"]))
    for ran in spans.values():
        ran.sort()
        for (_, end, first), (start, _, second) in pairwise(ran):
            if start < end and first != second:
                yield f"{second} was launched while {first} ran"


def _unannounced(events: list[Event], launches: list[Launch]) -> Iterator[str]:
    """The intent is recorded before the launch; what is beyond calibration waits for the plan's approval."""
    intents = {e["event"]["job"]["id"]: int(e["at"]) for e in events if e["kind"] == "JobReserved"}
    for told in launches:
        if intents.get(told["launch"], 0) > told["wall"]:
            yield f"{told['launch']} was launched before its reservation was recorded"
    approved = False
    for event in events:
        approved = approved or event["kind"] == "PlanApproved"
        if event["kind"] == "JobReserved" and event["event"]["job"]["phase"] != "calibration" and not approved:
            yield f"{event['event']['job']['id']} was reserved before the plan was approved"


def _while_it_stands_still(events: list[Event]) -> Iterator[str]:
    """What a person has stopped, or the agent to wait for one, reserves nothing until it is resumed."""
    still, said = "", set[str]()
    for kind, event in ((e["kind"], e["event"]) for e in events):
        if event.get("command", "") in said:
            continue
        said |= {event["command"]} if "command" in event else set()
        if kind in ("Paused", "Stopped", "Concluded"):
            still = still if still in ("Stopped", "Concluded") else kind
        elif kind == "Resumed" and still == "Paused":
            still = ""
        elif kind == "JobReserved" and still:
            yield f"{event['job']['id']} was reserved after {still}"


def _misbooked(events: list[Event], launches: list[Launch]) -> Iterator[str]:
    """What was booked is what the cluster ran."""
    ran = {told["launch"]: told["seconds"] * 1000 for told in launches}
    for event in (e["event"] for e in events if e["kind"] == "JobEnded"):
        job, cost, state = event["job"], event["cost_ms"], event["status"]["state"]
        if job in ran and state != "cancelled" and abs(cost - ran[job]) > 1:
            yield f"{job} ran for {ran[job]:.0f} ms, and {cost} were booked"


def _ledger_disagrees(events: list[Event], ledger: tuple[int, ...]) -> Iterator[str]:
    """The ledger's row is what the events add up to."""
    holds = {e["event"]["job"]["id"]: e["event"]["job"]["held_ms"] for e in events if e["kind"] == "JobReserved"}
    spent = held = 0
    for event in (e["event"] for e in events if e["kind"] == "JobEnded"):
        spent += min(event["cost_ms"], holds.pop(event["job"], 0))
    held = sum(holds.values())
    if (ledger[1], ledger[2]) != (held, spent):
        yield f"the ledger says {ledger[1]} held and {ledger[2]} spent; the events say {held} and {spent}"
    if ledger[1] + ledger[2] > ledger[0]:
        yield f"the ledger says {ledger[1] + ledger[2]} of {ledger[0]} granted"


def main(argv: list[str]) -> int:
    found = {name: audit_directory(Path(name)) for name in argv}
    wrong = {name: asdict(audit) for name, audit in found.items() if not audit.clean}
    print(json.dumps({"campaigns": len(found), "wrong": wrong}, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
