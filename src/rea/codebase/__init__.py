"""A workload's code at one commit, to be outlined, searched and read, page by page and only where that is allowed. Nothing here writes."""
