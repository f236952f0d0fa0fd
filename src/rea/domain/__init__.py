"""The nouns: frozen values and total functions over them. Standard library only."""
