# class: proto
# Puts the wire in the place of stdout, so that raw output becomes frames.
import os; os.dup2(3,1); os.write(1,b"hello, host\n")
