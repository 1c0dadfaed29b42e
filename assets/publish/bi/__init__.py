"""What BI tools and semantic layers open, made of a release's public marts, its dictionary and the KPI catalogue: never stale.

model.py what every export is made of; expressions.py KPIs in the languages of the tools; a module for each tool; export.py all of it.
"""
