# class: leak
# Makes a device of its own in its folder.
import os,stat
os.mknod("x_null",stat.S_IFCHR|0o600,os.makedev(1,3)); os.unlink("x_null"); print("ESCAPED")
