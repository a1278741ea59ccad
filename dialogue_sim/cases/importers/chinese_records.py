"""Reading the parts of Chinese clinical records: history, examinations, diagnoses, treatment."""

from __future__ import annotations

import re
from typing import Literal

from dialogue_sim.cases.importers.building import Builder
from dialogue_sim.cases.importers.mapping import topic_of, wording
from dialogue_sim.cases.importers.routing import Route, is_told, route_of
from dialogue_sim.cases.importers.statements import sentences
from dialogue_sim.cases.importers.vitals import is_vitals
from dialogue_sim.cases.model import Action

_SECTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "既往": (("history.", "gyn."), "history.past"),
    "个人": (("social.", "history."), "social.living"),
    "婚育": (("gyn.", "social."), "gyn.pregnancy"),
    "月经": (("gyn.",), "gyn.menstruation"),
    "生育": (("gyn.",), "gyn.pregnancy"),
    "家族": (("history.family",), "history.family"),
    "过敏": (("history.allergy",), "history.allergy"),
    "出生": (("history.",), "history.birth"),
}
_DIAGNOSIS = re.compile(
    r"(?<!鉴别)(?<!鉴别要点)(?:最可能的|初步|临床|主要|应|首先)?诊断(?:结果)?(?:为|考虑为|是)?\s*[：:]\s*([^\n]+?)(?=[。\n]|[（(]\d[)）]\s*诊断依据|诊断依据|$)"
)
_CONSIDERED = re.compile(
    r"(?:首先考虑|应当首先考虑|诊断考虑|考虑诊断为|诊断为|可诊断为|考虑为|可能性最大的是|初步诊断[为是]?)\s*[：:]?\s*([^，。；\n（(]{2,30}(?:[（(][^（）()]*[)）])?)"
)
_DIFFERENTIAL = re.compile(
    r"(?:[①-⑳]|[（(]\d{1,2}[)）]|\d{1,2}[.、．])\s*(?:与|和)?\s*([^：:，。；\n]{2,24}?)(?:相鉴别|鉴别)?\s*[：:，]"
)
_ACT = re.compile(
    r"[^\s行予应需可考虑选择采用进给立即积极首为的所及和或后前时用与，。、；：（）()]{0,10}?(?:切除术|修补术|吻合术|造瘘术|成形术|结扎术|固定术|引流术|切开术|清扫术|移植术|置换术|栓塞术|取石术|碎石术|减压术|探查术|内扎术|折叠术|手术|"
    r"化疗|放疗|引流|抗感染|补液|输血|抗休克|透析|溶栓|止血|电凝|抗凝|补充血容量|制动|牵引|康复训练|物理治疗|药物治疗|保守治疗|综合治疗|激素治疗)"
)
_VALUE = re.compile(r"\d\s*(?:[a-zμ%％/×]|mm|mol)|[（(][-+＋－][)）]|阴性|阳性|影$|积液$", re.IGNORECASE)
_TITLES = {
    "颅": "neurosurgery", "蛛网膜": "neurosurgery", "矢状缝": "neurosurgery", "腰椎": "orthopedics", "骨": "orthopedics", "手部": "orthopedics",
    "泌尿": "urology", "膀胱": "urology", "肾": "urology", "隐睾": "urology", "尿失禁": "urology", "阴茎": "urology", "嗜铬": "urology",
    "胆": "general_surgery", "疝": "general_surgery", "脾": "general_surgery", "结、直肠": "general_surgery", "小肠": "general_surgery",
    "腹部": "general_surgery", "甲状": "general_surgery", "颈部": "general_surgery", "丹毒": "general_surgery",
}  # fmt: skip


def specialty_of(title: str) -> str:
    """The specialty that a chapter's title means, for the surgical chapters that CMB-Clin takes its cases from."""
    return next((specialty for word, specialty in _TITLES.items() if word in title), "not_recorded")


def told_section(builder: Builder, name: str, text: str) -> None:
    """Add a section of the history; what was found in it goes to the examiner, the admission is left out."""
    prefer, default = next(
        (kinds for word, kinds in _SECTIONS.items() if word in name), ((), "hpi.associated")
    )
    for sentence in sentences(text, "zh"):
        if name == "主诉":
            _complaint(builder, sentence)
            continue
        for piece, route in _pieces(sentence):
            builder.sentence(piece, route, prefer=prefer, default=default)


def _complaint(builder: Builder, sentence: str) -> None:
    builder.told(sentence, disclosure="opening", default="hpi.onset")
    if not builder.opening and not builder.names_diagnosis(sentence):
        builder.opening = wording("zh")["opening"].format(say=sentence.strip(" 。") + "。")


def _pieces(sentence: str) -> list[tuple[str, Route]]:
    """Clauses of a sentence with their routes, neighbours of one route joined again; a result goes on until a complaint follows."""
    pieces: list[tuple[str, Route]] = []
    for clause in re.split(r"(?<=[，,；;])", sentence):
        route = route_of(clause, "zh")
        found_before = bool(pieces) and pieces[-1][1] in {"test", "examination"}
        if (
            found_before
            and route == "patient"
            and not is_told(clause, "zh")
            and (_VALUE.search(clause) or not topic_of(clause, "zh"))
        ):
            route = pieces[-1][1]
        if pieces and pieces[-1][1] == route:
            pieces[-1] = pieces[-1][0] + clause, route
        else:
            pieces.append((clause, route))
    return pieces


def examined(builder: Builder, kind: Literal["examinations", "tests"], name: str, text: str) -> None:
    """Add a section of findings; vital signs are taken out of it."""
    kept = []
    for sentence in sentences(text, "zh"):
        builder.measured(sentence)
        if not is_vitals(sentence, "zh"):
            kept.append(sentence)
    if kept:
        builder.found(kind, name, "\n".join(kept))


def diagnosis_in(text: str) -> list[str]:
    """The diagnoses that an answer names, the leading one first; [] when it names none."""
    found = _DIAGNOSIS.search(text) or _CONSIDERED.search(text)
    if not found:
        return []
    named = re.split(r"[；;]|\d+[.、．](?=\D)|，(?=[^，]{0,12}(?:梗阻|炎|症|病|癌)$)", found[1])
    names = [re.sub("^(?:考虑|诊断为?|为)", "", one.strip(" 。，,:：")) for one in named]
    return [name for name in names if name]


def differential_in(text: str) -> list[str]:
    """The diseases that an answer tells apart from the diagnosis."""
    start = text.find("鉴别诊断")
    part = text[start:] if start >= 0 else text
    names = [match[1].strip() for match in _DIFFERENTIAL.finditer(part)]
    return [name for name in names if not re.search("诊断|鉴别|依据|分析|症状|检查|此外|另外|其他", name)]


def actions_in(text: str) -> list[Action]:
    """The plan, sentence by sentence; each is matched by the procedures and treatments that it names."""
    actions = []
    for number, sentence in enumerate(sentences(text, "zh"), 1):
        phrases = list(dict.fromkeys(match[0] for match in _ACT.finditer(sentence)))
        if phrases:
            actions.append(Action(id=f"plan-{number}", action=sentence.strip(), match=phrases))
    return actions
