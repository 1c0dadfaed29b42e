"""Readers: each turns one kind of source into a DuckDB table of raw text columns with the row number of the source."""
