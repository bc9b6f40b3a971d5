# class: leak
# Reads the memory of another process as a file.
import os
f=os.open("/proc/%d/mem"%CANARY["decoy_pid"],os.O_RDONLY); print("ESCAPED" if b"canary" in os.pread(f,13,CANARY["decoy_addr"]) else "no")
