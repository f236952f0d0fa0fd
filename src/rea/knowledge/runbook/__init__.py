"""The runbook: one TOML file per known failure. A new entry is a new file, with excerpts that it must and must not match."""
