"""What the planner finds against what an engineer and the usual optimisers find, at the same compute."""
