"""PostgreSQL: the store of a team, which several machines use at once. Needs the extra ``postgres``."""

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from rea.domain.errors import StoreError, UsageError

WRITER = 0x7265615F  # of the advisory lock: one writer at a time, as with SQLite, so that one set of rules serves both
CONNECT_S = 10
SECRETS = {"password", "sslpassword"}  # libpq takes them as parameters too


class Postgres:
    """The database at a URL without a password, such as ``postgresql://ann@db.example.org/rea``."""

    shared = True

    def __init__(self, url: str, busy_timeout_s: float) -> None:
        self._url, self._busy_timeout_s = _checked(url), busy_timeout_s
        self.name = self._url.render_as_string(hide_password=True)

    def engine(self) -> Engine:
        """Return an engine. Reads see one state throughout; a write sees what the writer before it has committed."""
        arguments = {"connect_timeout": CONNECT_S, "application_name": "rea"}
        try:
            engine = create_engine(self._url, poolclass=NullPool, connect_args=arguments)
        except ModuleNotFoundError as missing:
            raise UsageError(
                f"{self.name} needs {missing.name}", "pip install 'ranking-engineer-agent[postgres]'"
            ) from missing

        @event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            if not connection.get_execution_options().get("rea_write", False):
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        return engine

    def prepare(self) -> None:
        """Nothing: the database was made by whoever runs the server."""

    def begin_write(self, connection: Connection) -> None:
        """Wait for the writer before; it is let go with the transaction, or with the connection."""
        connection.execute(text(f"SET LOCAL lock_timeout = '{round(self._busy_timeout_s * 1000)}ms'"))
        connection.execute(text("SET LOCAL synchronous_commit = on"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER})

    def back_up(self, version: int) -> None:
        """Nothing: a migration is one transaction, and backups of a server are its keeper's."""

    def named(self, said: str) -> StoreError:
        """Return what to tell a person about a refusal."""
        for symptom, what, hint in _SYMPTOMS:
            if symptom in said:
                return StoreError(f"{self.name} {what.format(wait=self._busy_timeout_s)}", hint)
        return StoreError(f"{self.name}: {said.strip()}", "nothing is known to be written; it is tried again")

    def now(self, connection: Connection) -> float:
        """Return the time in Unix seconds, by the server's clock, which is the same for every machine."""
        return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0.0)


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as wrong:
        raise UsageError("REA_STORE is no URL", "write postgresql://USER@HOST/DATABASE") from wrong
    if parsed.get_backend_name() != "postgresql":
        raise UsageError(f"no store of kind {parsed.get_backend_name()}", "write postgresql://USER@HOST/DATABASE")
    if parsed.password is not None or SECRETS & set(parsed.query):
        raise UsageError("REA_STORE holds a password", "put it into ~/.pgpass (mode 0600) and leave it out of the URL")
    return parsed.set(drivername="postgresql+psycopg")


_SYMPTOMS = (
    ("lock timeout", "is being written by another process for more than {wait:g} s", "try again"),
    ("password", "refuses the user or the password", "put the password into ~/.pgpass (mode 0600)"),
    ("does not exist", "does not exist", "create the database and the user: createuser NAME; createdb -O NAME rea"),
    ("permission denied", "does not let this user write", "grant the user the schema"),
    ("read-only", "is read-only", "write to the primary server"),
    ("connection", "cannot be reached", "nothing is lost; it is tried again"),
)
