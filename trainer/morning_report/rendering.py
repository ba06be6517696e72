"""Templates made into HTML: everything that is shown is escaped, and the page says what it may do.

What is shown passes `_shown`: control, bidi and invisible characters become visible escapes, then HTML's own are
escaped by jinja. The page's scripts and its only style sheet are named by their hashes in the page's
Content-Security-Policy, which forbids everything else: not even a script that got in would run.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from memory.attempts import OUTCOME_WORDS
from trainer.morning_report.charts import THIN, power_of_ten
from utils.text import clip, printable

TEMPLATES = Path(__file__).parent / "templates"
MOST_CHARS = 8000
"""Of any one text."""
MINUTE_S, HOUR_S = 60, 3600


def _shown(value: object) -> object:
    """A text as it may be shown; everything else as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(clip(value, MOST_CHARS))
    return value


@cache
def template(name: str) -> Template:
    """A template of this package."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=_percent, number=_number, tens=power_of_ten, took=_took, day=_day, clock=_clock, signed=_signed
    )
    environment.globals["outcome_words"] = OUTCOME_WORDS
    return environment.get_template(f"{name}.html.jinja")


def listing_page(place: str, names: Sequence[str], *, count: int) -> str:
    """A folder of the memory, `count` names of which these are the first, as a page of links."""
    style = source("report.css")
    policy = policy_of(style, [], live=False)
    return template("listing").render(place=place.strip("/"), names=names, count=count, style=style, policy=policy)


def source(name: str) -> Markup:
    """A file of our own."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704


def policy_of(style: str, scripts: Sequence[str], *, live: bool) -> str:
    """What the page may do: apply and run exactly these texts; a live one may ask its own server, too."""
    ours = "'self'" if live else "'none'"
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {' '.join(map(_hash, scripts)) or ours}; "
        f"img-src data:; base-uri 'none'; form-action {ours}; connect-src {ours}"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}\u202f%"


def _number(value: float, digits: int = 0) -> str:
    """With a thin space between thousands."""
    return f"{value:,.{digits}f}".replace(",", THIN)


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:+.{digits}f}".replace("-", "\u2212")


def _took(seconds: float) -> str:
    """A duration for people."""
    if seconds < MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < HOUR_S:
        return f"{seconds // MINUTE_S:.0f} min {seconds % MINUTE_S:.0f} s"
    return f"{seconds // HOUR_S:.0f} h {seconds % HOUR_S // MINUTE_S:.0f} min"


def _day(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC"


def _clock(at: str) -> str:
    return at[11:16]
