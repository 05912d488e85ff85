# A linear layer of a model that lies on GPUs and on the CPU: those on GPUs have one kernel, those on the CPU another.
# Letters: o = outputs, i = inputs.

import on_cpu
import on_cuda
import weights


class Linear:
    near : Optional[on_cuda.Linear]    # one of both
    far : Optional[on_cpu.Linear]

    def __init__(self, near: Optional[on_cuda.Linear], far: Optional[on_cpu.Linear]) -> None:
        self.near = near
        self.far = far

    def forward(self, x: Tensor) -> Tensor:
        near = self.near
        if near is not None:
            return near.forward(x)           # [..., i] -> [..., o]
        far = self.far
        assert far is not None
        return far.forward(x)                # [..., i] -> [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        near = self.near
        if near is not None:
            return near.onto(x, residual)    # [..., o]
        far = self.far
        assert far is not None
        return far.onto(x, residual)         # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    if w.device.type == "cpu":
        return Linear(None, on_cpu.load(w, name))
    return Linear(on_cuda.load(w, name), None)
