# class: dos
# Finishes with a value whose conversion to text hangs, after the cell counts as ended.
class A:
    def __str__(self):
        while True: pass
FINAL(A())
