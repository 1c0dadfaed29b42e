"""The nine reconciliation tests C1 to C9 over landed contracts: does what a source says in one place agree with another?"""
