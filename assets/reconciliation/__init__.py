"""Explains differences between ledger, ERP lists, WMS lists and counts: competing explanations, chosen by description length.

What belongs here: pure functions from comparison rows to explanations. What does not: reading tables (the dbt models
`rec_list_explanations` and `rec_explained_cells` call this room) and incidents (`expectations/incidents`).
"""
