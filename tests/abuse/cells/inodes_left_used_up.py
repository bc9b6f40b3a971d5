# class: dos
# Makes at most 20,000 files in its own folder, leaves them there and ends the process, for the REPL that comes after it.
import os
try:
    for n in range(20000): open("x_i%d"%n,"w").close()
except OSError: pass
os._exit(0)
