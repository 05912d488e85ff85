# A product with weights of 4 bits that are in the order of CUDA's kernel already, so that a CPU can tell how many rows are multiplied.
# Letters: n = rows, o = outputs, i = inputs, g = inputs that share a scale.

import linear


class Graph(torch.nn.Module):
    def shaped(self, x: Tensor, shape: List[int]) -> Tensor:
        return x.view(shape)

    def product(self, x: Tensor, packed: Tensor, scales_and_zeros: Tensor, group: int) -> Tensor:
        both = scales_and_zeros.to(torch.bfloat16)                                  # [i / g, o, 2]
        kernel = linear.Linear(packed.to(torch.int32), both, group, None)
        return kernel.forward(x.to(torch.bfloat16)).to(torch.float32)               # [n, o] float32
