"""How a network is fitted: the loop that the backbone and the temporal networks share.

A trainer says what its samples cost (`task`) and how to learn from them (`settings`). `loop.fit`
does it in this process, `distributed.fit_distributed` in workers of Ray Train; both leave the
same checkpoints, go on after a kill, and end with the same weights.
"""
