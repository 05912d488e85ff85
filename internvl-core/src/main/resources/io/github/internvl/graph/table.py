# Tables of weights: tensors of a checkpoint's files, by the names that the graphs use. A file is mapped, not read:
# memory becomes resident as it is touched. Each part of a model has a table of its own. Once the part is built, the
# table goes, and with it the pages of the file that became resident for it.


class Graph(torch.nn.Module):
    def create(self) -> Dict[str, Tensor]:
        # An empty literal would be a constant to TorchScript, the same object at each call.
        tensors = {"": torch.empty([0], dtype=torch.float32, device=torch.device("cpu"))}
        tensors.pop("")
        return tensors

    def bind(self, tensors: Dict[str, Tensor], name: str, path: str, stored: torch.dtype, numbers: int, at: int,
             shape: List[int], copied: bool) -> None:
        # numbers: how many of format `stored` the file holds; at: the index of the tensor's first. The table also keeps
        # whole files, by "format:path"; of what is copied, the mapping ends here.
        key = str(stored) + ":" + path
        if key not in tensors:
            tensors[key] = torch.from_file(path, False, numbers, dtype=stored)    # [numbers]
        count = 1
        for n in shape:
            count *= n
        part = tensors[key].narrow(0, at, count).view(shape)                      # shape
        if copied:
            part = part.clone()
            tensors.pop(key)
        tensors[name] = part
