"""What identifies a demo world: its seed, its calendar span and its size. No behaviour beyond dates derived
from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

DEFAULT_END = date(2026, 6, 30)
DAILY_WINDOW_DAYS = 10


@dataclass(frozen=True)
class DemoSettings:
    """Identity of a demo world.

    The first day hangs on `DEFAULT_END` and `days`, never on `end_date`: moving `end_date` lengthens or
    shortens one and
    the same history. `daily_from` is the first day that is exported as a daily file; days before it come in
    monthly (movements) or quarterly (other documents) files.
    """

    seed: int = 7
    end_date: date = DEFAULT_END
    days: int = 730
    items: int = 300
    daily_from: date = DEFAULT_END - timedelta(days=DAILY_WINDOW_DAYS - 1)

    def __post_init__(self) -> None:
        """Raise ValueError where the span or the size cannot carry a company."""
        if self.items < 16:
            raise ValueError(f"items must be at least 16 (two a category), got {self.items}")
        if self.days < 60:
            raise ValueError(f"days must be at least 60, got {self.days}")
        if self.end_date < self.start_date + timedelta(days=30):
            raise ValueError(f"end_date {self.end_date} must be 30 days or more after the first day {self.start_date}")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, got {self.seed}")

    @property
    def start_date(self) -> date:
        """First day of the history: opening balances are dated to it."""
        return DEFAULT_END - timedelta(days=self.days - 1)

    @property
    def dates(self) -> list[date]:
        """Every calendar day of the history, ascending."""
        return [self.start_date + timedelta(days=n) for n in range((self.end_date - self.start_date).days + 1)]
