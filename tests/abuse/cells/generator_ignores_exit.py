# class: dos
# Leaves a generator that ignores GeneratorExit when it is closed.
def g():
    while True:
        try: yield 1
        except BaseException: pass
it=g(); next(it)
class Q:
    def __del__(self):
        while True: next(it)
q=Q()
