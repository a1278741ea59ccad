import yaml

from dialogue_sim.judging import wordlists as module
from dialogue_sim.judging.wordlists import wordlists


def test_both_languages_have_the_same_lists_and_every_pattern_compiles() -> None:
    folder = module._FOLDER
    zh, en = (
        yaml.load((folder / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
        for name in ("zh", "en")
    )
    assert zh.keys() == en.keys()
    assert zh["topics"].keys() == en["topics"].keys()
    for language, lists in (("zh", zh), ("en", en)):
        words = wordlists(language)
        names = [name for name, value in lists.items() if isinstance(value, list)]
        for name in [*names, *(f"topics.{topic}" for topic in lists["topics"])]:
            assert not words.pattern(name).search(""), f"{name} matches nothing at all"
        assert all(limit > 0 for limit in words.doses().values())
