"""A seeded simulator of a trading company: a source of extracts like any other, with known truth and planted defects."""
