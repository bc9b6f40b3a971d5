# class: dos
# Finishes with a value nested 100,000 deep.
x=1
for _ in range(100_000): x=[x]
FINAL(x)
