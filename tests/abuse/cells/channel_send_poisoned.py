# class: proto
# Replaces the worker's send function by one that sends nothing, so that the end of the cell is never reported.
import guest.worker.channel
guest.worker.channel.Channel.send=lambda self,frame: None
