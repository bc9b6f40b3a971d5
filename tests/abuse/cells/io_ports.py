# class: leak
# Asks for the ports of the hardware.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); r=l.iopl(3) if platform.machine()=="x86_64" else -1
if r==0: l.iopl(0)
print("ESCAPED" if r==0 else "no errno %d"%ctypes.get_errno())
