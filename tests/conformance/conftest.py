from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from store.postgres.conftest import NUMBERS, running
from store.postgres.server import USER, Server

__all__ = ["running"]


@pytest.fixture
def urls(running: Server) -> Callable[[], str]:
    """Return what makes databases of their own on a running server; skips loudly where none is installed."""

    def another() -> str:
        name = f"suite_{next(NUMBERS)}"
        driver = running.url.replace("postgresql:", "postgresql+psycopg:")
        admin = create_engine(driver, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return f"postgresql://{USER}@/{name}?host={running.folder}"

    return another
