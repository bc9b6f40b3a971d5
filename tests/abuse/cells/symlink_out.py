# class: leak
# Makes a symbolic link in its folder to a file outside, and reads through it.
import os
os.symlink(CANARY["file"],"x_link"); t=open("x_link").read(); os.unlink("x_link"); print("ESCAPED" if "canary" in t else "no")
