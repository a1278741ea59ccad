#!/usr/bin/env bash
# Score a checkpoint and fail when it is worse than the baseline. Exit codes: 0 not shown to be worse;
# 1 worse at the 5 % level; 2 wrong usage; 3 dialogues are missing (run it again: what is there is kept).
# 给检查点评分，比基线差就失败。退出码：0 没有变差的证据；1 在 5% 水平上变差；2 用法错误；3 有对话没做完（再跑一次即可接着做）。
#
#   bash examples/ci-gate/gate.sh BASELINE_RUN CANDIDATE_SPEC [flags of `dialogue-sim run`]
set -euo pipefail
if [ $# -lt 2 ]; then
    sed -n '2,6p' "$0" >&2
    exit 2
fi
baseline=$1 candidate=$2
shift 2
out=${OUT:-runs/gate}
dialogue-sim run --doctor "$candidate" --out "$out/candidate" "$@"
dialogue-sim compare "$baseline" "$out/candidate" --fail-if-worse --write "$out/gate.md" --write "$out/gate.json"
