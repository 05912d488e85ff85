"""Muon for the matrices inside the layers, AdamW for everything else, behind one learning rate."""

import torch

STEPS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(batch: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz iteration towards the nearest orthogonal matrices of a batch [n, rows, columns]."""
    a, b, c = COEFFICIENTS
    x = batch.float()
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    x = x / (x.flatten(1).norm(dim=1).view(-1, 1, 1) + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.transpose(1, 2) if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised per matrix and scaled by its size (arXiv 2502.16982)."""

    def __init__(self, params, lr: float, momentum: float = 0.95, weight_decay: float = 0.05):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.Tensor]] = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    shapes.setdefault(weight.shape, []).append(weight)
            for shape, weights in shapes.items():
                directions = torch.stack([self.direction(w, group["momentum"]) for w in weights])
                updates = orthogonal(directions) * (0.6 * max(shape) ** 0.5)
                for weight, update in zip(weights, updates):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update, alpha=-group["lr"])

    def direction(self, weight: torch.Tensor, momentum: float) -> torch.Tensor:
        state = self.state[weight]
        if not state:
            state["average"] = torch.zeros_like(weight)
        state["average"].mul_(momentum).add_(weight.grad)
        return weight.grad.add(state["average"], alpha=momentum)


def optimizers(model, head, lr: float) -> list[torch.optim.Optimizer]:
    """The patch embedding, whose inputs are thousands and much alike, learns at a twentieth of the rate."""
    named = [*model.named_parameters(), *head.named_parameters()]
    inner = [p for name, p in named if p.ndim == 2 and ("layer" in name or "projector" in name)]
    patches = [p for name, p in named if "patch_embeddings" in name]
    chosen = {id(p) for p in inner + patches}
    rest = [p for _, p in named if id(p) not in chosen]
    groups = [{"params": rest, "scale": 1.0}, {"params": patches, "scale": 0.05}]
    return [Muon(inner, lr), torch.optim.AdamW(groups, lr, betas=(0.9, 0.95), weight_decay=0.01)]
