# class: dos
# Sums in C, where Python's signal handlers never run.
sum(range(10**14))
