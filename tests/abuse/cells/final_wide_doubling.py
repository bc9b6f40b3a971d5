# class: dos
# Finishes with a value that is small here and holds 10**11 items within eleven levels when it is written out.
x="x"
for _ in range(11): x=[x]*10
FINAL(x)
