# class: dos
# Hangs in a profile hook at every call, those of the worker after the cell too.
import sys
def hook(*a):
    while True: pass
sys.setprofile(hook)
