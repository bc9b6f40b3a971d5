# class: dos
# Replaces what an interrupt raises by something that is caught.
import guest.worker.interrupts
for n in guest.worker.interrupts.INTERRUPTS: guest.worker.interrupts.INTERRUPTS[n]=ValueError
while True:
    try:
        while True: pass
    except ValueError: pass
