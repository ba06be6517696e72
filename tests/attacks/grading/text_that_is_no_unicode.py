# MUST: fail, with a verdict that can be written. Lone surrogates, zeros and escapes in values, names and messages.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
BAD = "\ud800\udfff\x00\x1b[2J\u202e" * 50
Odd = type("Odd\udc80\n", (Exception,), {})


def add(a, b):
    if a == 1:
        return BAD
    raise Odd(BAD)
