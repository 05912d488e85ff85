# What a device can do at best: reading memory, and multiplying with the linear that a model would use.


class Graph(Module):
    __parameters__ = []
    __buffers__ = []
    training : bool
    numbers : List[Tensor]                     # what is read
    linears : List[__torch__.linear.Linear]    # one

    def build(self: __torch__.limits.Graph, wanted: int, device: str, count: int, width: int) -> None:
        self.numbers.append(torch.ones([count], dtype=6, device=torch.device(device)))              # [count] float32
        weight = torch.full([width, width], 0.01, dtype=15, device=torch.device("cpu"))             # [width, width]
        w = __torch__.weights.Weights({"linear.weight": weight}, wanted, device)
        self.linears.append(__torch__.linear.load(w, "linear"))

    def read(self: __torch__.limits.Graph) -> Tensor:
        return self.numbers[0].sum().to(torch.device("cpu"))                                        # [] float32

    def multiply(self: __torch__.limits.Graph, wanted: int, rows: int, width: int) -> Tensor:
        x = torch.ones([rows, width], dtype=wanted, device=self.numbers[0].device)                  # [rows, width]
        y = self.linears[0].forward(x)                                                              # [rows, width]
        return y.select(1, 0).to(torch.device("cpu"), 6)                                            # [rows] float32
