"""The rehearsal model: a simulated Builder with planted weaknesses, for dry runs; its figures are no model's."""
