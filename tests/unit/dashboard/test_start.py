"""How the server starts: on this machine only, unless a proxy is in front."""

from __future__ import annotations

import pytest

from dashboard.__main__ import command, main


def test_it_binds_to_localhost_and_phones_nobody() -> None:
    flags = command("127.0.0.1", 8501)
    assert "--server.address=127.0.0.1" in flags
    assert "--browser.gatherUsageStats=false" in flags and "--client.showErrorDetails=none" in flags


def test_a_public_address_is_an_origin_that_browsers_may_name() -> None:
    assert "--server.corsAllowedOrigins=https://stock.example.com" in command(
        "0.0.0.0", 80, "https://stock.example.com/"
    )
    assert not any("corsAllowedOrigins" in flag for flag in command("127.0.0.1", 8501))


def test_off_localhost_it_does_not_start_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("STOCKTURN_PROXY_SECRET", raising=False)
    monkeypatch.setattr("os.execve", lambda *_: pytest.fail("it started"))
    with pytest.raises(SystemExit) as ended:
        main(["--address", "0.0.0.0"])
    assert ended.value.code == 2 and "STOCKTURN_PROXY_SECRET" in capsys.readouterr().err
