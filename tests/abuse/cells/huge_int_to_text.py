# class: dos
# Prints an integer of ten million digits without the interpreter's limit.
import sys; sys.set_int_max_str_digits(0); print(len(str(1<<40_000_000)))
