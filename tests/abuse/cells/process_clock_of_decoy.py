# class: leak
# Reads how much processor time another process has used, a side channel.
import time
print("ESCAPED %f"%time.clock_gettime((~CANARY["decoy_pid"])<<3|2))
