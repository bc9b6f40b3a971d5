# class: leak
# Runs a shell by the C library, past Python's own functions.
import ctypes
print("ESCAPED" if ctypes.CDLL(None).system(b"exit 7")==7<<8 else "no")
