"""The rows of the table."""

from experiments.results.record import Entry

ENTRIES = (
    Entry(experiment="credit"),
    Entry(experiment="adult"),
    Entry(experiment="classical"),
    Entry(experiment="digits"),
    Entry(experiment="few_labels"),
    Entry(experiment="anomalies"),
    Entry(experiment="mnist"),
    Entry(experiment="fashion"),
    Entry(experiment="fashion", preset="best", seeds=1),
    Entry(experiment="sentiment"),
    Entry(experiment="transfer"),
    Entry(experiment="austen"),
    Entry(experiment="fashion_gan"),
)
