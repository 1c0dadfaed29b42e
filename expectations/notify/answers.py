"""Reads the answers of chat robots strictly. DingTalk, WeCom, Feishu and Lark answer HTTP 200 also when they refuse a
message (`{"errcode": 310000, ...}`: wrong keyword, wrong signature, too many messages); Apprise 2.2 looks at the HTTP
status alone and calls that sent. Here such an answer becomes HTTP 502, which Apprise reports as a failure.

Apprise has no hook for this: each of the four plugin modules gets a `requests` whose `post` looks at the answer.
"""

from __future__ import annotations

import importlib
from typing import Any

MODULES = ("dingtalk", "wecombot", "feishu", "lark")


def refusal(answer: Any) -> str:
    """Why a robot refused, out of its JSON answer; empty text where it took the message."""
    if not isinstance(answer, dict):
        return ""
    for code, text in (("errcode", "errmsg"), ("code", "msg"), ("StatusCode", "StatusMessage")):
        if answer.get(code) not in (None, 0, "0"):
            return f"{code} {answer[code]}: {answer.get(text, '')}"
    return ""


class StrictRequests:
    """Everything of `requests`, with a `post` that turns a refusal into HTTP 502."""

    def __init__(self, requests: Any) -> None:
        """Take the place of the module `requests`."""
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        """Whatever else the module has."""
        return getattr(self._requests, name)

    def post(self, *args: Any, **kwargs: Any) -> Any:
        """As `requests.post`; an answer 200 that says no becomes 502."""
        response = self._requests.post(*args, **kwargs)
        if response.status_code == 200:
            try:
                said = refusal(response.json())
            except ValueError:
                said = ""
            if said:
                response.status_code = 502
        return response


def read_answers_strictly() -> None:
    """Put StrictRequests into the plugin modules; doing it again changes nothing."""
    for name in MODULES:
        module: Any = importlib.import_module(f"apprise.plugins.{name}")
        if not isinstance(module.requests, StrictRequests):
            module.requests = StrictRequests(module.requests)
