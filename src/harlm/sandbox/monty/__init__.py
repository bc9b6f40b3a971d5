"""The second engine for cells: Monty, for machines without a Linux kernel. ``repl`` says what it protects from."""
