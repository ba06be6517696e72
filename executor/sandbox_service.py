"""The agent of a sandbox service as one file, for its image: `python -m executor.sandbox_service > agent.py`.

Standard library only, and so is all that it imports: a service's image has nothing else.
"""

import sys

from executor.agent_bundle import agent_source
from executor.isolation import SHARED_MEMORY, TEMPORARY, WORK, AgentConfig

SOCKET = "/run/builder-trainer/agent.sock"


def service_source(socket: str = SOCKET) -> str:
    """The file; `socket` is where the agent dials, as seen inside."""
    config = AgentConfig(kind="socket", work=WORK, cgroup=True, roots=(TEMPORARY, SHARED_MEMORY), socket=socket)
    return f"import sys\nsys.argv[1:] = [{config.text()!r}]\n{agent_source(compiled=False)}"


if __name__ == "__main__":
    sys.stdout.write(service_source())
