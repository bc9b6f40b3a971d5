"""RAY: carries out the runs of a batch on the nodes of a Ray cluster: one long-lived actor on each, and one for money and slots."""
