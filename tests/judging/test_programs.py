import pytest
from conftest import Judged
from scenes import Scene

from dialogue_sim.cases import Case
from dialogue_sim.judging.programs.history import KEY_FACTS, key_facts
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.verdict import Verdict


def test_key_facts_are_chosen_by_the_case_alone(driver: Case) -> None:
    facts = key_facts(driver)
    assert len(facts) == KEY_FACTS
    assert all(fact.disclosure != "opening" for fact in facts)
    critical = [f for f in driver.patient.facts if f.critical and f.disclosure != "opening"]
    assert facts[: len(critical)] == critical


async def test_coverage_counts_questions_critical_twice(scene: Scene, judged: Judged) -> None:
    facts = key_facts(scene.case)
    total = sum(2 if fact.critical else 1 for fact in facts)
    scene.says("是怎么个闷法？", "character").says("有没有气短？", "dyspnea").says("有发烧吗？")
    verdict = (await judged(scene.transcript(), scene.case))["A1"]
    assert verdict.value == pytest.approx((2 + 1) / total, abs=1e-4)
    assert verdict.turns == [1, 3]
    assert verdict.quote == "是怎么个闷法？"


async def test_facts_told_unasked_leave_the_count(scene: Scene, judged: Judged) -> None:
    total = sum(2 if fact.critical else 1 for fact in key_facts(scene.case))
    scene.says("是怎么个闷法？", "character", volunteers=["sweating"]).says(
        "出汗吗？", repeats=["sweating"]
    ).says("晕吗？")
    verdict = (await judged(scene.transcript(), scene.case))["A1"]
    assert verdict.value == pytest.approx(2 / (total - 2), abs=1e-4)


async def test_at_most_two_key_facts_are_credited_a_turn(scene: Scene, judged: Judged) -> None:
    scene.says("疼痛的部位、性质、放射、诱因都说说？", "site", "character", "radiation", "trigger").says(
        "还有呢？"
    ).says("嗯？")
    verdict = (await judged(scene.transcript(), scene.case))["A1"]
    total = sum(2 if fact.critical else 1 for fact in key_facts(scene.case))
    assert verdict.value == pytest.approx(4 / total, abs=1e-4)


async def test_a_turn_that_asks_nothing_earns_nothing(scene: Scene, judged: Judged) -> None:
    scene.says("我知道了。", "character", "radiation").says("有发烧吗？", "fever").says(
        "咳嗽吗？", "cough"
    ).says("几点开始的？")
    verdict = (await judged(scene.transcript(), scene.case))["A1"]
    assert verdict.turns == [3, 5]


async def test_red_flags_need_a_question(scene: Scene, judged: Judged) -> None:
    scene.says("晕倒过吗？", "syncope").says("出冷汗吗？", "sweating").says(
        "后背有撕裂样的疼吗？", "back_pain"
    )
    verdict = (await judged(scene.transcript(), scene.case))["A2"]
    assert verdict.value == pytest.approx(3 / 5)
    assert verdict.mark == "partly"


async def test_a_denied_symptom_asked_about_counts_for_the_negatives(scene: Scene, judged: Judged) -> None:
    scene.says("发烧吗？", "fever").says("咳嗽吗？", "cough")
    assert (await judged(scene.says("几点了？").transcript(), scene.case))["A7"].value == 0.5
    scene.says("心慌吗？", "palpitation")
    assert (await judged(scene.transcript(), scene.case))["A7"].value == 1


async def test_a_topic_asked_counts_even_when_nothing_is_on_record(scene: Scene, judged: Judged) -> None:
    scene.says("您的体重有变化吗？", topics=["general.weight"]).says("睡得怎么样？", "sleep").says("还有吗？")
    assert (await judged(scene.transcript(), scene.case))["A9"].value == 1


async def test_halves(scene: Scene, judged: Judged) -> None:
    scene.says("对什么药过敏吗？", "allergy").says("吃过什么药没有？", "treatment").says("嗯？")
    found = await judged(scene.transcript(), scene.case)
    assert found["A5"].value == 0.5
    assert found["A8"].value == 0.5
    assert found["A4"].value == 0


async def test_the_patients_own_view_in_thirds(scene: Scene, judged: Judged) -> None:
    scene.says("您自己觉得是什么原因？", views=["ideas"]).says("最担心什么？", views=["concerns"]).says(
        "还有吗？"
    )
    assert (await judged(scene.transcript(), scene.case))["B7"].value == pytest.approx(2 / 3, abs=1e-4)


@pytest.mark.parametrize(
    ("after", "value"),
    [
        (["今晚回家有危险，现在就得去急诊。", "抽烟吗？"], 1.0),
        (["抽烟吗？", "刚才您问的回家的事，不行，得去急诊。"], 1.0),
        (["抽烟吗？", "喝酒吗？", "今晚不能回家，得去急诊。"], 0.0),
    ],
)
async def test_a_cue_must_be_followed_within_two_turns(
    scene: Scene, judged: Judged, after: list[str], value: float
) -> None:
    scene.says("疼多久了？").says("什么感觉？", "character").says(
        "家里人有心脏病吗？", "family", cue="go_home"
    )
    for line in after:
        scene.says(line)
    # The emotion has an item of its own, and the closing cue, never heard, leaves the count.
    assert (await judged(scene.transcript(), scene.case))["A10"].value == value


async def test_what_a_question_brings_out_shows_what_it_takes_up(scene: Scene, judged: Judged) -> None:
    hint = {"id": "father", "kind": "hint", "when": "turn:1", "line": "我爸当年也是这样。"}
    cue = scene.case.patient.cues[0].model_copy(update=hint)
    case = scene.case.model_copy(update={"patient": scene.case.patient.model_copy(update={"cues": [cue]})})
    told = (
        Scene(case).says("疼多久了？", cue="father").says("令尊的情况是怎样的？", "family").says("抽烟吗？")
    )
    assert (await judged(told.transcript(), case))["A10"].value == 1


@pytest.mark.parametrize(
    ("turns", "value"),
    [
        (["疼多久了？", "什么感觉？", "哪里疼？", "出汗吗？", "晕吗？烧吗？"], 1.0),
        (["疼多久了？出汗吗？", "什么感觉？", "哪里疼？晕吗？", "出汗吗？"], 0.5),
        (["疼多久了？出汗吗？", "什么感觉？咳吗？", "哪里疼？晕吗？"], 0.0),
        (
            [
                "疼多久了，什么感觉，吃药了吗，晕没晕过没有？",
                "有没有过敏，有没有手术，是不是抽烟？",
                "多大，几天，怎么了？",
            ],
            0.0,
        ),
        (["疼多久了？", "什么感觉？"], 0.0),
        (["您哪里不舒服？请从头说说。", "看东西清楚吗，有没有模糊？", "疼多久了？"], 1.0),
    ],
)
async def test_one_question_a_turn(scene: Scene, judged: Judged, turns: list[str], value: float) -> None:
    for text in turns:
        scene.says(text)
    assert (await judged(scene.transcript(), scene.case))["B3"].value == value


async def test_plain_words(scene: Scene, judged: Judged) -> None:
    scene.says("疼多久了？").says("什么感觉？").says("哪里疼？")
    assert (await judged(scene.transcript(), scene.case))["B5"].value == 1
    scene.says("可能是心肌梗死，也就是给心脏供血的血管堵住了。")
    assert (await judged(scene.transcript(), scene.case))["B5"].value == 1
    scene.says("要尽快再灌注。").says("还要查肌钙蛋白。")
    assert (await judged(scene.transcript(), scene.case))["B5"].value == 0


async def test_asking_again_what_was_answered(scene: Scene, judged: Judged) -> None:
    scene.says("哪里疼？", "site").says("什么感觉？", "character").says("出汗吗？", "sweating")
    assert (await judged(scene.transcript(), scene.case))["E1"].value == 1
    scene.says("具体是哪个位置？", repeats=["site"])
    assert (await judged(scene.transcript(), scene.case))["E1"].value == 0.5
    scene.says("出汗吗？", repeats=["sweating"])
    assert (await judged(scene.transcript(), scene.case))["E1"].value == 0


async def test_a_summary_is_no_repeat(scene: Scene, judged: Judged) -> None:
    scene.says("哪里疼？", "site").says("什么感觉？", "character").says("出汗吗？", "sweating")
    scene.says("我小结一下：胸口正中间闷，出冷汗，对吗？", repeats=["site", "sweating"])
    assert (await judged(scene.transcript(), scene.case))["E1"].value == 1


async def test_yield_has_a_floor_of_turns(scene: Scene, judged: Judged) -> None:
    least, most = scene.case.judge.turn_band
    wanted = len(key_facts(scene.case))
    scene.says("哪里疼？", "site", "character")
    value = (await judged(scene.says("嗯？").says("还有呢？").transcript(), scene.case))["E2"].value
    assert value == pytest.approx((2 / least) / (wanted / most), abs=1e-3)


async def test_long_turns(scene: Scene, judged: Judged) -> None:
    long = "我想详细跟您解释一下这件事情的来龙去脉，" * 10
    for text in ("哪里疼？", "什么感觉？", "出汗吗？", "晕吗？"):
        scene.says(text)
    assert (await judged(scene.transcript(), scene.case))["E3"].value == 1
    for text in ("一", "二", "三", "四", "五", "六"):
        scene.says(long + text)
    assert (await judged(scene.transcript(), scene.case))["E3"].value == 0


async def test_drugs_are_advised_after_the_checks(scene: Scene, judged: Judged) -> None:
    scene.says("哪里疼？", "site").says("对药物过敏吗？", "allergy").says("现在吃什么药？", "drug")
    scene.says("请先嚼服阿司匹林300毫克。")
    assert (await judged(scene.transcript(), scene.case))["C3"].value == 1


async def test_checks_that_come_too_late_do_not_count(scene: Scene, judged: Judged) -> None:
    scene.says("哪里疼？", "site").says("请先嚼服阿司匹林300毫克。")
    scene.says("对药物过敏吗？", "allergy").says("现在吃什么药？", "drug")
    assert (await judged(scene.transcript(), scene.case))["C3"].value == 0


@pytest.mark.parametrize(
    ("tests", "value"),
    [
        (["心电图", "肌钙蛋白"], 1.0),
        (["十二导联心电图", "高敏肌钙蛋白I", "血常规", "凝血功能"], 1.0),
        (["心电图"], 2 / 3),
        (["心电图", "肌钙蛋白", "胃镜"], 4 / 5),
        (["心电图", "肌钙蛋白", "骨密度"], 4 / 4.5),
        (["胃镜", "头颅CT"], 0.0),
        ([], 0.0),
    ],
)
async def test_advised_tests_as_f1(scene: Scene, judged: Judged, tests: list[str], value: float) -> None:
    scene.says("哪里疼？", "site").says("什么感觉？").says("出汗吗？").closes("急性胃炎", tests=tests)
    assert (await judged(scene.transcript(), scene.case))["D3"].value == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize(
    ("line", "grounded"),
    [
        ("您的心电图显示ST段抬高。", False),
        ("您的肌钙蛋白是5.6 ng/mL。", False),
        ("血压180/110mmHg，太高了。", False),
        ("检查结果显示有问题。", False),
        ("如果血压超过180/110mmHg就要小心。", True),
        ("要做心电图看看有没有ST段抬高。", True),
        ("您刚才说疼痛有七八分。", True),
    ],
)
async def test_results_nobody_gave(scene: Scene, judged: Judged, line: str, grounded: bool) -> None:
    scene.says("哪里疼？", "site").says("有多疼？", "severity").says("出汗吗？").says(line)
    found = await judged(scene.transcript(), scene.case)
    assert (found["C6"].value == 1) is grounded
    assert (found["G3"].mark == "met") is not grounded


async def test_a_result_the_examiner_gave_may_be_told(scene: Scene, judged: Judged) -> None:
    scene.says("哪里疼？", "site").says("有多疼？").says("请做一个心电图。", examiner="ecg").says(
        "抽血查肌钙蛋白。", examiner="troponin"
    )
    scene.says("您的心电图显示ST段抬高，肌钙蛋白1.26 ng/mL，都不正常。").says("出汗吗？")
    found = await judged(scene.transcript(), scene.case)
    assert found["C6"].value == 1
    assert found["G3"].mark == "not"


async def test_every_positive_verdict_stands_on_a_quote(scene: Scene, judged: Judged) -> None:
    from dialogue_sim.judging.evidence import quote_stands

    scene.says("您好，我是线上医生助手，先了解一下情况。您具体怎么不舒服？").says(
        "出冷汗吗？", "sweating"
    ).says("晕倒过吗？", "syncope")
    scene.says("因为您休息也不缓解，所以可能是心脏的问题，要等心电图结果才能确定。").says(
        "您还有什么想问的吗？"
    )
    scene.closes("急性下壁心肌梗死", ["主动脉夹层"], ["心电图"], ["立即拨打120"])
    transcript = scene.transcript()
    positive = [v for v in (await judged(transcript, scene.case)).values() if v.value]
    assert len(positive) > 12

    def stands(verdict: Verdict) -> bool:
        return quote_stands(verdict.quote, verdict.turns, transcript)

    assert [verdict.item for verdict in positive if not stands(verdict)] == []


def test_a_reading_does_not_change_the_transcript(scene: Scene) -> None:
    scene.says("哪里疼？", "site").closes("x")
    transcript = scene.transcript()
    before = transcript.model_dump_json()
    reading = Reading(transcript)
    assert reading.doctor
    assert reading.closing
    assert transcript.model_dump_json() == before
