"""A run in the form that other tools read: tables, a `datasets` folder, chat fine-tuning, Inspect logs.

Nothing is computed here: every figure is the one that stands in `scores.json`. The rows' schemas are
named and versioned (`dialogue-sim/export/<table>/1`); docs/exports.md describes them.
"""
