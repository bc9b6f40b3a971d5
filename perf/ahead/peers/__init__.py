"""Adapters of the peers, run by the peers' own interpreters through ``harlm_bench.systems.rivals.workers.serve``."""
