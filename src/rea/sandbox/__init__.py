"""Where code that nobody has vouched for runs: bubblewrap, described as a value and started as an argv."""

from rea.sandbox.box import Box
from rea.sandbox.probe import Probe, probe
from rea.sandbox.run import Done, run

__all__ = ["Box", "Done", "Probe", "probe", "run"]
