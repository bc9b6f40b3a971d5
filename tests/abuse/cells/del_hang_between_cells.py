# class: dos
# Leaves a cycle with a finalizer that hangs whenever the collector runs, which may be between two cells.
import gc
class H:
    def __del__(self):
        while True: pass
gc.set_threshold(1); h=H(); h.h=h; del h
