"""TRACING: writes the events of a run to a folder, shows them on a terminal, and reports answers.

Reads events. Never changes what a run does.
"""
