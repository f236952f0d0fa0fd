"""The loop: fold the journal, decide, pass the one door, act, forget."""
