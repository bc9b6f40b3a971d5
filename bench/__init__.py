"""Reproducible measurements: each module is one command, prints one table and writes it as JSON."""
