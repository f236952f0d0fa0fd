"""One database and its transactions; what depends on the kind of database lies in its dialect."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, exc

from rea.domain.errors import OverBudget, ReaError, StoreError
from rea.store import migrations, schema


class Dialect(Protocol):
    """What a kind of database does in its own way. ``shared``: processes of other machines use it too."""

    name: str
    shared: bool

    def engine(self) -> Engine: ...
    def prepare(self) -> None: ...
    def begin_write(self, connection: Connection) -> None: ...
    def back_up(self, version: int) -> None: ...
    def named(self, said: str) -> StoreError: ...
    def now(self, connection: Connection) -> float: ...


class Database:
    """A SQLite file, or a PostgreSQL database by URL. Nothing stays open between two transactions, so that no job inherits a handle on it."""

    def __init__(self, place: Path | str, *, busy_timeout_s: float = 30.0) -> None:
        """Open the database at ``place``, creating or migrating it first.

        Raises:
            StoreError: it cannot be opened, is locked, or was made by a newer program.
            UsageError: a URL that is of no known kind, or that holds a password.
        """
        self.dialect = _dialect(place, busy_timeout_s)
        self._engine = self.dialect.engine()
        with self._named():
            self.dialect.prepare()
        with self.read() as connection:
            current = migrations.schema_version(connection) == schema.VERSION
        if not current:
            with self.write() as connection:
                migrations.migrate(connection, self.dialect.back_up)

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.dialect.name)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database throughout."""
        with self._named(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the one connection that may write; all of what it wrote is kept, durably, or nothing.

        Raises:
            StoreError: someone else writes for longer than the busy timeout, or the database cannot be written.
            OverBudget: the ledger's CHECK refused.
        """
        with self._named(), self._engine.connect() as connection:
            connection = connection.execution_options(rea_write=True)
            with connection.begin():
                self.dialect.begin_write(connection)
                yield connection

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn what the driver raises into what a reader can act on."""
        try:
            yield
        except exc.DBAPIError as error:
            raise self._refusal(str(error.orig)) from error
        except OSError as error:
            text = f"{self.dialect.name} cannot be opened: {error.strerror}"
            raise StoreError(text, "check the path and its permissions") from error

    def _refusal(self, said: str) -> ReaError:
        if schema.WITHIN_GRANT in said:
            return OverBudget("the approved budget does not cover it; nothing was recorded", "approve a larger budget")
        if schema.WITHIN_ALLOWANCE in said:
            return OverBudget("what was approved for language models does not cover it", "the campaign goes on without")
        return self.dialect.named(said)


def _dialect(place: Path | str, busy_timeout_s: float) -> Dialect:
    if isinstance(place, Path):
        from rea.store.sqlite import Sqlite

        return Sqlite(place, busy_timeout_s)
    from rea.store.postgres import Postgres

    return Postgres(place, busy_timeout_s)
