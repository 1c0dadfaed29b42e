"""Notices on the way to the robots of DingTalk, WeCom and a hook: what arrives, what counts as refused, and that no address leaks."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator

import pytest
from chat_server import ChatServer, chat_server
from incident_desk import MakeDesk, finding

from expectations.incidents import (
    load_policy,
)
from expectations.notify import AppriseSender, deliver, plan_notices
from expectations.notify.answers import refusal
from expectations.notify.channels import Address, address_of, variable_of
from expectations.notify.deliver import SendResult
from expectations.notify.render import TEMPLATES, fit
from expectations.rules.book import Watch

WATCH = Watch(operators=("data",))
TOKEN = "a1b2c3d4e5f6a7b8c9d0"


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


@pytest.fixture
def robots(chat: ChatServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Environment with a channel per robot, all of them at the local server."""
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.wecombot import NotifyWeComBot

    base = f"http://127.0.0.1:{chat.port}"
    monkeypatch.setattr(NotifyDingTalk, "notify_url", base + "/robot/send?access_token={token}")
    monkeypatch.setattr(NotifyWeComBot, "notify_url", base + "/cgi-bin/webhook/send?key={key}")
    return {
        "STOCKTURN_NOTIFY_DING": f"dingtalk://{TOKEN}/",
        "STOCKTURN_NOTIFY_WECOM": f"wecombot://{TOKEN}/",
        "STOCKTURN_NOTIFY_HOOK": f"json://127.0.0.1:{chat.port}/hook/{TOKEN}",
        "STOCKTURN_NOTIFY_BAD": "no-such-robot://x",
    }


@pytest.mark.parametrize("channel", ["ding", "wecom", "hook"])
def test_a_robot_gets_title_and_body(channel: str, chat: ChatServer, robots: dict[str, str]) -> None:
    assert AppriseSender(robots)(channel, "库存数据告警", "第一行\n第二行") == SendResult(True)
    (text,) = chat.texts()
    assert "库存数据告警" in text and "第一行" in text and "第二行" in text and TOKEN in chat.paths[0]


@pytest.mark.parametrize("channel", ["ding", "wecom", "hook"])
@pytest.mark.parametrize(
    "answer", [(500, "oops"), (429, "slow down"), (302, ""), (0, "")], ids=["500", "429", "302", "hang-up"]
)
def test_a_robot_that_fails_is_a_failure(
    channel: str, answer: tuple[int, str], chat: ChatServer, robots: dict[str, str]
) -> None:
    chat.answers = [answer]
    result = AppriseSender(robots)(channel, "t", "b")
    assert not result.is_sent and result.error and TOKEN not in result.error


@pytest.mark.parametrize("channel", ["ding", "wecom"])
def test_a_refusal_with_status_200_is_a_failure(channel: str, chat: ChatServer, robots: dict[str, str]) -> None:
    chat.answers = [(200, '{"errcode": 310000, "errmsg": "keywords not in content"}')]
    assert not AppriseSender(robots)(channel, "t", "b").is_sent
    assert AppriseSender(robots)(channel, "t", "b").is_sent


def test_refusals_of_each_robot() -> None:
    assert refusal({"errcode": 0, "errmsg": "ok"}) == refusal({"code": 0}) == refusal([]) == refusal({}) == ""
    assert refusal({"errcode": 40058, "errmsg": "too long"}) == "errcode 40058: too long"
    assert refusal({"code": 9499, "msg": "Bad Request"}) == "code 9499: Bad Request"


def test_nobody_listens(robots: dict[str, str], chat: ChatServer) -> None:
    robots["STOCKTURN_NOTIFY_HOOK"] = f"json://127.0.0.1:9/{TOKEN}"
    sender = AppriseSender(robots)
    assert not sender("hook", "t", "b").is_sent
    assert sender("none", "t", "b").error == "STOCKTURN_NOTIFY_NONE is not set"
    assert "STOCKTURN_NOTIFY_BAD holds an address" in sender("bad", "t", "b").error


def test_no_address_is_logged(
    chat: ChatServer, robots: dict[str, str], caplog: pytest.LogCaptureFixture, make_desk: MakeDesk
) -> None:
    desk = make_desk(load_policy({"default_owner": "wang", "people": [{"name": "wang", "channels": ["ops"]}]}))
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "urllib3.connectionpool"):
        caplog.set_level(logging.DEBUG, name)
    chat.answers = [(500, f"echo {TOKEN}")] * 4
    for channel in ("ding", "wecom", "hook", "bad"):
        AppriseSender(robots)(channel, "t", "b")
    desk.run(finding("f1"))
    plan_notices(desk.store, WATCH)
    deliver(desk.store, AppriseSender({"STOCKTURN_NOTIFY_OPS": f"json://127.0.0.1:{chat.port}/{TOKEN}"}))
    assert TOKEN not in caplog.text and "no-such-robot" not in caplog.text
    logging.getLogger("apprise").warning("heard outside of a send")
    assert "heard outside of a send" in caplog.text


def test_an_address_does_not_show_itself() -> None:
    address = address_of("ops-ding", {"STOCKTURN_NOTIFY_OPS_DING": f" dingtalk://{TOKEN}/ "})
    assert address is not None and address.reveal() == f"dingtalk://{TOKEN}/"
    assert TOKEN not in f"{address} {address!r} {[address]}" and variable_of("ops-ding") == "STOCKTURN_NOTIFY_OPS_DING"
    with pytest.raises(TypeError):
        pickle.dumps(address)
    assert Address("dingtalk://secret99/").scrub("no secret99 here") == "no *** here"


def test_a_long_digest_fits_the_robot(chat: ChatServer, robots: dict[str, str]) -> None:
    assert AppriseSender(robots)("wecom", "日报", "\n".join(["库存数据" * 20] * 100)).is_sent
    (text,) = chat.texts()
    assert len(text.encode()) <= 2048 and text.endswith("... stockturn incidents list")
    assert fit("short", 100, "more") == "short"
    assert fit("一\n二\n三", 8, "+") == "一\n+"


def test_both_languages_have_the_same_templates() -> None:
    names = {lang: sorted(p.name for p in (TEMPLATES / lang).glob("*.j2")) for lang in ("zh", "en")}
    assert names["zh"] == names["en"] and len(names["zh"]) == 8


def test_the_whole_way_over_http_with_a_bad_hour(chat: ChatServer, robots: dict[str, str], make_desk: MakeDesk) -> None:
    person = {"name": "wang", "channels": ["ding"], "language": "zh"}
    desk = make_desk(load_policy({"default_owner": "wang", "people": [person]}))
    chat.answers = [(500, ""), (0, ""), (200, '{"errcode": 410100, "errmsg": "too fast"}')]
    desk.run(finding("f1"))
    for _ in range(6):
        plan_notices(desk.store, WATCH, with_digest=False)
        deliver(desk.store, AppriseSender(robots))
        desk.clock.forward(minutes=10)
    assert len(chat.messages) == 4  # three refusals, one delivery, no more
    assert "库存数据告警" in chat.texts()[-1]
