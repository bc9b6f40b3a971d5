# class: leak
# Becomes root by every call that could do it.
import os
for f in (lambda: os.setuid(0),lambda: os.seteuid(0),lambda: os.setresuid(0,0,0),lambda: os.setreuid(0,0),lambda: os.setgroups([0]),lambda: os.setgid(0)):
    try: f()
    except OSError: pass
print("ESCAPED" if 0 in os.getresuid()+os.getresgid() or 0 in os.getgroups() else "no")
