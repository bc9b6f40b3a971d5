"""Reproducible measurements of the machinery. Each bench is one command, ``python -m perf.NAME``, and writes its tables to
``docs/results/NAME.md``.
"""
