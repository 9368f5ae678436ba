"""Jane Austen: a language model on five novels, rules for what it may write, and a gate after it.

    python launch.py --config=experiments/austen/config.py --workdir=runs/austen

Trains on five novels (3.5 million characters); of "Persuasion", which it never sees, the first
twelve chapters validate and the last twelve test. Takes about 8 minutes on 2 cores.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

import rules
from experiments.austen import baselines, gate, output, passages
from experiments.austen.automaton import TokenAutomaton
from experiments.austen.candidates import Candidates
from experiments.austen.deciding import Deciding, decided_cases, decided_test
from experiments.austen.writing import Writing
from experiments.decisions import Program
from experiments.headline import Headline
from experiments.overrides import settings
from experiments.policies import fitting
from research import training
from research.data.datasets import austen
from research.data.text.bpe import BytePairEncoding
from research.data.text.windows import windows
from research.inference import Predictor
from research.inference.likelihood import bits_per_character, text_nats
from research.models import Network, Transformer
from research.tasks import LanguageModel, Task
from research.training.optimizers import optimizer
from research.workdir import Workdir
from rules import Ruleset

AFTER_TRAINING = ("policy", "generation", "passages", "error_budget", "baselines")
PRESETS = {
    "fast": {
        "data.characters": 600_000,
        "tokens.size": 512,
        "model.width": 64,
        "model.layers": 2,
        "optimizer.warmup": 20,
        "training.steps": 400,
        "training.evaluate_every": 200,
        "generation.count": 12,
        "passages.count": 40,
    },
    "best": {
        "tokens.size": 2048,
        "model.width": 256,
        "model.layers": 6,
        "model.heads": 8,
        "model.dropout": 0.1,
        "optimizer.learning_rate": 5e-3,
        "training.steps": 20_000,
        "training.evaluate_every": 1000,
    },
}
_HELD_OUT, _VALIDATION_CHAPTERS = "Persuasion", 12


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    # Characters of the training novels, from their end back; 0 takes all.
    config.data = ConfigDict({"characters": 0})
    config.tokens = ConfigDict({"size": 1024})
    config.windows = ConfigDict({"length": 128, "stride": 32, "context": 64})
    config.model = ConfigDict({"width": 128, "layers": 4, "heads": 4, "dropout": 0.0})
    config.optimizer = ConfigDict(
        {"learning_rate": 8e-3, "warmup": 200, "weight_decay": 0.1, "clip": 1.0}
    )
    config.training = settings(training.defaults(steps=4000, batch_size=8, evaluate_every=500))
    config.baselines = ConfigDict({"orders": (5, 8)})
    config.generation = ConfigDict(
        {
            "count": 48,
            "prompt_words": 6,
            "new": 104,
            "length": 128,  # no more than windows.length: other positions are untrained
            "temperature": 0.8,
            "top_p": 0.95,
            "repeats": 6,
            # Names that belong into other novels than the one that is continued.
            "forbidden": ("Darcy", "Bingley", "Bennet", "Knightley", "Dashwood", "Crawford"),
        }
    )
    config.passages = ConfigDict({"count": 300, "words": 50, "slots": 128})
    config.error_budget = 0.05
    config.policy = ("experiments/austen/austen.rules", "experiments/austen/passage.rules")
    return config


@dataclasses.dataclass(frozen=True, kw_only=True)
class Data:
    """Three texts that share nothing; each begins and ends with a line break."""

    training: str
    validation: str
    test: str


def load_data(config: ConfigDict) -> Data:
    """Five novels to train on, two halves of the sixth to validate and test on."""
    novels = {novel.title: novel for novel in austen.load()}
    held_out = novels.pop(_HELD_OUT).chapters
    read = "".join(novel.text for novel in novels.values())

    def joined(chapters: Sequence[str]) -> str:
        return gate.BREAK + "".join(chapter + gate.BREAK for chapter in chapters)

    return Data(
        training=gate.BREAK + read[-config.data.characters :],
        validation=joined(held_out[:_VALIDATION_CHAPTERS]),
        test=joined(held_out[_VALIDATION_CHAPTERS:]),
    )


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Windows of tokens; the encoding is fitted on the training text and kept."""
    encoding = BytePairEncoding.fit(data.training, size=config.tokens.size)
    workdir.write_json("tokens.json", encoding.to_json())
    workdir.write_text("training.txt", data.training)
    workdir.write_text("validation.txt", data.validation)
    length, stride = config.windows.length, config.windows.stride
    parts = {
        "training": windows(encoding.encode(data.training), length=length, stride=stride),
        # A quarter of the text: enough to choose a step by, and it is read often.
        "validation": windows(encoding.encode(data.validation), length=length, stride=4 * length),
    }
    return {"inputs": parts["training"]}, {"inputs": parts["validation"]}


def build_task(config: ConfigDict, workdir: Workdir) -> Task:
    """The next token, by a decoder."""
    return LanguageModel(
        network=Network.from_nnx(
            lambda rngs: Transformer(len(_encoding(workdir)), rngs=rngs, **config.model)
        ),
        # Muon for matrices, AdamW for the rest: in short runs on the validation chapters far
        # ahead of AdamW alone, as small batches were of large ones.
        optimizer=optimizer(
            "muon",
            learning_rate=config.optimizer.learning_rate,
            steps=config.training.steps,
            schedule={"name": "cosine", "warmup": config.optimizer.warmup},
            weight_decay=config.optimizer.weight_decay,
            clip=config.optimizer.clip,
            excluded=("embedding",),
        ),
    )


def build_prepare(config: ConfigDict, workdir: Workdir) -> Any:
    """Tokens are inputs as they are."""
    return lambda columns: columns["tokens"]


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """Bits per character of the held-out chapters, beside n-grams and compressors."""
    encoding = BytePairEncoding.fit(data.training, size=config.tokens.size)
    task = predictor.task
    assert isinstance(task, LanguageModel)
    nats = functools.partial(jax.jit(task.nats), predictor.variables)

    def bits(text: str) -> float:
        found = text_nats(
            nats,
            encoding.encode(text),
            length=config.windows.length,
            context=config.windows.context,
        )
        return bits_per_character(found, len(text) - len(gate.BREAK))

    ours: dict[str, Any] = {
        "name": "Rulax Transformer",
        "bits": bits(data.test),
        "validation": bits(data.validation),
    }
    others = baselines.measured(
        data.training,
        data.validation,
        data.test.removeprefix(gate.BREAK),
        orders=config.baselines.orders,
    )
    five, *_ = others
    evaluation: dict[str, Any] = {
        "characters": {part: len(text) for part, text in dataclasses.asdict(data).items()},
        "characters_per_token": len(data.test) / len(encoding.encode(data.test)),
        "models": [ours, *others],
    }
    headline = Headline(
        data=f"Persuasion, chapters 13 to 24, {len(data.test):,} characters",
        parameters=predictor.parameters,
        metric="bits per character",
        value=ours["bits"],
        better="lower",
        baseline=five["name"],
        baseline_value=five["bits"],
    )
    evaluation["headline"] = dataclasses.asdict(headline)
    return {**evaluation, "summary": output.evaluation_summary(evaluation)}


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Deciding:
    """The rules that the writing obeys, and the gate that passages go through."""
    writing_rules, passage_rules = policy
    encoding = _encoding(workdir)
    training_text = _kept(workdir, "training.txt")
    validation_text = _kept(workdir, "validation.txt")
    library = passages.Library.of(training_text)
    with fitting(writing_rules, ("allow", "forbid")):
        writing = Writing(
            decider=rules.compile(writing_rules),
            candidates=Candidates.of(encoding.tokens),
            automaton=TokenAutomaton.of(config.generation.forbidden, encoding.tokens),
            repeats=config.generation.repeats,
        )
        writing.check()
    with fitting(passage_rules, ("accept", "human", "reject")):
        program = Program(
            predictor=gate.TokenScores(
                task=predictor.task,
                variables=predictor.variables,
                prepare=predictor.prepare,
                calibration=None,
                step=predictor.step,
            ),
            decider=rules.compile(passage_rules, fired=True),
            present=gate.present,
        )
        known = passages.compose(
            validation_text,
            training_text,
            count=config.passages.count,
            words=config.passages.words,
            seed=config.seed + 1,
        )
        cases = gate.columns(known.texts, encoding, library, slots=config.passages.slots)
        program.check(cases)
        plain = gate.trusted(program, cases, known, budget=config.error_budget)
    return Deciding(
        predictor=predictor,
        encoding=encoding,
        library=library,
        writing=writing,
        gate=gate.with_plain(program, plain),
        plain=plain,
    )


def decide_test(config: ConfigDict, data: Data, program: Deciding, workdir: Workdir) -> str:
    """Judges passages of the test text, writes and judges new ones; leaves tables and report."""
    return decided_test(config, data.test, data.training, program, workdir)


def decide_cases(config: ConfigDict, cases: Path, program: Deciding, out: Path) -> str:
    """Continues the prompts of a file with a column `text`, under the rules, and judges them."""
    return decided_cases(config, cases, program, out)


def _encoding(workdir: Workdir) -> BytePairEncoding:
    return workdir.read_json("tokens.json", BytePairEncoding.from_json)


def _kept(workdir: Workdir, name: str) -> str:
    return workdir.require(name, made_by="--mode=train").read_text(encoding="utf-8")
