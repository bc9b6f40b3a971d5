# class: leak
# Looks for descriptors that it was not meant to have: anything beside its output and its wire.
import os
ok=[]
for d in range(4,1024):
    try: ok.append((d,oct(os.fstat(d).st_mode)))
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
