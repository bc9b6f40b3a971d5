"""Events on their way out: to a file, to a terminal, to a caller. Knows events; refuses to change what happens."""
