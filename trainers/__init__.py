"""How the weights streamfer ships were made: corpora, training, evaluation.

Nothing in `streamfer` imports this package. It is in the wheel because a cluster's workers
import it when they train.
"""
