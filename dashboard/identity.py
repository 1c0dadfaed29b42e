"""Who is looking: name, role and whose stock they may see. From the reverse proxy's headers, or refused.

Pure. The proxy signs people in and must set these headers itself, dropping what the client sent (docs/dashboard.md).
On localhost without a proxy the user is the one who started the server.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import unquote, urlsplit

USER_HEADER = "X-Stockturn-User"
ROLE_HEADER = "X-Stockturn-Role"
OWNERS_HEADER = "X-Stockturn-Owners"
WAREHOUSES_HEADER = "X-Stockturn-Warehouses"
SECRET_HEADER = "X-Stockturn-Proxy-Secret"
SECRET_VARIABLE = "STOCKTURN_PROXY_SECRET"
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Role(IntEnum):
    """What somebody may do; each role may do what those before it may."""

    VIEWER = 1  # look and export
    OPERATOR = 2  # work on incidents
    ADMIN = 3  # accept risks, reopen, see every owner's stock


class AccessRefusedError(PermissionError):
    """Nobody whom the proxy vouches for; the message is for the person in front of the screen."""


@dataclass(frozen=True)
class User:
    """Somebody signed in. `owners`: responsible persons whose stock is shown; `warehouses`: where; None = all."""

    name: str
    role: Role
    owners: tuple[str, ...] | None = None
    warehouses: tuple[str, ...] | None = None

    @property
    def sees_everything(self) -> bool:
        return self.owners is None and self.warehouses is None

    def sees(self, owner_name: str | None, warehouse_id: str | None) -> bool:
        """Whether something of this owner and warehouse is within the limits; what has none of them is for those without."""
        return (self.owners is None or owner_name in self.owners) and (
            self.warehouses is None or warehouse_id in self.warehouses
        )

    def may(self, role: Role) -> bool:
        return self.role >= role


def is_local(address: str | None) -> bool:
    """Whether a server bound to `address` can be reached from this machine only (no address means: from anywhere)."""
    return (address or "").strip("[]").lower() in _LOCAL


def identify(headers: Mapping[str, str], *, address: str | None, secret: str | None, local_user: str) -> User:
    """The user of a request.

    `address`: what the server is bound to; `secret`: what the proxy must present where one is configured; off localhost
    there must be one, because anybody who reaches the port could write the headers.

    Raises:
        AccessRefusedError: no header, no or a wrong secret, an unknown role, a request of another site to a local server.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    name = unquote(given.get(USER_HEADER.lower(), ""))
    if not name:
        if is_local(address) and not secret:
            _check_local(given)
            return User(local_user, Role.ADMIN)
        raise AccessRefusedError(f"not signed in: the proxy sent no {USER_HEADER}")
    if secret:
        if not hmac.compare_digest(given.get(SECRET_HEADER.lower(), "").encode(), secret.encode()):
            raise AccessRefusedError("this request did not come through the sign-in proxy")
    elif not is_local(address):
        raise AccessRefusedError(f"off localhost the server needs {SECRET_VARIABLE}, shared with the proxy")
    role_name = given.get(ROLE_HEADER.lower(), Role.VIEWER.name)
    if role_name.upper() not in Role.__members__:
        raise AccessRefusedError(f"unknown role {role_name!r}: viewer, operator or admin")
    return User(name, Role[role_name.upper()], _listed(given, OWNERS_HEADER), _listed(given, WAREHOUSES_HEADER))


def _listed(given: Mapping[str, str], header: str) -> tuple[str, ...] | None:
    text = given.get(header.lower())
    return None if text is None else tuple(unquote(part.strip()) for part in text.split(",") if part.strip())


def _check_local(given: Mapping[str, str]) -> None:
    """Without a proxy, only pages of this machine may use the server.

    A web page elsewhere can point a name of its own at 127.0.0.1 (DNS rebinding) and would act as who started the server;
    its requests carry that name as Host, and its own as Origin.
    """
    host = given.get("host", "")
    if host and not is_local(urlsplit(f"//{host}").hostname):  # every browser names one
        raise AccessRefusedError(f"the server on this machine was asked for as {host}; use localhost or a proxy")
    origin = given.get("origin", "")
    if origin and not is_local(urlsplit(origin).hostname):
        raise AccessRefusedError(f"a page of {origin} may not use the server on this machine")
