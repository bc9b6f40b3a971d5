"""TRAINING OF ROUTERS from scored runs: those of ``harlm bench`` in every mode, or a user's own. Shares ``harlm.router.features`` with
the router, so that it sees in training what it sees in a run.
"""
