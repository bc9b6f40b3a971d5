# class: dos
# Finishes with a value whose text never comes, after the cell counts as ended.
class A:
    def __str__(self):
        while True: pass
FINAL(A())
