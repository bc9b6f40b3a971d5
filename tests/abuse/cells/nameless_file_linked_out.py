# class: leak
# Makes a file without a name outside, and gives it one by its descriptor.
import os
f=os.open(CANARY["dir"],os.O_TMPFILE|os.O_RDWR,0o600); os.write(f,b"x"); p=CANARY["dir"]+"/x_abuse_linked"
try: os.link("/proc/self/fd/%d"%f,p,follow_symlinks=True); os.unlink(p)
finally: print("ESCAPED")
