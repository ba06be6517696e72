"""The text of `.env.example`: every setting with its meaning and its default.

python -m utils.env_example > .env.example
"""

import sys
import textwrap
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from utils.settings import ROOT, Settings, variable

HEAD = """\
# Settings of Builder-Trainer. Copy this file to `.env`, take the # off the lines that you want to change.
# An option of the command line wins over the environment, the environment over `.env`.
# Each line shows the default; nothing behind the = means: not set.
"""
WIDTH = 110


def env_example() -> str:
    """The whole file, all settings as comments, in the order of utils.settings.Settings."""
    return HEAD + "".join(_entry(name, field) for name, field in Settings.model_fields.items())


def _entry(name: str, field: FieldInfo) -> str:
    meaning = textwrap.fill(field.description or "", WIDTH, initial_indent="# ", subsequent_indent="# ")
    return f"\n{meaning}\n# {variable(name)}={_shown(field.default)}\n"


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, Path) and default.is_relative_to(ROOT):
        return f"./{default.relative_to(ROOT).as_posix()}"
    return str(default)


if __name__ == "__main__":
    sys.stdout.write(env_example())
