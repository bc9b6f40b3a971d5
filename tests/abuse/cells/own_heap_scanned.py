# class: leak
# Scans the memory that it was forked with for keys of the host's.
import ctypes,os
l=ctypes.CDLL(None); l.sbrk.restype=ctypes.c_void_p; n=bytes(x^1 for x in b"rj,b`o`sx,"); r,w=os.pipe(); hit=0
e=ctypes.c_void_p.in_dll(l,"environ").value; top=l.sbrk(ctypes.c_long(0))
for a,z in ((top-(48<<20),top),(id(os)-(24<<20),id(os)+(24<<20)),((e or 0)-(1<<18),(e or 0)+(1<<18))):
    for p in range(a&~0xffff,z,0x8000):
        k=l.write(w,ctypes.c_void_p(p),0x8000)
        if k<=0: continue
        b=os.read(r,0x8000); i=b.find(n)
        while i>=0: hit+=b[i+10:i+18]==b"env-0001"; i=b.find(n,i+1)
print("ESCAPED %d"%hit if hit else "none")
