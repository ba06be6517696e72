"""What the containers' image is made of: a Dockerfile, packages that a user adds, the name that follows from both.

It does not cover: the base image, which is whatever this engine has under the name in the Dockerfile, and the versions
of packages, which are Debian's on the day of the build. Which image a result is from, its id tells.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from utils.errors import InputError
from utils.settings import MAX_PACKAGES, is_package_name

DOCKERFILE = Path(__file__).with_name("images") / "sandbox.Dockerfile"
RECIPE = "builder-trainer.recipe"


@dataclass(frozen=True, slots=True)
class ImageRecipe:
    """Everything that decides an image.

    Attributes:
        dockerfile: what a job sees; needs /usr/bin/python3, 3.11 or later, and no context.
        packages: names as in `numpy`, for Debian's python3-numpy; their order and repetitions do not matter.

    Raises:
        InputError: a name is none of a package, or there are too many.
    """

    dockerfile: Path = DOCKERFILE
    packages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """They become words of a shell's command."""
        wrong = [name for name in self.packages if not is_package_name(name)]
        if wrong:
            raise InputError(f"{wrong[0][:80]!r} is no name of a package: give names such as numpy,pytest")
        if len(self.packages) > MAX_PACKAGES:
            raise InputError(f"{len(self.packages)} packages for sandboxes are more than {MAX_PACKAGES}")

    @property
    def arguments(self) -> Mapping[str, str]:
        """What the Dockerfile is told."""
        return {"PACKAGES": " ".join(f"python3-{name}" for name in sorted(set(self.packages)))}

    def digest(self) -> str:
        """SHA-256 of all of it, hex."""
        arguments = json.dumps(dict(self.arguments), sort_keys=True).encode("ascii")
        return hashlib.sha256(self.dockerfile.read_bytes() + b"\0" + arguments).hexdigest()

    def tag(self) -> str:
        """The name that the image gets."""
        return f"builder-trainer-sandbox:{self.digest()[:12]}"

    def labels(self) -> dict[str, str]:
        """What the image says of its own making."""
        return {RECIPE: self.digest()}
