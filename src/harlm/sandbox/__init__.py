"""Where model-written code runs: the host's side of it. ``worker`` is the other side."""
