# class: leak
# Asks for each kind of new namespace alone, the kinds that need no privilege too.
import ctypes
l=ctypes.CDLL(None,use_errno=True)
ok=[hex(f) for f in (0x4000000,0x8000000,0x40000000,0x2000000,0x80) if l.unshare(f)==0]
print("ESCAPED %s"%ok if ok else "none")
