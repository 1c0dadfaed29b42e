"""Who may enter, as whom, and what they may do."""

from __future__ import annotations

import pytest

from dashboard.identity import AccessRefusedError, Role, User, identify, is_local

LOCAL, OPEN = "127.0.0.1", "0.0.0.0"
EVA = {"X-Stockturn-User": "eva", "X-Stockturn-Role": "operator"}


def who(headers: dict[str, str], address: str | None = LOCAL, secret: str | None = None) -> User:
    return identify(headers, address=address, secret=secret, local_user="me")


def test_on_localhost_without_a_proxy_the_starter_is_the_admin() -> None:
    assert who({"Host": "localhost:8501"}) == User("me", Role.ADMIN)
    assert who({"Host": "[::1]:8501", "Origin": "http://127.0.0.1:8501"}) == User("me", Role.ADMIN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8501"},  # a name of theirs that leads to this machine: DNS rebinding
        {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"},
        {"Host": "localhost:8501", "Origin": "https://evil.example"},
        {"Host": "localhost.evil.example"},
    ],
)
def test_another_site_does_not_speak_to_the_server_of_this_machine(headers: dict[str, str]) -> None:
    with pytest.raises(AccessRefusedError, match="this machine"):
        who(headers)


@pytest.mark.parametrize("address", [OPEN, "", None, "192.168.1.5", "example.org"])
def test_off_localhost_nobody_enters_without_headers(address: str | None) -> None:
    """Streamlit binds to every interface where no address is set: that is not localhost."""
    with pytest.raises(AccessRefusedError, match="sent no X-Stockturn-User"):
        who({}, address, "s")
    with pytest.raises(AccessRefusedError, match="sent no X-Stockturn-User"):
        who({}, address)


def test_headers_alone_are_worth_nothing_off_localhost() -> None:
    with pytest.raises(AccessRefusedError, match="STOCKTURN_PROXY_SECRET"):
        who(EVA, OPEN)
    for wrong in ({}, {"X-Stockturn-Proxy-Secret": ""}, {"X-Stockturn-Proxy-Secret": "guess"}):
        with pytest.raises(AccessRefusedError, match="did not come through"):
            who({**EVA, **wrong}, OPEN, "s")
    assert who({**EVA, "X-Stockturn-Proxy-Secret": "s"}, OPEN, "s") == User("eva", Role.OPERATOR)


def test_with_a_secret_localhost_asks_for_headers_too() -> None:
    """A proxy on the same machine: otherwise every local process would be an admin."""
    with pytest.raises(AccessRefusedError):
        who({}, LOCAL, "s")


def test_role_and_owners() -> None:
    assert who({"x-stockturn-user": "李雷"}).role is Role.VIEWER, "the least, where the proxy says nothing"
    assert who({**EVA, "X-Stockturn-User": "%E6%9D%8E%E9%9B%B7"}).name == "李雷"
    assert who({**EVA, "X-Stockturn-Owners": "库存经理, %E6%9D%8E"}).owners == ("库存经理", "李")
    assert who({**EVA, "X-Stockturn-Owners": ""}).owners == (), "an empty list is nobody's stock, not everybody's"
    assert who(EVA).owners is None
    with pytest.raises(AccessRefusedError, match="unknown role 'root'"):
        who({**EVA, "X-Stockturn-Role": "root"})


def test_a_role_may_what_lower_roles_may() -> None:
    assert [User("a", role).may(Role.OPERATOR) for role in Role] == [False, True, True]


def test_what_is_local() -> None:
    assert all(map(is_local, ("localhost", "127.0.0.1", "::1", "[::1]", "LOCALHOST")))
    assert not any(map(is_local, (None, "", "0.0.0.0", "::", "127.0.0.1.example.org")))


def test_limits_by_warehouse_and_owner_hold_together() -> None:
    limits = {"X-Stockturn-Owners": "%E9%99%88", "X-Stockturn-Warehouses": "C/W1, C/W2"}
    user = who({**EVA, **limits, "X-Stockturn-Proxy-Secret": "s"}, OPEN, "s")
    assert user.owners == ("陈",) and user.warehouses == ("C/W1", "C/W2") and not user.sees_everything
    assert user.sees("陈", "C/W1") and not user.sees("陈", "C/W3") and not user.sees("王", "C/W1")
    assert not user.sees(None, "C/W1"), "what has no owner is not for somebody who is limited to some"
