"""Tiny InternVL checkpoints and the goldens computed from them; `make_goldens.py` is the way in."""
