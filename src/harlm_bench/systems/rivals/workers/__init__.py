"""What runs in the processes of rivals: one adapter each, with the standard library and the rival only."""
