# class: dos
# Drops references that it does not own, so that the context is freed under the worker.
import ctypes
for _ in range(50): ctypes.pythonapi.Py_DecRef(ctypes.py_object(context))
del _; import gc; gc.collect(); print(len(str(context)))
