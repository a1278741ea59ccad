"""Turns that try to get the case out of the patient instead of asking for it.

The words that cheats use (`attack:` in the lexicons) stand in honest turns, too, with the doctor as the one who
acts: "we need an X-ray to confirm the diagnosis", "I'll give you the instructions". Those are told apart by
what stands before them.
"""

from __future__ import annotations

import re

from dialogue_sim.roles.patient.lexicon import Lexicon

_LOOKED_AT = 80  # characters before such words

_AUXILIARIES = (
    "will|can|could|would|should|shall|may|might|must|do|does|did|don't|didn't|can't|won't|cannot|need|needs|want|wish|have|has|"
    "had|like|love|prefer|plan|hope|try|trying|going|am|are|is|be|able|ready|happy|not|never|just|also|then|first|next|even|"
    "always|usually|often|briefly|quickly|better|further|fully|to"
)
_OTHERS = (
    "they|he|she|(?:the|your|our|any|a|another|last|other|previous) (?:\\w+ )?(?:doctors?|hospital|gp|clinic|nurse|surgeon|"
    "specialist|consultant|team|pharmacist|lab)|anyone|anybody|somebody|someone|(?:this|that|it|which)|(?:tests?|results?|scans?|x-rays?|biopsy)"
)
_DOER = {
    "en": re.compile(
        rf"(?:(?<!\w)(?:i|we|i'll|we'll|i'd|we'd|i'm|we're|i've|we've|let me|let us|let's|{_OTHERS})(?: (?:{_AUXILIARIES}))*"
        r"|(?:^|[,.:!?]|(?<!\w)(?:in order|needed|necessary|done|helps?|helpful|useful|used|so as|me|us|tests?|scans?|x-rays?|"
        r"bloods?|biopsy|ultrasound|ct|mri|swab|results?|specialist|examination)) ?to(?: (?:further|better|fully|help|also))*"
        r"|(?<!\w)helps?(?: us| me)?(?: to)?)$"
    ),
    "zh": re.compile(
        r"(?:(?:我们?|医生|大夫|医院|别人|人家|他们|家里人)(?:会|来|再|先|就|可以|能够?|想|要|需要|将|才能?|已经|之前|以前|后来|进一步|更好地?|初步|尽快|"
        r"一起|说|讲|写|开|诊断|怀疑|过|没有?|有|得的|的|(?:告诉|给|帮|为|替|跟|和|向)过?[您你]?)*"
        r"|(?:以|(?<![你您])来|为了|便于|用于|用来|有助于|才能|从而|进一步|方便|协助|好让我|帮助(?:我们?|医生))(?:我们?|医生|进一步|更好地?|最终|明确|尽快|能|来)*)$"
    ),
}


def cheats(text: str, words: Lexicon) -> bool:
    """Whether a folded turn holds a cheat in the lexicon's language."""
    return words.says("attack", text) and any(
        not _DOER[words.language].search(text[max(0, found.start() - _LOOKED_AT) : found.start()].rstrip())
        for found in words.found("attack", text)
    )
