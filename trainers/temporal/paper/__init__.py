"""The paper's temporal block: six methods, taught on labelled clips and measured across corpora.

Embeddings are streamfer's own (`embeddings`); `sequences` finds each clip's face among them. The
windows of `windows` teach (`teaching`), what is said of them is averaged over the `units` that are
counted, and `experiments` does so for the folds of `trainers.protocols`. Ryumina et al. 2022,
sections 3.2.1 and 4.3.
"""
