"""Two small patients, one in each language, with the same facts under the same ids."""

from __future__ import annotations

from dialogue_sim.cases import Case, guarded_terms, patient_view
from dialogue_sim.cases.model import Cue, Demographics, Finding, Persona, Speaker, Vitals
from dialogue_sim.cases.views import ExaminerView, PatientFact, PatientView
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient import Patient, PatientReply, PatientSettings, open_patient

# id, topic, status, disclosure, Chinese line, English line, Chinese ask words, English ask words
_FACTS = (
    ("onset", "hpi.onset", "affirmed", "opening", "三天前开始疼的。", "It started three days ago.", "", ""),
    ("site", "hpi.site", "affirmed", "on_ask", "就在肚脐右边。", "Just to the right of my belly button.", "", ""),
    ("character", "hpi.character", "affirmed", "on_ask", "一阵一阵地绞着疼。", "It comes in cramps.", "", ""),
    ("severity", "hpi.severity", "affirmed", "on_ask", "十分里头有六分。", "Six out of ten.", "", ""),
    ("eating", "hpi.associated", "affirmed", "volunteer", "一吃油的就更难受。", "Greasy food sets my stomach off.", "", ""),
    ("fever", "ros.fever", "denied", "on_ask", "没发烧。", "No fever.", "", ""),
    ("vomiting", "ros.vomiting", "affirmed", "on_ask", "昨天吐了两回。", "I was sick twice yesterday.", "", ""),
    ("cough", "ros.cough", "denied", "on_ask", "不咳嗽。", "No cough.", "", ""),
    ("pressure", "history.past", "affirmed", "on_ask", "血压高五年了。", "I've had high blood pressure for five years.", "血压", "blood pressure"),
    ("ulcer", "history.past", "denied", "on_ask", "没得过胃溃疡。", "I've never had a stomach ulcer.", "溃疡", "ulcer"),
    ("drug", "history.drug", "affirmed", "on_ask", "每天一片氨氯地平。", "One amlodipine a day.", "", ""),
    ("herbs", "history.drug", "affirmed", "on_probe", "其实……还偷偷喝着草药。", "Well... I do drink a herbal brew.", "草药", "herbal"),
    ("allergy", "history.allergy", "denied", "on_ask", "没有药物过敏。", "I'm not allergic to any medicine.", "", ""),
    ("smoking", "social.smoking", "denied", "on_ask", "不抽烟。", "I don't smoke.", "", ""),
    ("sleep", "general.sleep", "affirmed", "on_ask", "疼得睡不着。", "The pain keeps me awake.", "", ""),
)  # fmt: skip

_CUES = {
    "zh": (("fear", "emotion", "turn:2", "我怕是肝上长了东西。"), ("bill", "concern", "closing", "看这个病得花多少钱啊？")),
    "en": (("fear", "emotion", "turn:2", "I'm scared it's something in my liver."), ("bill", "concern", "closing", "How much will all this cost?")),
}  # fmt: skip


def view(language: str, *, companion: bool = False, persona: Persona | None = None) -> PatientView:
    """The patient of one language."""
    chinese = language == "zh"
    facts = tuple(
        PatientFact(
            name,
            topic,
            status,
            zh if chinese else en,
            told,
            tuple(filter(None, [ask_zh if chinese else ask_en])),
        )  # type: ignore[arg-type]
        for name, topic, status, told, zh, en, ask_zh, ask_en in _FACTS
    )
    return PatientView(
        case_id=f"{language}-belly",
        language=language,
        demographics=Demographics(age=46, sex="female", occupation="会计" if chinese else "bookkeeper", name="老林" if chinese else "Lyn"),
        speaker=Speaker(who="companion", relation="女儿" if chinese else "daughter") if companion else Speaker(),
        opening="大夫，我肚子疼了三天了。" if chinese else "Doctor, my stomach's been hurting for three days.",
        facts=facts,
        cues=tuple(Cue(id=i, kind=k, when=w, line=line) for i, k, w, line in _CUES[language]),  # type: ignore[arg-type]
        ideas="我琢磨是吃坏了。" if chinese else "I think it's something I ate.",
        concerns="就怕是肝上的毛病。" if chinese else "I'm afraid it's my liver.",
        expectations="",
        persona=persona or Persona(),
    )  # fmt: skip


_FINDINGS = {
    "zh": {
        "belly": (["腹部查体", "腹部触诊"], "右上腹压痛。"),
        "heart": (["心脏听诊"], "律齐。"),
        "ecg": (["心电图", "ECG"], "窦性心律。"),
        "count": (["血常规"], "白细胞 13.1×10⁹/L。"),
        "scan": (["腹部超声", "B超"], "胆囊壁增厚。"),
    },
    "en": {
        "belly": (["abdominal examination"], "Tender in the right upper quadrant."),
        "heart": (["heart sounds"], "Regular."),
        "ecg": (["ECG", "EKG"], "Sinus rhythm."),
        "count": (["full blood count", "FBC"], "White cells 13.1 ×10⁹/L."),
        "scan": (["abdominal ultrasound"], "Thickened gallbladder wall."),
    },
}
_NORMAL = {"heart", "ecg"}


def examiner_view(language: str, *, default: str = "not_available") -> ExaminerView:
    """What an examination of that patient returns."""
    findings = [
        Finding(id=name, names=names, result=result, status="normal" if name in _NORMAL else "abnormal")
        for name, (names, result) in _FINDINGS[language].items()
    ]
    return ExaminerView(
        case_id=f"{language}-belly",
        language=language,
        vitals=Vitals(temperature="37.8 ℃", pulse="88", blood_pressure="142/86 mmHg"),
        examinations=tuple(findings[:2]),
        tests=tuple(findings[2:]),
        default=default,
    )


def record(language: str, *, seed: int = 1, companion: bool = False, **settings: str) -> Patient:
    """The record patient."""
    return open_patient(
        view(language, companion=companion), PatientSettings.model_validate(settings),
        guarded_terms=TERMS[language], prompts=Prompts(), seed=seed,
    )  # fmt: skip


def patient_of(case: Case) -> Patient:
    """The record patient of a case."""
    return open_patient(
        patient_view(case), PatientSettings(), guarded_terms=guarded_terms(case), prompts=Prompts(), seed=1
    )


async def ask(patient: Patient, *turns: str) -> PatientReply:
    """The answer to the last of these doctor turns."""
    for turn in turns:
        reply = await patient.reply(turn, [])
    return reply


TERMS = {"zh": ("急性胆囊炎", "胆囊炎"), "en": ("acute cholecystitis", "cholecystitis")}


class Speaks:
    """A model that says the given things in turn, the last one for ever; keeps what it was asked."""

    spec = "python:tests:speaks"

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.heard: list[list[Message]] = []

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        self.heard.append([Message(role=m["role"], content=m["content"]) for m in messages])
        return Reply(text=self._texts.pop(0) if len(self._texts) > 1 else self._texts[0])

    async def close(self) -> None:
        return None
