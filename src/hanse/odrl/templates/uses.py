"""Templates for what is done with the data: uses for artificial intelligence, and what is forbidden."""

from __future__ import annotations

from hanse.odrl.names import DISTRIBUTE, EMBED, EVALUATE, FINE_TUNE, MINE, RETRIEVE, TRAIN
from hanse.odrl.templates.pieces import Made, Piece, Template, Words, always, one_of

ACTION_WORDS = {
    "train": TRAIN,
    "fine-tune": FINE_TUNE,
    "evaluate": EVALUATE,
    "embed": EMBED,
    "retrieve": RETRIEVE,
    "mine": MINE,
    "distribute": DISTRIBUTE,
}
"""Actions by the words that people type; `use` is what is permitted where none is named."""

_MEANINGS = {
    "train": ("A model may be trained with the data.", ("training", "ai", "model", "learn")),
    "fine-tune": ("A model may be fine-tuned with the data.", ("finetune", "tune", "tuning")),
    "evaluate": ("A model may be evaluated with the data.", ("evaluation", "test", "benchmark")),
    "embed": ("Embeddings may be made of the data.", ("embedding", "vector")),
    "retrieve": ("The data may be looked up for a model's answers.", ("retrieval", "rag", "search")),
    "mine": ("Text and data mining is permitted: all uses for artificial intelligence above but looking up.", ("mining", "tdm")),
    "distribute": ("The data may be passed on.", ("share", "resell", "publish")),
}


def _forbid(words: Words) -> Piece:
    return Piece(forbidden=tuple(ACTION_WORDS[one_of(name, tuple(ACTION_WORDS))] for name in words.names("an action")))


USES: tuple[Made, ...] = (
    *(
        (
            Template(name=name, usage=name, meaning=f"{meaning} Only what is named so is permitted.", example=name, also=also),
            always(Piece(actions=(ACTION_WORDS[name],))),
        )
        for name, (meaning, also) in _MEANINGS.items()
    ),
    (
        Template(
            name="forbid",
            usage="forbid ACTION[,ACTION...]",
            meaning=f"This is forbidden whatever else is said: {', '.join(ACTION_WORDS)}.",
            example="forbid train",
            repeats=True,
            also=("no", "not", "prohibit", "deny", "never"),
        ),
        _forbid,
    ),
)
"""Templates about actions."""
