"""HARLM as a server for programs of others."""
