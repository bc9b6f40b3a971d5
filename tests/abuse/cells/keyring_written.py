# class: leak
# Leaves a key in the kernel, where other processes of this user find it.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); x=platform.machine()=="x86_64"; r=l.syscall(248 if x else 217,b"user",b"x_abuse",b"x",1,-2)
if r>0: l.syscall(250 if x else 219,3,r)
print("ESCAPED" if r>0 else "no errno %d"%ctypes.get_errno())
