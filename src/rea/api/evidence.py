"""Evidence from outside: read from a file, checked, kept with its provenance beside the journal. Nothing that decides can see it."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import msgspec

from rea import app
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.hypothesis import Effect
from rea.domain.ids import CampaignId
from rea.domain.outside import PROPOSAL, Note, OnlineKind, OnlineResult, Outside
from rea.settings import Settings

ONLINE, NOTES = "online", "note"
LARGEST_BYTES, MOST_ROWS, LONGEST_TEXT = 5_000_000, 10_000, 2_000


class Row(msgspec.Struct, frozen=True):
    """One row of a file. Numbers may stand as text, as CSV has them."""

    subject: str
    kind: OnlineKind
    metric: str
    effect: float
    low: float
    high: float
    source: str
    level: float = 0.95
    units: int | None = None
    started: str = ""
    ended: str = ""
    note: str = ""


REQUIRED = ("subject", "kind", "metric", "effect", "low", "high", "source")


def add(config: Settings, c: Campaign, path: Path, by: str) -> tuple[int, int]:
    """Keep every row of a CSV or JSON file, or none of them; return how many are new and how many there are.

    Raises:
        UsageError: the file or a row of it cannot be understood, or speaks of nothing in this campaign; the message names the row.
    """
    content = _read(path)
    file, at = hashlib.sha256(content).hexdigest(), _now()
    rows = [_row(raw, f"{path}: row {number}") for number, raw in enumerate(_rows(path, content), 1)]
    results = [_result(row, c, f"{path}: row {number}", by, at, file) for number, row in enumerate(rows, 1)]
    kept = app.aside(config).add(ONLINE, [(r.id, c.id, r) for r in results])
    return len(kept), len(results)


def note(config: Settings, c: Campaign, text: str, subject: str, by: str) -> Note:
    """Keep what an engineer wrote.

    Raises:
        UsageError: it is empty or too long, or about nothing in this campaign.
    """
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise UsageError(f"a note has 1 to {LONGEST_TEXT} characters", 'rea note CAMPAIGN "what you saw"')
    _refuse_unknown(c, subject, "the note") if subject else None
    written = Note(campaign=c.id, text=text.strip(), by=by, at=_now(), subject=subject)
    app.aside(config).once(NOTES, written.id, c.id, written)
    return written


def of(config: Settings, campaign: CampaignId) -> Outside:
    """Return everything from outside about a campaign, the oldest first."""
    kept = app.aside(config)
    return Outside(results=kept.all(ONLINE, OnlineResult, campaign), notes=kept.all(NOTES, Note, campaign))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path} has more than {LARGEST_BYTES} bytes", "one row a metric of a test is enough")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "name a .csv or .json file") from error


def _rows(path: Path, content: bytes) -> Sequence[Mapping[str, object]]:
    try:
        text = content.decode("utf-8-sig")
        found = json.loads(text) if path.suffix == ".json" else list(csv.DictReader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, ValueError, csv.Error, RecursionError) as error:
        raise UsageError(f"{path}: {error}", "write CSV with a header, or a JSON list of objects, in UTF-8") from error
    if not isinstance(found, list) or not all(isinstance(x, dict) for x in found) or not 0 < len(found) <= MOST_ROWS:
        raise UsageError(
            f"{path} holds no list of 1 to {MOST_ROWS} rows", f"columns: {', '.join(Row.__struct_fields__)}"
        )
    return found


def _row(raw: Mapping[str, object], place: str) -> Row:
    known = Row.__struct_fields__
    for key in raw:
        if key not in known:
            near = get_close_matches(str(key), known, n=1, cutoff=0.0)[0]
            raise UsageError(f"{place}: unknown column {str(key)[:80]!r}", f"the nearest known one is {near!r}")
    given = {k: v for k, v in raw.items() if v not in ("", None)}
    missing = [k for k in REQUIRED if k not in given]
    if missing:
        raise UsageError(f"{place}: {', '.join(missing)} is missing", f"needed: {', '.join(REQUIRED)}")
    try:
        return msgspec.convert(given, Row, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{place}: {error}", "effect, low and high are shares, such as 0.004; kind is ab_test or shadow"
        ) from error


def _result(row: Row, c: Campaign, place: str, by: str, at: str, file: str) -> OnlineResult:
    if not -1 <= row.low <= row.effect <= row.high <= 10 or not 0.5 <= row.level < 1:  # NaN fails this too
        raise UsageError(f"{place}: low <= effect <= high are relative improvements, level a share", "0.004, not 0.4 %")
    if row.units is not None and row.units < 1:
        raise UsageError(f"{place}: {row.units} units were randomised", "leave it out where it is not known")
    if max(map(len, (row.metric, row.source, row.note, row.started, row.ended))) > LONGEST_TEXT:
        raise UsageError(f"{place}: a text is longer than {LONGEST_TEXT} characters", "name where it can be read")
    _refuse_unknown(c, row.subject, place)
    effect = Effect(value=row.effect, low=row.low, high=row.high)
    return OnlineResult(
        campaign=c.id,
        subject=row.subject,
        kind=row.kind,
        metric=row.metric,
        effect=effect,
        source=row.source,
        by=by,
        at=at,
        file=file,
        level=row.level,
        units=row.units,
        started=row.started,
        ended=row.ended,
        note=row.note,
    )


def _refuse_unknown(c: Campaign, subject: str, place: str) -> None:
    proposed = subject == PROPOSAL and c.proposal is not None and c.proposal.finding is not None
    if not proposed and subject not in c.hypotheses and subject not in c.experiments:
        hint = "ids stand in rea query hypotheses and rea query experiments; or write proposal, once there is one"
        raise UsageError(f"{place}: nothing in {c.id} is called {subject[:80]!r}", hint)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
