"""workload.toml: what it may say, whether it says it right, and the typed value that the rest of the program reads."""

from rea.executor.workload.parse import FILE, load, parse
from rea.executor.workload.schema import schema

__all__ = ["FILE", "load", "parse", "schema"]
