# class: dos
# Makes the interpreter's own code unreadable.
import ctypes
l=ctypes.CDLL(None); a=ctypes.cast(ctypes.pythonapi.PyLong_FromLong,ctypes.c_void_p).value&~0xfff
l.mprotect(ctypes.c_void_p(a),0x100000,0); int("12345")
