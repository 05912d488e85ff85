# The MLP of a layer as a mixture of experts (Qwen3-MoE): a router chooses some of them for each token, and only their
# weights are read. Tokens that chose the same expert pass it together. A layer without a router has a plain MLP.
# Letters: n = tokens, h = model width, e = experts, k = experts that a token chooses, c = tokens that chose an expert.

import gated
import weights


class Mlp:
    router : Tensor             # [e, h]; [0, h] in a layer without experts
    experts : List[gated.Mlp]    # e; the plain MLP alone in a layer without experts
    chosen : int                # k
    normed : bool               # whether the weights of the chosen experts are made to sum up to 1

    def __init__(self, router: Tensor, experts: List[gated.Mlp], chosen: int, normed: bool) -> None:
        self.router = router
        self.experts = experts
        self.chosen = chosen
        self.normed = normed

    def forward(self, x: Tensor) -> Tensor:
        if self.router.size(0) == 0:
            return self.experts[0].forward(x)                                             # [n, h]
        shares = torch.softmax(torch.linear(x, self.router), -1, torch.float32)           # [n, e] float32
        best, ids = torch.topk(shares, self.chosen)                                       # [n, k] each
        if self.normed:
            best = best / best.sum([-1], True)                                            # [n, k]
        order = torch.argsort(ids.flatten(), stable=True)                                 # [n * k]: by expert
        own = best.flatten().index_select(0, order).to(x.dtype).unsqueeze(1)              # [n * k, 1]
        tokens = torch.floor_divide(order, self.chosen)                                   # [n * k]
        used, inverse, counts = torch.unique_consecutive(ids.flatten().index_select(0, order), False, True)
        y = torch.zeros_like(x)                                                           # [n, h]
        at = 0
        for i in range(used.size(0)):
            count = int(counts[i])
            rows = tokens.narrow(0, at, count)                                            # [c]
            part = self.experts[int(used[i])].forward(x.index_select(0, rows))            # [c, h]
            y.index_add_(0, rows, part * own.narrow(0, at, count))                        # [n, h]
            at += count
        return y                                                                          # [n, h]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        if self.router.size(0) == 0:
            return self.experts[0].onto(x, residual)                                      # [n, h]
        return self.forward(x).add_(residual)                                             # [n, h]


def load(w: weights.Weights, name: str, chosen: int, normed: bool) -> Mlp:
    experts : List[gated.Mlp] = []
    if w.has(name + "router.weight"):
        router = w.take(name + "router.weight")                                           # [e, h]
        for i in range(router.size(0)):
            experts.append(gated.load(w, name + "experts." + str(i) + ".", 0, False))
    else:
        router = torch.empty([0, 0], dtype=w.wanted, device=w.device)                     # [0, 0]
        experts.append(gated.load(w, name, 0, False))
    return Mlp(router, experts, chosen, normed)
