"""What the policies are computed from: lead times as measured and the demand distribution over them.

Nothing here decides a level or an order (that is `assets.planning.policy`).
"""
