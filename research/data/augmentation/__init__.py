"""Random changes of training examples, inside jit, one key per example.

What happens to an example depends on the example and its key alone: not on its place in
the batch, the size of the batch, or the devices that share it. (`mixup` needs the
neighbour, too.)
"""

from research.data.augmentation.chain import chain
from research.data.augmentation.images import crop, cutout, flip, noise, shift
from research.data.augmentation.mixing import mixup
from research.data.augmentation.spectrograms import spec_augment
from research.data.augmentation.tokens import MaskedTokens, drop_tokens, mask_tokens

__all__ = [
    "MaskedTokens",
    "chain",
    "crop",
    "cutout",
    "drop_tokens",
    "flip",
    "mask_tokens",
    "mixup",
    "noise",
    "shift",
    "spec_augment",
]
