"""Rolling origins and proper scores: how any forecaster, ours or another's, is judged. Models do not belong here."""
