"""The record of the batches: what was read, what counts now, what is shown to dbt."""
