"""The monthly review on its way: comments in it, files where a channel takes them, a channel that is down is reported."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path

import pytest
from chat_server import chat_server

from assets.publish.releases import Release
from assets.publish.review import write_review
from benchmarks.synthetic_release import write_release
from expectations.notify import AppriseSender
from orchestration.review import ReviewNotSentError, read_comments, send_review

COMMENT = {"at": date(2026, 7, 2), "user_name": "王丽", "comment": "旺季备货，下月回落"}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return write_release(tmp_path_factory.mktemp("releases"), 60, 14)


def test_it_goes_to_every_channel_with_its_files_and_the_figures_as_text(release: Release, tmp_path: Path) -> None:
    pack = write_review(release, None, tmp_path, company="甲公司", language="zh", comments=[COMMENT])
    assert "旺季备货" in pack.html.read_text(encoding="utf-8") and "王丽: 旺季备货，下月回落" in pack.summary
    with chat_server() as chat:
        environment = {"STOCKTURN_NOTIFY_BOSS": f"json://127.0.0.1:{chat.port}/"}
        send_review([pack], ["boss"], AppriseSender(environment))
        [message] = chat.messages
        assert message["title"] == pack.title and "甲公司" in pack.title and message["message"] == pack.summary
        sent = {one["filename"]: base64.b64decode(one["base64"]) for one in message["attachments"]}
        assert sent == {path.name: path.read_bytes() for path in pack.files}
        with pytest.raises(ReviewNotSentError, match="accounts: STOCKTURN_NOTIFY_ACCOUNTS is not set"):
            send_review([pack], ["accounts", "boss"], AppriseSender(environment))
        assert len(chat.messages) == 2, "who can be reached has it all the same"


def test_comments_are_of_their_month(tmp_path: Path) -> None:
    (tmp_path / "comments-2026-06.jsonl").write_text(
        '{"at": "2026-07-02", "user_name": "a", "comment": "b"}\n', encoding="utf-8"
    )
    assert read_comments(tmp_path, "2026-06") == [{"at": date(2026, 7, 2), "user_name": "a", "comment": "b"}]
    assert read_comments(tmp_path, "2026-05") == []
