"""The first workload.toml of a repository: what can be read off it without running it, the rest marked for a person."""

from rea.executor.initial.agents import write_agents
from rea.executor.initial.example import example
from rea.executor.initial.initial import initial, write_initial

__all__ = ["example", "initial", "write_agents", "write_initial"]
