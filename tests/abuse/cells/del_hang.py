# class: dos
# Leaves an object whose finalizer never ends, to be freed by the next cell or at exit.
class H:
    def __del__(self):
        while True: pass
h=H(); del h
