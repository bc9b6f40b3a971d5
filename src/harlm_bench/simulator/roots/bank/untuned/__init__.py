"""THE UNTUNED HALF of the bank: written before any result was measured, and never changed for the sake of a score.

What keeps a program from running at all is repaired, here as elsewhere; nothing else is.
"""
