"""From a mart cell to its formula with the numbers, the layers and movements behind it, and the file and row of each.

Reads releases only, so that a past release explains itself as it was known then.
"""
