# The device that new work of the calling thread goes to. Without this, each operation on another GPU than the first changes
# it and changes it back. A libtorch without CUDA does not compile this file.


def enter(device: torch.device) -> None:
    index = device.index
    if index is not None:
        torch.ops.cuda._set_device(index)
