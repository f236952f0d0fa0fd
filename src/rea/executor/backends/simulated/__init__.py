"""A cluster that runs on virtual time: the same port as the real ones, whole campaigns in milliseconds."""

from rea.executor.backends.simulated.backend import Run, SimulatedBackend

__all__ = ["Run", "SimulatedBackend"]
