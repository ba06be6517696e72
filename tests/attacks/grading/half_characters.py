# MUST: fail, with a verdict that can be written. Ends at its load with text that UTF-8 cannot hold.
# ruff: noqa: TRY002
# mypy: ignore-errors
raise Exception("\ud800 \udfff")
