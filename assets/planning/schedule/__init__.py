"""The plan over time: what is there and can be sold, what comes when, what is needed when, and what follows for open orders.

Pure functions over frames and arrays. Day 0 is the evening of the as-of date; demand and receipts of day t happen before
the decision of its evening.
"""
