# class: proto
# Replaces the worker's way of sending by one that says nothing, so that its end is never told.
import guest.worker.channel
guest.worker.channel.Channel.send=lambda self,frame: None
