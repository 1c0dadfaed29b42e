"""Which items matter and which can be predicted: ABC-XYZ classes, demand patterns, their history and their review.

Pure functions over frames; nothing here decides what to order (that is `assets.planning.policy`).
"""
