# class: proto
# Puts stdout in the place of the wire, so that the worker talks into the pipe.
import os; os.dup2(1,3); print("gone")
