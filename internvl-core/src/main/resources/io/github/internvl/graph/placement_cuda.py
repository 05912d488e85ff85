# The device that new work of the calling thread goes to, and numbers that the host fetches from it. Without `enter`, each
# operation on another GPU than the first changes the device and changes it back. A libtorch without CUDA does not compile this file.


def enter(device: torch.device) -> None:
    index = device.index
    if index is not None:
        torch.ops.cuda._set_device(index)


class Fetch:
    # Numbers on their way to the host, which waits for them, and not for work that is launched afterwards.
    host : Tensor
    done : torch.classes.cuda.Event

    def __init__(self, numbers: Tensor) -> None:
        self.host = numbers.to(torch.device("cpu"), non_blocking=True)    # into memory that the device can write to by itself
        self.done = torch.classes.cuda.Event(False, False, False)
        self.done.record(torch.ops.cuda.current_stream(numbers.device))

    def wait(self) -> Tensor:
        self.done.synchronize()
        return self.host
