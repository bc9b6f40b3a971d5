# class: dos
# Puts a handler that does nothing on every signal, and spins.
import signal
for s in (signal.SIGUSR1,signal.SIGUSR2,signal.SIGVTALRM,signal.SIGPROF): signal.signal(s,lambda *a: None)
while True: pass
