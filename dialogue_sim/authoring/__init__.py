"""Writing cases: the guided interview of `case new`, and the draft that a model makes of a record."""
