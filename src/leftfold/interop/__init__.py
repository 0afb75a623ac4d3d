"""Other frameworks' names, files and weights: one foreign framework per file."""
