"""The networks that read a window of faces, taught to see past the frames that are spoilt.

`python -m trainers.temporal.train` makes sequences, spoils some of their faces and trains;
`compare` measures all six methods on people that nothing was fitted to. `paper` is apart from that:
the methods as the paper trains and measures them.
"""
