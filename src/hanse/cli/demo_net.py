"""A small language model on the CPU, for the demo: it guesses the next token from the six before it, and learns by Adam.

A network with one hidden layer (Bengio et al., 2003): nothing that anybody would use, but a model that was really trained, on token
shards that Hanse has made, in some seconds and with nothing but numpy.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Tokens = NDArray[np.int64]
    Parts = dict[str, Floats]

CONTEXT: Final = 6
WIDTH: Final = 48
HIDDEN: Final = 96
BATCH: Final = 256
_RATE: Final = 0.005
_SEED: Final = 7


class Net:
    """The model: a vector for each token, a hidden layer, and a score for each token that may come next."""

    def __init__(self, vocabulary: int) -> None:
        import numpy as np

        chance = np.random.default_rng(_SEED)

        def small(rows: int, columns: int, scale: float) -> Floats:
            return (chance.standard_normal((rows, columns)) * scale).astype(np.float32)

        self.parts: Parts = {
            "vectors": small(vocabulary, WIDTH, 0.1),
            "hidden": small(CONTEXT * WIDTH, HIDDEN, (CONTEXT * WIDTH) ** -0.5),
            "out": small(HIDDEN, vocabulary, HIDDEN**-0.5),
            "bias": np.zeros((1, vocabulary), np.float32),
        }

    def learn(self, before: Tokens, after: Tokens) -> tuple[float, Parts]:
        """Return the mean loss (nats per token) of guesses [batch] from tokens [batch, CONTEXT], and its gradients."""
        import numpy as np

        parts, size = self.parts, len(after)
        seen = parts["vectors"][before].reshape(size, -1)
        inner = np.tanh(seen @ parts["hidden"])
        scores = inner @ parts["out"] + parts["bias"]
        scores -= scores.max(1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(1, keepdims=True)
        rows = np.arange(size)
        loss = float(-np.log(chances[rows, after] + 1e-9).mean())
        chances[rows, after] -= 1
        chances /= size
        back = (chances @ parts["out"].T) * (1 - inner * inner)
        vectors = np.zeros_like(parts["vectors"])
        np.add.at(vectors, before.reshape(-1), (back @ parts["hidden"].T).reshape(-1, WIDTH))
        return loss, {"vectors": vectors, "hidden": seen.T @ back, "out": inner.T @ chances, "bias": chances.sum(0, keepdims=True)}

    def weights(self) -> bytes:
        """Return all parameters as one `.npz` file."""
        import io

        import numpy as np

        out = io.BytesIO()
        np.savez(out, **self.parts)  # type: ignore[arg-type]  # its stubs take an option for an array
        return out.getvalue()

    @property
    def parameters(self) -> int:
        """How many numbers it has learned."""
        return sum(part.size for part in self.parts.values())


def train(tokens: Tokens, vocabulary: int, *, steps: int, seconds: float) -> tuple[Net, list[float]]:
    """Train a model on a stream of tokens for so many steps, but no longer than so many seconds; return it with the loss of each step."""
    import numpy as np

    net, chance, end = Net(vocabulary), np.random.default_rng(_SEED), time.monotonic() + seconds
    adam, losses = _Adam(net.parts), list[float]()
    while len(losses) < steps and time.monotonic() < end:
        windows = tokens[chance.integers(0, len(tokens) - CONTEXT, BATCH)[:, None] + np.arange(CONTEXT + 1)]
        loss, gradients = net.learn(windows[:, :-1], windows[:, -1])
        adam.change(gradients)
        losses.append(loss)
    return net, losses


class _Adam:
    """Changes parameters by their gradients (Kingma and Ba, 2015)."""

    def __init__(self, parts: Parts) -> None:
        import numpy as np

        self._parts = parts
        self._means = {name: np.zeros_like(part) for name, part in parts.items()}
        self._squares = {name: np.zeros_like(part) for name, part in parts.items()}
        self._step = 0

    def change(self, gradients: Parts) -> None:
        import numpy as np

        self._step += 1
        for name, gradient in gradients.items():
            mean, square = self._means[name], self._squares[name]
            mean += 0.1 * (gradient - mean)
            square += 0.01 * (gradient * gradient - square)
            step = mean / (1 - 0.9**self._step) / (np.sqrt(square / (1 - 0.99**self._step)) + 1e-7)
            self._parts[name] -= _RATE * step
