# class: dos
# Fills its folder with at most 300 MB, leaves it full and ends the process, for the REPL that comes after it.
import os
try:
    with open("x_full","wb",0) as f:
        for n in range(300): f.write(b"x"*(1<<20))
except OSError: pass
os._exit(0)
