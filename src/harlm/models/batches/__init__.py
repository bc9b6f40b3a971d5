"""Calls that may wait: requests are collected into batches of their provider, which costs half."""
