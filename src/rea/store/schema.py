"""The tables. Portable between SQLite and PostgreSQL; the names of constraints are part of the contract."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 3
"""Of the schema: migrations lead from every earlier one to this."""

WITHIN_GRANT = "ledger_within_grant"
WITHIN_ALLOWANCE = "calls_within_grant"

metadata = MetaData()

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Integer, nullable=False))

streams = Table(
    "streams",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("opened", Text, nullable=False),
    Column("length", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("v", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("stream", "key", name="event_once"),
    UniqueConstraint("stream", "seq", name="event_in_place"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("stream", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False, default=0) for name in ("granted", "held", "spent", "overrun")),
    CheckConstraint("held >= 0 AND spent >= 0 AND held + spent <= granted", name=WITHIN_GRANT),
)

holds = Table(
    "holds",
    metadata,
    Column("stream", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("held", BigInteger, nullable=False),
    PrimaryKeyConstraint("stream", "job"),
)

allowances = Table(
    "allowances",
    metadata,
    Column("stream", Text, nullable=False),
    Column("unit", Text, nullable=False),  # tokens, or micros: millionths of money
    *(Column(name, BigInteger, nullable=False, default=0) for name in ("granted", "held", "spent", "overrun")),
    PrimaryKeyConstraint("stream", "unit"),
    CheckConstraint("held >= 0 AND spent >= 0 AND held + spent <= granted", name=WITHIN_ALLOWANCE),
)
"""What language models may cost, beside the ledger of device time: a row a unit."""

call_holds = Table(
    "call_holds",
    metadata,
    Column("stream", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("stream", "call"),
)

openings = Table(
    "openings",
    metadata,
    Column("data", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("alpha", Float, nullable=False),
    PrimaryKeyConstraint("data", "stream"),
)

insights = Table(
    "insights",
    metadata,
    Column("id", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("technique", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("v", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    Index("insights_by_roles", "roles"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("after", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    PrimaryKeyConstraint("stream", "version"),
)

leases = Table(
    "leases",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires", Float, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("entry", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("replicate", Text, nullable=False),
    Column("agrees", Integer, nullable=False),
    PrimaryKeyConstraint("entry", "stream", "seq"),
)

PROJECTIONS = (ledger, holds, allowances, call_holds, openings, verdicts)
"""Everything but events, streams and insights that says something; all of it follows from the events."""
