# class: dos
# Replaces what an interrupt raises by something that is caught.
import worker.interrupts
for n in worker.interrupts.INTERRUPTS: worker.interrupts.INTERRUPTS[n]=ValueError
while True:
    try:
        while True: pass
    except ValueError: pass
