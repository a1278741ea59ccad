"""Model families: a judge must not mark its own kin.

A judge passes its own family's failed criteria far more readily (scoring.md, 0.7), so a panel with
the doctor's family in it is refused unless forced, and then flagged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue_sim.errors import ConfigError

# Order matters: what a name says of its base model comes before the name's own brand.
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("qwen", r"qwen|qwq|tongyi|通义"),
    ("llama", r"llama|vicuna|alpaca|meditron|openbiollm"),
    ("glm", r"glm|zhipu|智谱"),
    ("gpt", r"gpt|chatgpt|openai/|\bo[134](?:-|\b)|davinci"),
    ("claude", r"claude|anthropic"),
    ("deepseek", r"deepseek"),
    ("gemini", r"gemini|gemma|medgemma|palm|google/"),
    ("mistral", r"mistral|mixtral|ministral|magistral|biomistral"),
    ("baichuan", r"baichuan|百川"),
    ("internlm", r"internlm|intern-?s1|书生"),
    ("yi", r"(?:^|[/_-])yi-|01-ai"),
    ("ernie", r"ernie|wenxin|文心"),
    ("hunyuan", r"hunyuan|混元"),
    ("doubao", r"doubao|seed-oss|豆包"),
    ("kimi", r"kimi|moonshot"),
    ("minimax", r"minimax|abab"),
    ("phi", r"(?:^|[/_-])phi-?\d"),
    ("grok", r"grok"),
    ("command", r"command-?[ra]|cohere|aya-"),
    ("smollm", r"smollm"),
    ("granite", r"granite"),
    ("nemotron", r"nemotron"),
    ("step", r"(?:^|[/_-])step-?\d"),
    # Fine-tunes that are known by a brand: what their authors say they were trained from.
    ("glm", r"(?:qingnang|青囊)[-_ ]?9b"),
    ("qwen", r"qingnang|青囊|citrus|huatuogpt-o1|huatuogpt-3|med-r1|doctoragent-rl"),
)
_MODEL_SCHEMES = {"openai", "vllm", "vllm-serve", "embedded"}


def family(spec: str) -> str | None:
    """The family of a model by its name; None for what is no known model (scripted, lexicon, a function, a person).

    A distilled model belongs to the family whose weights it runs on: `DeepSeek-R1-Distill-Qwen-7B`
    is qwen.
    """
    scheme, colon, name = spec.partition(":")
    if colon and scheme not in _MODEL_SCHEMES:
        return None
    # A transcript of another tool names its doctor without a scheme.
    name = (name if colon else spec).casefold()
    distilled = re.search(r"distill?(?:ed)?[-_ ](.*)", name)
    for part in (distilled[1] if distilled else "", name):
        found = next((kin for kin, words in _FAMILIES if part and re.search(words, part)), None)
        if found:
            return found
    return None


def check_families(doctor: str, judges: Sequence[str], allow: bool = False) -> list[str]:
    """The judges that are of the doctor's own family; empty when there is none.

    Raises:
        ConfigError: there is one and `allow` is false.
    """
    own = family(doctor)
    kin = [judge for judge in judges if judge == doctor or (own is not None and family(judge) == own)]
    kin = [judge for judge in kin if judge.partition(":")[0] in _MODEL_SCHEMES]
    if kin and not allow:
        raise ConfigError(
            f"the judge {kin[0]!r} is of the doctor's own model family ({own or doctor})",
            where=doctor,
            mend="judge with another family (a judge favours its own), or force it with --allow-same-family; "
            "the score is then marked",
        )
    return kin


_BRANDS = re.compile(
    r"(?:qwen|llama|chatglm|glm|gpt|deepseek|claude|gemini|gemma|mistral|baichuan|internlm|ernie|kimi|qingnang|citrus|huatuogpt)"
    r"[\w.-]*|通义千问|通义|智谱清言|智谱|百川|文心一言|文心|豆包|混元|青囊|月之暗面",
    re.IGNORECASE,
)


def hide_brands(text: str, instead: str = "AI") -> str:
    """A doctor's text without names of models, so that a judge cannot know whose it is."""
    return _BRANDS.sub(instead, text)
