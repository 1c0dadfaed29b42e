"""The pages, one module each with `show(context)`. They ask queries, draw, and hand actions to the incident store."""
