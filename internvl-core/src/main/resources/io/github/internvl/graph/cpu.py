# Number formats that this machine's CPU multiplies.


class Graph(torch.nn.Module):
    def bfloat16(self) -> Tensor:
        known = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        return torch.full([1], int(known), dtype=torch.int64, device=torch.device("cpu"))    # [1] int64
