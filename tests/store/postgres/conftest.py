from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from store.postgres.server import USER, Server, server

NUMBERS = count()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = server(tmp_path_factory.mktemp("postgres"))
    yield made
    made.stop()


@pytest.fixture
def url(running: Server) -> str:
    """A database of its own on the running server."""
    name = f"rea_{next(NUMBERS)}"
    driver = running.url.replace("postgresql:", "postgresql+psycopg:")
    admin = create_engine(driver, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return f"postgresql://{USER}@/{name}?host={running.folder}"
