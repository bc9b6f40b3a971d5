"""The sandbox for machines without a Linux kernel: cells run in Monty. ``repl`` documents what it protects
from.
"""
