# class: leak
# Walks up by descriptors that only name a place (O_PATH), which some checks let through.
import os
d=os.open(".",os.O_PATH)
for _ in range(12): d=os.open("..",os.O_PATH,dir_fd=d)
f=os.open(CANARY["file"].lstrip("/"),os.O_PATH,dir_fd=d); os.fstat(f)
print("ESCAPED" if b"canary" in os.read(os.open(CANARY["file"].lstrip("/"),os.O_RDONLY,dir_fd=d),99) else "no")
