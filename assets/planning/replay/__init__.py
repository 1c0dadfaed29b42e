"""What a policy would have done on the company's own history, beside what was done.

Pure: frames and arrays in, frames and a drawing out. Levels come from `assets.planning.policy`.
"""
