"""Text from decoders: prompts in, tokens out, under constraints."""

from research.inference.generation.beam import Beams, beam_search
from research.inference.generation.constraint import Constraint, Step, no_repeats
from research.inference.generation.generate import Generated, generate
from research.inference.generation.sampling import Greedy, Sampling

__all__ = [
    "Beams",
    "Constraint",
    "Generated",
    "Greedy",
    "Sampling",
    "Step",
    "beam_search",
    "generate",
    "no_repeats",
]
