"""EVIDENCE: measures HARLM and its rivals on the same tasks, through the same endpoint, under the same limits.

Stands outside ``harlm``, which never imports it. Knows no model: a gateway on loopback stands between every system and
the model, so that each call of each system is counted, priced and limited in one place.
"""
