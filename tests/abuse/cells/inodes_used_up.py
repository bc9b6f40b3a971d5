# class: dos
# Makes at most 20,000 files in its own folder, and removes them again.
import os
n=0
try:
    for n in range(20000): open("x_i%d"%n,"w").close()
except OSError as e: print("stopped",n,e)
for i in range(n):
    try: os.unlink("x_i%d"%i)
    except OSError: pass
