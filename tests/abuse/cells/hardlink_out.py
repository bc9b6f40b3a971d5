# class: leak
# Makes a second name of a file outside in its folder.
import os
os.link(CANARY["file"],"x_hard"); t=open("x_hard").read(); os.unlink("x_hard"); print("ESCAPED" if "canary" in t else "no")
