# The MLP of a layer: one linear of gates beside one that they multiply, and a linear back to the model's width.
# Letters: n = tokens, h = model width.

import linear
import weights


class Mlp:
    gate_up : linear.Linear    # [2 * mlp, h]
    down : linear.Linear       # [h, mlp]

    def __init__(self, gate_up: linear.Linear, down: linear.Linear) -> None:
        self.gate_up = gate_up
        self.down = down

    def forward(self, x: Tensor) -> Tensor:
        gate, up = torch.chunk(self.gate_up.forward(x), 2, -1)     # [n, mlp] each
        return self.down.forward(torch.silu(gate).mul_(up))        # [n, h]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        gate, up = torch.chunk(self.gate_up.forward(x), 2, -1)             # [n, mlp] each
        return self.down.onto(torch.silu(gate).mul_(up), residual)         # [n, h]


def load(w: weights.Weights, name: str, chosen: int, normed: bool) -> Mlp:
    # `chosen` and `normed` are for mixtures of experts (moe.py).
    w.join(name + "gate_up", [name + "gate", name + "up"])
    return Mlp(linear.load(w, name + "gate_up"), linear.load(w, name + "down"))
