#!/usr/bin/env bash
# Which of two models is the better doctor? The same cases for both, compared in pairs.
# 两个模型哪个更会问诊？用同样的病例，配对比较。
#
#   bash examples/compare-two-models/compare.sh                                    two small embedded models
#   bash examples/compare-two-models/compare.sh openai:A openai:B [flags of `run`]
set -euo pipefail
a=${1:-embedded:smollm2-135m}
b=${2:-embedded:qwen2.5-coder-0.5b-instruct}
if [ $# -ge 2 ]; then
    shift 2
else
    # Models this small are slow and say little: four cases, few turns.
    # 这么小的模型又慢又说不出什么：只跑四个病例、几轮对话。
    set -- --limit 4 --turns 3 --concurrency 1
fi
out=${OUT:-runs/compare}
dialogue-sim run --doctor "$a" --out "$out/a" "$@"
dialogue-sim run --doctor "$b" --out "$out/b" "$@"
dialogue-sim compare "$a=$out/a" "$b=$out/b" --write "$out/comparison.html" --write "$out/comparison.json"
