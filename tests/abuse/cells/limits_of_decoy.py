# class: leak
# Reads the limits of another process, and sets them to the same values.
import resource
d=CANARY["decoy_pid"]; r=resource.prlimit(d,resource.RLIMIT_NOFILE); print("ESCAPED",r); resource.prlimit(d,resource.RLIMIT_NOFILE,r)
