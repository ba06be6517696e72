# MUST: pass. The function is an object with a call method.
# ruff: noqa: ANN001, ANN204
# mypy: ignore-errors
class Adder:
    def __init__(self):
        self.calls = 0

    def __call__(self, a, b):
        self.calls += 1
        return a.__add__(b) if isinstance(a, int) else a + b


add = Adder()
