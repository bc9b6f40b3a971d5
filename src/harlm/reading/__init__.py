"""READING: documents in foreign formats, read in a confined process with limits on time, memory and output; and web
pages, fetched by ``pages``.

``reader`` is the host's side and ``process`` the other one. Nothing that comes from that process is trusted.
"""
