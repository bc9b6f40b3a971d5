# class: dos
# Raises in a profile hook at every call, those of the worker after the cell too.
import sys
def hook(frame,event,arg): raise ValueError("hook")
sys.setprofile(hook)
