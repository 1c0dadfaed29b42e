"""Databases and web services as sources: what changed there becomes extract files, which then land like any other."""
