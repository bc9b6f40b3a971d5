# class: dos
# Computes a power in one C loop that no signal interrupts.
x=7**(7**11)
