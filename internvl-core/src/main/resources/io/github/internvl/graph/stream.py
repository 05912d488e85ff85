# A CUDA stream of its own for the calling thread, without which nothing can be captured into a CUDA graph, and tensors whose
# place in memory stays. A libtorch without CUDA does not compile this file.


class Graph(torch.nn.Module):
    streams : List[torch.classes.cuda.Stream]

    def enter(self, device: str) -> Tensor:
        # All that this thread computes from now on is in the stream, after all that was begun before. Returns its number.
        made = torch.classes.cuda.Stream(torch.device(device), 0)
        made.wait_stream(torch.ops.cuda.current_stream(torch.device(device)))
        torch.ops.cuda.set_stream(made)
        self.streams.append(made)
        return torch.full([1], made.id(), dtype=torch.int64, device=torch.device("cpu"))    # [1] int64
