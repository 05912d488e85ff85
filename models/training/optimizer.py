"""Muon for the matrices inside the layers, AdamW for everything else, behind one learning rate."""

import torch

STEPS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz iteration towards the nearest orthogonal matrix [rows, columns]."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised per matrix and scaled by its size (arXiv 2502.16982)."""

    def __init__(self, params, pool, lr: float, momentum: float = 0.95, weight_decay: float = 0.05):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.pool = pool

    def step(self):
        for group in self.param_groups:
            weights = sorted((w for w in group["params"] if w.grad is not None), key=torch.numel, reverse=True)
            list(self.pool.map(lambda weight: self.update(weight, group), weights))

    @torch.no_grad()
    def update(self, weight: torch.Tensor, group: dict):
        turned = orthogonal(self.direction(weight, group["momentum"]))
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(turned, alpha=-group["lr"] * 0.6 * max(weight.shape) ** 0.5)

    def direction(self, weight: torch.Tensor, momentum: float) -> torch.Tensor:
        state = self.state[weight]
        if not state:
            state["average"] = torch.zeros_like(weight)
        state["average"].mul_(momentum).add_(weight.grad)
        return weight.grad.add(state["average"], alpha=momentum)


def optimizers(model, head, pool, lr: float) -> list[torch.optim.Optimizer]:
    """The patch embedding, whose inputs are thousands and much alike, learns at a twentieth of the rate."""
    named = [*model.named_parameters(), *head.named_parameters()]
    inner = [p for name, p in named if p.ndim == 2 and ("layer" in name or "projector" in name)]
    patches = [p for name, p in named if "patch_embeddings" in name]
    chosen = {id(p) for p in inner + patches}
    rest = [p for _, p in named if id(p) not in chosen]
    groups = [{"params": rest, "scale": 1.0}, {"params": patches, "scale": 0.05}]
    return [Muon(inner, pool, lr), torch.optim.AdamW(groups, lr, betas=(0.9, 0.95), weight_decay=0.01)]
