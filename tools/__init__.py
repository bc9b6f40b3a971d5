"""What maintainers run by hand: each module is one command."""
