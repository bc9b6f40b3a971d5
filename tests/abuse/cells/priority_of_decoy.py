# class: leak
# Sets the priority of another process to the value that it already has.
import os
d=CANARY["decoy_pid"]; os.setpriority(os.PRIO_PROCESS,d,os.getpriority(os.PRIO_PROCESS,d)); print("ESCAPED")
