# class: dos
# Stops its own process, which then handles no signal.
import os,signal; signal.raise_signal(signal.SIGSTOP); os.kill(os.getpid(),signal.SIGSTOP)
