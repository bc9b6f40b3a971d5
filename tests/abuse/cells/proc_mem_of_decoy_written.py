# class: leak
# Writes to the memory of another process as a file.
import os
f=os.open("/proc/%d/mem"%CANARY["decoy_pid"],os.O_RDWR); print("ESCAPED" if os.pwrite(f,b"sk-escape",CANARY["decoy_addr"])==9 else "no")
