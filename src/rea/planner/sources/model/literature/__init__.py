"""Papers that a reader may take typed facts from: a folder, or two public indices where a person has switched them on."""
