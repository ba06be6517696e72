"""A blueprint: a versioned way of working."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN

DEFAULT_ID = "builder-default"


class Blueprint(BaseModel):
    """How the Builder goes about a task; every BELog names its blueprint and version."""

    model_config = FROZEN

    schema_version: Literal[1] = 1
    id: str
    version: Annotated[int, Field(ge=1)]
    title: str
    prompts: tuple[str, ...]
    """Names of the prompt files, in the order of their use."""
    prompts_sha256: str
    """Of all those files together: a blueprint is the words too."""
