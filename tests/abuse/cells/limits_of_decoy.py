# class: leak
# Reads the limits of another process, and sets them to what they are.
import resource
d=CANARY["decoy_pid"]; r=resource.prlimit(d,resource.RLIMIT_NOFILE); print("ESCAPED",r); resource.prlimit(d,resource.RLIMIT_NOFILE,r)
