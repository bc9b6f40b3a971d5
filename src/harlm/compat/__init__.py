"""HARLM under the interfaces of other packages: the reference RLM (``rlms``), DSPy, LangChain and LlamaIndex.

Nothing is imported here: each module needs the package that it speaks to, except ``rlms``, which needs none.
"""
