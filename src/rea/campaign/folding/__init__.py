"""What each kind of event does to a campaign, one file a kind."""

from rea.campaign.folding.calling import calling
from rea.campaign.folding.diagnosing import diagnosing
from rea.campaign.folding.judging import judging
from rea.campaign.folding.life import life
from rea.campaign.folding.nodes import nodes
from rea.campaign.folding.patching import patching
from rea.campaign.folding.phases import phases
from rea.campaign.folding.planning import planning
from rea.campaign.folding.running import running
from rea.campaign.folding.setup import setup
from rea.campaign.folding.shadowing import shadowing
from rea.campaign.folding.sharing import sharing

__all__ = [
    "calling",
    "diagnosing",
    "judging",
    "life",
    "nodes",
    "patching",
    "phases",
    "planning",
    "running",
    "setup",
    "shadowing",
    "sharing",
]
