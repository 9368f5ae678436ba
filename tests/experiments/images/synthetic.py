"""An image experiment whose pictures are squares, striped in one of two directions or full."""

import functools

import numpy as np

from experiments.images.data import Published, Subject
from experiments.images.experiment import ImageExperiment
from experiments.images.settings import image_config
from research.data.datasets.idx import ImageDataset, LabelledImages

CLASSES = ("across", "down", "full")
RULES = """
ruleset corner version 1

param enough: float = 90%
param far: float = 20

input kind: {across, down, full}
input rival: {across, down, full}
input confidence: prob
input runner_up: prob
input distance: float >= 0
input ink: prob

decide outcome in {accept, human, reject}
    policy  first
    default human
    unknown human

rule blank "The picture is blank"
    outcome = reject
    if ink < 2%

rule strange "It is like nothing that the network learnt from"
    outcome = reject
    if distance > far

rule sure "The reading is sure"
    outcome = accept
    if confidence >= enough
    because "{kind}, not {rival}"

rule unsure "The reading is not sure enough"
    outcome = human
    if confidence < enough
    because "{kind} ({confidence:.0%}) or {rival} ({runner_up:.0%})"
"""


def part(count, seed, size=12):
    random = np.random.default_rng(seed)
    labels = random.integers(0, len(CLASSES), count).astype(np.int32)
    images = np.zeros((count, 28, 28, 1), np.uint8)
    lines = np.arange(size) % 2 == 0
    patterns = [lines[:, None] & np.full(size, True), lines & np.full((size, 1), True), True]
    for image, label in zip(images, labels, strict=True):
        row, column = random.integers(2, 26 - size, 2)
        square = random.integers(60, 256, (size, size)) * patterns[label]
        image[row : row + size, column : column + size, 0] = square
    return LabelledImages(images=images, labels=labels)


@functools.cache
def dataset(size=12):
    return ImageDataset(train=part(600, 0, size), test=part(120, 1, size), classes=CLASSES)


EXPERIMENT = ImageExperiment(
    subject=Subject(
        name="Corners",
        noun="corner",
        load=dataset,
        foreign=functools.partial(dataset, 3),
        foreign_noun="dot",
        licence="CC0",
        citation="drawn by the tests",
        published=(Published(name="Nobody", accuracy=0.5, source="nowhere"),),
    ),
    classes=CLASSES,
)
PRESETS = {"fast": {"training.steps": 2}}


def get_config():
    config = image_config(steps=120, channels=(8,))
    config.data.update({"train": 300, "validation": 200, "test": 100})
    config.optimizer.update({"learning_rate": 0.03, "warmup": 2})
    config.training.update({"batch_size": 32, "evaluate_every": 60})
    config.augmentation.shift = 0
    config.baselines, config.strangers, config.error_budget = 100, 20, 0.1
    config.policy = ("corner.rules",)
    return config


AFTER_TRAINING = EXPERIMENT.AFTER_TRAINING
load_data = EXPERIMENT.load_data
training_examples = EXPERIMENT.training_examples
build_task = EXPERIMENT.build_task
build_prepare = EXPERIMENT.build_prepare
evaluate = EXPERIMENT.evaluate
build_program = EXPERIMENT.build_program
decide_test = EXPERIMENT.decide_test
decide_cases = EXPERIMENT.decide_cases
