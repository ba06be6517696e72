"""Reads what is remembered and chooses what to practise next. Knows nothing of the Builder."""
