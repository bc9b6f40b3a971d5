# class: dos
# Aborts, with the limit of core files raised as far as possible.
import os,resource
try: resource.setrlimit(resource.RLIMIT_CORE,(-1,-1))
except (OSError,ValueError) as e: print("no",e)
os.abort()
