"""Knowledge in words, for people and models: one folder each, loaded on demand."""
