"""Ingest: extracts become landed rows. The way of a row, room by room:

`stage` -> `live` (databases and web services become extract files) -> `reading` (which files, and each as table `raw` of
texts) -> `typing` (texts as values, rules as SQL) -> `landing` (what becomes of every row, and the files written) ->
`batches` (the record of what was landed, and what of it counts). `mapping` is the language in which a company says what
its columns mean, `contracts` what a landed row holds, `describe` looks at a source before it is read.
"""
