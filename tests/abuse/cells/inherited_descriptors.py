# class: leak
# Looks for descriptors that it should not have: any except its output and its wire.
import os
ok=[]
for d in range(4,1024):
    try: ok.append((d,oct(os.fstat(d).st_mode)))
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
