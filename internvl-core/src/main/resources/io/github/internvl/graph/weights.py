# The tensors of a checkpoint, by the names that the graphs use. A file is mapped, not read: memory becomes resident as
# it is touched, and a tensor that keeps its number format and stays on the CPU is never copied.


class Weights:
    # By name; and, by "format:path", whole files as numbers of a format. The graph owns the table: an empty one made
    # here would be a constant to TorchScript, and so the same object each time.
    tensors : Dict[str, Tensor]

    def __init__(self: __torch__.weights.Weights, tensors: Dict[str, Tensor]) -> None:
        self.tensors = tensors

    def bind(self: __torch__.weights.Weights, name: str, path: str, stored: int, numbers: int, at: int,
             shape: List[int], wanted: int, device: str) -> None:
        # numbers: how many of format `stored` the file holds; at: the tensor's first.
        key = str(stored) + ":" + path
        if key not in self.tensors:
            self.tensors[key] = torch.from_file(path, False, numbers, dtype=stored)     # [numbers]
        count = 1
        for n in shape:
            count *= n
        tensor = self.tensors[key].narrow(0, at, count).view(shape)                     # shape
        self.tensors[name] = tensor.to(torch.device(device), wanted)                  # shape

    def take(self: __torch__.weights.Weights, name: str) -> Tensor:
        return self.tensors.pop(name)

    def find(self: __torch__.weights.Weights, name: str) -> Optional[Tensor]:
        if name in self.tensors:
            return self.tensors.pop(name)
        return None

    def linear(self: __torch__.weights.Weights, name: str) -> __torch__.linear.Linear:
        return __torch__.linear.Linear(self.take(name + ".weight"), self.find(name + ".bias"))

    def norm(self: __torch__.weights.Weights, name: str, eps: float) -> __torch__.layers.Norm:
        return __torch__.layers.Norm(self.take(name + ".weight"), self.find(name + ".bias"), eps)
