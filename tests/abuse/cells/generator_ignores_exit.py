# class: dos
# Leaves a generator that refuses to be closed, whoever drops it.
def g():
    while True:
        try: yield 1
        except BaseException: pass
it=g(); next(it)
class Q:
    def __del__(self):
        while True: next(it)
q=Q()
