"""What the field knows to help: one data file a technique, and the catalogue that reads them."""
