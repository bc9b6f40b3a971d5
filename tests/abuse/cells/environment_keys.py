# class: leak
# Looks for keys in its environment, as Python and as C see it.
import ctypes,os
e=ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None),"environ"); t=[*os.environ.values(),*os.environ]; i=0
while e and e[i]: t.append(e[i].decode("latin1")); i+=1
bad=[x for x in t if "canary" in x or any(w in x.upper() for w in ("API_KEY","TOKEN","SECRET","PASSWORD"))]
print("ESCAPED %s"%bad if bad else "none of %d"%len(t))
