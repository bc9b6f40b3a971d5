# class: dos
# Finishes with 100 MB.
FINAL("x"*100_000_000)
