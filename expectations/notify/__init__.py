"""Notices: who hears of what, when, once. Planned into a ledger in the incident store, sent from there by Apprise.

`plan_notices` and `deliver` are called after every run and by a timer; both may be called as often as wished.
"""

from expectations.notify.deliver import DeliveryOutcome, deliver
from expectations.notify.plan import PlanOutcome, plan_notices
from expectations.notify.send import AppriseSender

__all__ = ["AppriseSender", "DeliveryOutcome", "PlanOutcome", "deliver", "plan_notices"]
