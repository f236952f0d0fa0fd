"""Where jobs run: one folder each."""
