# class: leak
# Writes a library into its folder and loads it, though nothing there may be run.
import ctypes,glob,os,shutil
import _ctypes
p=getattr(_ctypes,"__file__",None) or (glob.glob("/lib/*/libm.so.6")+glob.glob("/usr/lib*/libm.so.6"))[0]
shutil.copyfile(p,"x_lib.so")
try: ctypes.CDLL(os.path.abspath("x_lib.so")); print("ESCAPED loaded")
except OSError as e: print("no",e)
finally: os.unlink("x_lib.so")
