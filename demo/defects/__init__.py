"""Planted defects: each breaks a clean history or delivery in one way and notes what must be found.

`booking` spoils what the ERP posted, `physical` what lies on the shelf, `deliveries` the files. `plan` chooses victims
that do not overlap, so that every difference has one cause.
"""
