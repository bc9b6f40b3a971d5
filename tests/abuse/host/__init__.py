"""Hostile input for the host: what it reads of others must cost no more than its length."""
