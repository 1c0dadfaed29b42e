"""Command groups of `stockturn`: each reads its arguments, calls one function and shows what came back."""
