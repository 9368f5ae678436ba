"""Operations under their plain names, each in the form that is quick where it runs.

An operation is the same function everywhere, to rounding. On a CPU, XLA takes many times too
long for some of them, mostly for their gradients and within `lax.scan`; these have a second
form here, which `platform` chooses. docs/performance.md has what was tried and measured.
"""

from research.models.ops.attention import attention
from research.models.ops.batch_normalisation import batch_norm
from research.models.ops.convolution import conv, conv_general_dilated, conv_transpose
from research.models.ops.normalisation import layer_norm
from research.models.ops.pooling import avg_pool, max_pool
from research.models.ops.recurrence import recurrence

__all__ = [
    "attention",
    "avg_pool",
    "batch_norm",
    "conv",
    "conv_general_dilated",
    "conv_transpose",
    "layer_norm",
    "max_pool",
    "recurrence",
]
