# class: dos
# Finishes with a small value that holds itself 2**40 times when it is written out.
x="x"
for _ in range(40): x=[x,x]
FINAL(x)
