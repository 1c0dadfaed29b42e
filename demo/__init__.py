"""A seeded simulator of a trading company: a source like any other, with known truth and planted defects."""
