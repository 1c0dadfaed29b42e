"""The fixtures of tests/fixtures/incident_desk.py, for the tests in this folder."""

from incident_desk import any_desk, desk, make_desk, server, store_url

__all__ = ["any_desk", "desk", "make_desk", "server", "store_url"]
