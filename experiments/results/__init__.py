"""Every experiment's figures, over several seeds: run what is missing, and write the table.

python -m experiments.results                 # all of them: `make results`
python -m experiments.results credit digits   # some
python -m experiments.results --table         # only the table, from what is recorded
"""
