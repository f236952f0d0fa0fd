"""A campaign as a file: JSON lines that another store, or another program, can read.

A head (``format``, ``v``, ``campaign``, ``events``), one line an event, one line an insight, and a foot with the SHA-256 of all before it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rea.domain.errors import IntegrityError, StoreError
from rea.domain.ids import CampaignId
from rea.domain.insight import Insight
from rea.store import codec
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal

FORMAT = "rea-campaign"


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    v: int
    campaign: str
    events: int


class InsightLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: int
    insight: msgspec.Raw


class Foot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sha256: str


def export_campaign(journal: SqlJournal, insights: SqlInsights, campaign: CampaignId) -> Iterator[bytes]:
    """Yield the lines of a campaign's export."""
    recorded = journal.read(campaign)
    head = msgspec.json.encode(Head(FORMAT, codec.VERSION, campaign, len(recorded))) + b"\n"
    seen = hashlib.sha256()
    for line in (head, *codec.to_jsonl(recorded), *map(_line, insights.find(campaign=campaign))):
        seen.update(line)
        yield line
    yield msgspec.json.encode(Foot(seen.hexdigest())) + b"\n"


def import_campaign(journal: SqlJournal, insights: SqlInsights, lines: Iterable[bytes]) -> CampaignId:
    """Add an exported campaign, and return its name. Importing it again changes nothing.

    Raises:
        IntegrityError: the file is not what was exported; nothing was written.
        StoreError: a newer version exported it; nothing was written.
        UsageError: another campaign of this name is here already; nothing was written.
    """
    every = [line.rstrip(b"\n") + b"\n" for line in lines if line.strip()]
    head, body = _opened(every)
    recorded = tuple(codec.from_jsonl(body[: head.events]))
    learnt = tuple(_insight(line) for line in body[head.events :])
    if len(recorded) != head.events:
        raise IntegrityError(f"{head.events} events were exported, and {len(recorded)} are here", _AGAIN)
    campaign = CampaignId(head.campaign)
    journal.restore(campaign, recorded)
    insights.add(learnt)
    return campaign


_AGAIN = "export it again"


def _opened(every: Sequence[bytes]) -> tuple[Head, Sequence[bytes]]:
    """Return the head and the lines between head and foot, after checking all three."""
    if len(every) < 2:
        raise IntegrityError("this is no export of a campaign: head or foot is missing", _AGAIN)
    head = codec.parse(every[0], Head, "the first line")
    if head.format != FORMAT:
        raise IntegrityError(f"this is {head.format!r}, not {FORMAT!r}", "give the file that `rea export` wrote")
    if head.v > codec.VERSION:
        raise StoreError(
            f"exported by a newer version (format {head.v}; this reads up to {codec.VERSION})", "upgrade rea"
        )
    foot = codec.parse(every[-1], Foot, "the last line")
    if hashlib.sha256(b"".join(every[:-1])).hexdigest() != foot.sha256:
        raise IntegrityError("the export was altered, or lines are missing", _AGAIN)
    return head, every[1:-1]


def _line(insight: Insight) -> bytes:
    return msgspec.json.encode(InsightLine(codec.VERSION, msgspec.Raw(codec.encode_insight(insight)))) + b"\n"


def _insight(line: bytes) -> Insight:
    read = codec.parse(line, InsightLine, "an insight")
    return codec.decode_insight(bytes(read.insight), read.v)
