# class: leak
# Opens devices that show memory, disks, terminals and the kernel's log.
import os
ok=[]
for d in ("mem","kmsg","port","fuse","kvm","net/tun","tty","console","ptmx","vda","sda","loop-control","rtc0","userfaultfd","vsock","autofs"):
    try: os.close(os.open("/dev/"+d,os.O_RDONLY|os.O_NONBLOCK|os.O_NOCTTY)); ok.append(d)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
