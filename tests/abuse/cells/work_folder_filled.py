# class: dos
# Fills its folder with at most 400 MB, and removes it again.
import os
n=0; f=open("x_big","wb",0)
try:
    for n in range(400): f.write(b"x"*(1<<20))
except OSError as e: print("stopped",n,e)
os.unlink("x_big")
