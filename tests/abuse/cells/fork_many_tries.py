# class: leak
# Tries to fork a thousand times, in case the host is slow to refuse once.
import os
ok=0
for _ in range(1000):
    try: p=os.fork()
    except OSError: continue
    if p==0: os._exit(0)
    ok+=1; os.waitpid(p,0)
    if ok>9: break
print("ESCAPED %d"%ok if ok else "none")
