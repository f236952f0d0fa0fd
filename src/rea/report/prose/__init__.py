"""Prose by a language model, in which every number is checked against the facts that it cites. Marked as what it is."""
