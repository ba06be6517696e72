"""Documents that people read, folded from the event log; every one can be rebuilt from it with the same bytes."""
