"""The host's side of the sandbox in which model-written code runs. ``harlm.guest`` is the other side."""
