"""Late fusion: what is heard in a window has a say beside what is seen in it.

A linear layer on the sound's standardised mel statistics gives seven logits, which are added to
those of the face, in proportion to the share of the window that has sound. They begin at 0.
"""

from __future__ import annotations

from torch import Tensor, nn

from streamfer.emotion.labels import EMOTIONS


class LateFusion(nn.Module):
    """A face's network, and the sound beside it.

    `mean` and `scale` (128,) are those of the mel statistics at training.
    """

    def __init__(self, face: nn.Module, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.face = face
        self.register_buffer("mean", mean.float())
        self.register_buffer("scale", scale.float())
        self.sound = nn.Linear(len(mean), len(EMOTIONS))
        nn.init.zeros_(self.sound.weight)
        nn.init.zeros_(self.sound.bias)

    def forward(self, embeddings: Tensor, present: Tensor, sound: Tensor, heard: Tensor) -> Tensor:
        """Logits (W, 7) of a face's window, `sound` (W, 128) and the share `heard` (W,) of it."""
        standardised = (sound - self.get_buffer("mean")) / self.get_buffer("scale")
        seen: Tensor = self.face(embeddings, present)
        told: Tensor = self.sound(standardised)
        return seen + heard.unsqueeze(1) * told
