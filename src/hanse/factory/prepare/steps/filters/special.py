"""Words of English that are not split by their signs, and those that are split without one: abbreviations and contractions."""

from __future__ import annotations

from itertools import product
from typing import Final

_PERSONS: Final = "i you he she it we they"
_ASKING: Final = "who what when where why how there that this"
_THESE: Final = "these those"
_HELPING: Final = "ca could do does did had may might must need ought sha should wo would"
_BEING: Final = "ai are is was were have has dare"
_TAILS: Final = (
    (f"{_PERSONS} {_ASKING} {_THESE}", "'ll 'll've 'd 'd've"),
    ("i", "'m"),
    (f"i you we they {_ASKING} {_THESE}".replace("that this ", ""), "'ve"),
    (f"you we they {_ASKING} {_THESE}".replace("that this ", ""), "'re"),
    (f"he she it {_ASKING}", "'s"),
    ("could might must should would", "'ve"),
    (f"{_HELPING} {_BEING}", "n't"),
    (_HELPING, "n't've"),
)
"""Which words take which tails. Each is also written without its apostrophes."""
_OTHER: Final = "ill its hell shell shed were well whore"
"""What would look like one of these without its apostrophe, and is a word of its own."""
_PAIRS: Final = "can+not Can+not let+'s Let+'s gon+na Gon+na got+ta Got+ta not+'ve Not+'ve not+ve Not+ve"
_WHOLE: Final = (
    "and/or w/o C++ \\t \\n \\\") <space> '' 'd 'em 'll 'nuff 'S 's ‘S ‘s 're 'Cause 'cause 'cos 'Cos 'coz 'cuz 'bout ma'am Ma'am o'clock"
    " O'clock ol' Ol' doin' goin' nothin' somethin' lovin' havin' Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla."
    " Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun. Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev."
    " Nov. Oct. Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e."
    " I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s. ä. ö. ü. :) :-) ;) ;-) :( :-("
    " =) =( (= (: (; ): [: :] [= =] =[ ]= :/ :-/ =/ :| =| :* :D :-D :P :-P :p :o :O :x :X :3 :1 :0 :> 8) <3 xD XD o_O ._. -_- 0.0 :') =D"
)


def _contractions() -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = {}
    for words, tails in _TAILS:
        for word, tail in product(words.split(), tails.split()):
            pieces = (word, tail.removesuffix("'ve"), "'ve") if tail not in ("'ve", "n't") and tail.endswith("'ve") else (word, tail)
            made["".join(pieces)] = pieces
    plain = {one.replace("'", ""): tuple(piece.replace("'", "") for piece in pieces) for one, pieces in made.items()}
    made = {**plain, **made}
    made |= {one.capitalize(): (pieces[0].capitalize(), *pieces[1:]) for one, pieces in made.items()}
    for word in _OTHER.split():
        made.pop(word, None)
        made.pop(word.capitalize(), None)
    made |= {pair.replace("+", ""): tuple(pair.split("+")) for pair in _PAIRS.split()}
    made |= {f"{hour}{half}": (str(hour), half) for hour in range(1, 13) for half in ("am", "pm", "a.m.", "p.m.")}
    return made | {one.replace("'", "’"): tuple(piece.replace("'", "’") for piece in pieces) for one, pieces in made.items()}


SPECIAL: Final[dict[str, tuple[str, ...]]] = {
    **{one: (one,) for one in _WHOLE.split()},
    **{f"{letter}.": (f"{letter}.",) for letter in "abcdefghijklmnopqrstuvwxyz"},
    **_contractions(),
}
"""The pieces of each special word."""
SIGNED: Final = frozenset(one for one in SPECIAL if not one[0].isalnum() or not one[-1].isalnum() or "/" in one)
"""Those that begin or end with a sign, or have one inside at which words are split: the rules may have taken them apart."""
STARTS: Final = frozenset(one[:end] for one in SIGNED for end in range(1, len(one)))
"""What such a word may begin with."""
