# The best that a device can do: read memory, and multiply with the linear of a model. Work is repeated before its result is
# fetched, since a GPU does it in less time than a fetch takes.

import linear
import weights


class Graph(torch.nn.Module):
    numbers : List[Tensor]           # the memory to read
    linears : List[linear.Linear]    # one

    def build(self, wanted: torch.dtype, device: str, count: int, width: int) -> None:
        self.numbers.append(torch.ones([count], dtype=torch.float32, device=torch.device(device)))     # [count] float32
        weight = torch.full([width, width], 0.01, dtype=torch.bfloat16, device=torch.device("cpu"))    # [width, width]
        w = weights.Weights({"linear.weight": weight}, wanted, device)
        self.linears.append(linear.load(w, "linear"))

    def read(self, times: int) -> Tensor:
        total = self.numbers[0].sum()                    # [] float32
        for i in range(1, times):
            total = total + self.numbers[0].sum()        # [] float32
        return total.to(torch.device("cpu"))             # [] float32

    def multiply(self, wanted: torch.dtype, rows: int, width: int, times: int) -> Tensor:
        x = torch.ones([rows, width], dtype=wanted, device=self.numbers[0].device)    # [rows, width]
        y = self.linears[0].forward(x)                                                # [rows, width]
        for i in range(1, times):
            y = self.linears[0].forward(x)                                            # [rows, width]
        return y.select(1, 0).to(torch.device("cpu"), torch.float32)                  # [rows] float32
