"""What was learnt, over all campaigns, where later campaigns look for it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, func, literal, select

from rea.domain.errors import IntegrityError, StoreError
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, Move
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Prior, Setting
from rea.store import codec
from rea.store.database import Database
from rea.store.likeness import roles_of
from rea.store.prior import prior_from
from rea.store.schema import insights as table


class SqlInsights:
    """The ``Insights`` port over a database. ``now`` tells the time, ISO 8601, from which the age of evidence counts."""

    def __init__(self, database: Database, now: Callable[[], str] = lambda: datetime.now(UTC).isoformat()) -> None:
        self._database = database
        self._now = now

    def add(self, insights: Sequence[Insight]) -> None:
        """Keep what is not kept yet. Raises StoreError when one could not be read back; then none is kept."""
        rows = _by_id(reversed(insights))
        with self._database.write() as connection:
            known = set(connection.scalars(select(table.c.id)))
            fresh = [row for name, row in reversed(rows.items()) if name not in known]
            if fresh:
                connection.execute(table.insert(), fresh)

    def replace(self, campaign: CampaignId, insights: Sequence[Insight]) -> None:
        """Keep ``insights`` instead of all that an earlier import of the same name brought.

        Raises:
            StoreError: one could not be read back, or is of another name, or the name is a campaign's; then nothing has changed.
        """
        if not campaign.startswith("import-") or any(i.campaign != campaign for i in insights):
            raise StoreError(f"{campaign} is no import, or not of all that is to be kept", "only imports are replaced")
        rows = _by_id(insights)
        with self._database.write() as connection:
            connection.execute(table.delete().where(table.c.campaign == campaign))
            if rows:
                connection.execute(table.insert(), list(rows.values()))

    def all(self) -> Sequence[Insight]:
        """Return every insight, the oldest first. Raises IntegrityError when one is not what was written."""
        return self._read(_select())

    def prior(self, moves: Sequence[Move], setting: Setting, expected: Effect | None = None) -> Prior | None:
        """Return what history says ``moves`` will do in ``setting``, or None when it says nothing."""
        told = self._read(_select(table.c.roles == roles_of(moves)))
        return prior_from(told, moves, setting, expected, self._now())

    def find(
        self,
        text: str = "",
        *,
        technique: str = "",
        verdict: Verdict | None = None,
        campaign: CampaignId | None = None,
    ) -> Sequence[Insight]:
        """Return the insights, oldest first, that hold every word of ``text`` and are of this technique (one of
        those that were stacked counts), verdict and campaign."""
        wanted = [func.lower(table.c.words).contains(word, autoescape=True) for word in text.lower().split()]
        if technique:
            named = literal(" + ") + table.c.technique + literal(" + ")
            wanted.append(named.contains(f" + {technique} + ", autoescape=True))
        if verdict is not None:
            wanted.append(table.c.verdict == verdict.value)
        if campaign is not None:
            wanted.append(table.c.campaign == campaign)
        return self._read(_select(*wanted))

    def missing(self, named: Sequence[Digest]) -> Sequence[Digest]:
        """Return those of ``named`` that are not kept."""
        with self._database.read() as connection:
            known = set(connection.scalars(select(table.c.id)))
        return tuple(name for name in named if name not in known)

    def _read(self, query: "Select[str, int, bytes, str]") -> Sequence[Insight]:
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(_insight(*row) for row in rows)


def _select(*wanted: ColumnElement[bool]) -> "Select[str, int, bytes, str]":
    columns = select(table.c.id, table.c.v, table.c.payload, table.c.digest)
    return columns.where(*wanted).order_by(table.c.at, table.c.id)


def _by_id(insights: Iterable[Insight]) -> dict[str | int | bytes, dict[str, str | int | bytes]]:
    """Return the row of each insight under its name, which takes as long to reckon as the row; of two with one name the later."""
    return {row["id"]: row for row in map(_row, insights)}


def _row(insight: Insight) -> dict[str, str | int | bytes]:
    payload = codec.encode_insight(insight)
    said = (insight.change, insight.technique, insight.reason, insight.verdict, *map(str, insight.moves))
    return {
        "id": insight.id,
        "campaign": insight.campaign,
        "roles": roles_of(insight.moves),
        "technique": insight.technique,
        "verdict": insight.verdict.value,
        "at": insight.at,
        "words": " ".join((*said, insight.setting.workload, insight.setting.model)).lower(),
        "v": codec.VERSION,
        "payload": payload,
        "digest": codec.sha256(payload),
    }


def _insight(name: str, v: int, payload: bytes, digest: str) -> Insight:
    if codec.sha256(payload) != digest:
        raise IntegrityError(f"insight {name} is not what was written", "restore the database from a backup")
    return codec.decode_insight(payload, v)
