"""Language models as functions: a typed question, a checked answer or none. Nothing here decides, spends unreserved or acts."""
