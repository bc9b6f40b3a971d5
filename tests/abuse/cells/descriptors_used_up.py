# class: dos
# Opens descriptors until none is left.
import os
n=0
try:
    while n<5000: os.dup(1); n+=1
except OSError as e: print("stopped",n,e)
