# class: dos
# Replaces __import__ by something that hangs and raises an exception that must be reported.
import builtins,time
builtins.__import__=lambda *a,**k: time.sleep(10**6)
1/0
