"""Everything anyone can ask of the program, each once. Faces only translate."""
