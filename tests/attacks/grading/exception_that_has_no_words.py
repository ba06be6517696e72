# MUST: fail, as a verdict. Its message ends the process that asks for it, or has a gigabyte.
# ruff: noqa: ANN001, ANN201, ANN204, N818
# mypy: ignore-errors
class Mute(Exception):
    def __str__(self):
        raise SystemExit(0)


class Loud(Exception):
    def __str__(self):
        return "x" * 10**7


def add(a, b):
    raise Mute if a < 0 else Loud
