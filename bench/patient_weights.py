"""Fit the weights by which the Chinese record patient tells topics apart: needs scikit-learn.

Run `python bench/patient_weights.py > dialogue_sim/roles/patient/lexicons/weights.zh.yaml` after the
Chinese lexicon, its hints or its example questions (`bank.zh.yaml`) changed.
"""

from __future__ import annotations

import re
import sys

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from dialogue_sim.roles.patient.lexicon import lexicon, load
from dialogue_sim.roles.patient.likelihood import features

LEAST = 0.1
HEAD = """# How much each topic named (!) or hinted at in a Chinese question makes every topic more likely to be meant:
# multinomial logistic regression over the example questions in bank.zh.yaml.
"""


def main() -> None:
    """Print the weights as YAML."""
    words = lexicon("zh")
    topics, read = [], []
    for topic, examples in load("bank.zh")["topics"].items():
        for example in examples.split(";"):
            tight = re.sub(r"\s+", "", words.read(example))
            clause = re.sub(r"([一-龥]{1,2})[不没]\1", r"\1", tight).replace("、", ",")
            topics.append(topic)
            read.append(features(words.named(clause), words.hinted(clause)))
    vectors = DictVectorizer()
    fitted = LogisticRegression(C=1.0, max_iter=200).fit(vectors.fit_transform(read), topics)
    out = [HEAD, "bias: {"]
    out += [
        ", ".join(f"{t}: {b:.2f}" for t, b in zip(fitted.classes_, fitted.intercept_, strict=True)),
        "}\nweights:\n",
    ]
    for column, feature in enumerate(vectors.get_feature_names_out()):
        told = [
            (t, w) for t, w in zip(fitted.classes_, fitted.coef_[:, column], strict=True) if abs(w) >= LEAST
        ]
        if told:
            out += [f"  '{feature}': {{", ", ".join(f"{t}: {w:.2f}" for t, w in told), "}\n"]
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    main()
