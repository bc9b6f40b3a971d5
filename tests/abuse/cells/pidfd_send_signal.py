# class: leak
# Signals another process by a handle of it.
import os,signal
signal.pidfd_send_signal(os.pidfd_open(CANARY["decoy_pid"]),0); print("ESCAPED")
