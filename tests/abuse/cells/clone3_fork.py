# class: leak
# Forks by the newest of the calls for it.
import ctypes,os,struct
l=ctypes.CDLL(None,use_errno=True); a=ctypes.create_string_buffer(struct.pack("=8Q",0,0,0,0,17,0,0,0),64); r=l.syscall(435,a,64)
if r==0: os._exit(0)
if r>0: os.waitpid(r,0)
print("ESCAPED" if r>0 else "no errno %d"%ctypes.get_errno())
