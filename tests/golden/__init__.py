"""Golden documents and what becomes of them; `regenerate.py` says how they are read and rewritten."""
