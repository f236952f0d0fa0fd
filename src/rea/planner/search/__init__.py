"""How the best change so far is refined: a maintained optimiser as a function of history."""
