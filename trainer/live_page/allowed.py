"""Who is let in: by the name under which the server is addressed, and by a token."""

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is let in.

    Attributes:
        names: host names besides `localhost` and addresses.
        token: what has to be shown; empty for none.
    """

    names: Sequence[str] = ()
    token: str = ""

    def host(self, header: str) -> bool:
        """Whether a Host header names this server: an address, localhost, or a name that was given."""
        try:
            name = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        return name == "localhost" or name in self.names or is_address(name)

    def shown(self, told: str) -> bool:
        """Whether this is the token."""
        return not self.token or hmac.compare_digest(told.encode(), self.token.encode())


def is_address(name: str) -> bool:
    """Whether this is an IP address, which no name server can lead elsewhere."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)
