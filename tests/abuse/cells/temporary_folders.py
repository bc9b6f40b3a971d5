# class: leak
# Makes a file in every folder that is open to all users.
import os
ok=[]
for d in ("/tmp","/run","/run/lock","/var/lock","/dev/mqueue","/run/user/0","/var/spool"):
    try: open(d+"/x_abuse_t","w").close(); os.unlink(d+"/x_abuse_t"); ok.append(d)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
