"""Small corpora in the layouts of the real ones, so that the whole study runs without any of them.

Photographs of faces (`trainers.corpora.press_faces`) are animated from one expression into
another and encoded as real video, beside the annotation files that the real corpus has.
`make.make` writes one corpus; each layout has a module of its own.
"""
