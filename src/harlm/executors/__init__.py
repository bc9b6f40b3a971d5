"""EXECUTORS: where the runs of a batch are carried out: in this process, or on the nodes of a cluster."""
