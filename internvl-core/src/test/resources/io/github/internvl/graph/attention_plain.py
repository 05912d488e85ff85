# The contract of a kernel that a CPU lacks, computed one sequence after the other.
# Letters: r = sequences, group = query heads that share a key head, w = head width, m = keys of all.


def each(q: Tensor, k: Tensor, v: Tensor, rows: Tensor, starts: Tensor, counts: Tensor, most: int) -> Tensor:
    for x in [q, k, v, rows, starts, counts]:
        assert x.is_contiguous()
    y = torch.zeros_like(q)                                               # [r, group, w]
    for i in range(q.size(0)):
        assert int(rows[i]) == i and rows.size(0) == starts.size(0) and starts.size(0) == q.size(0) + 1
        assert int(counts[i]) <= most
        keys = k.select(1, 0).narrow(0, int(starts[i]), int(counts[i]))      # [counts[i], w]
        values = v.select(1, 0).narrow(0, int(starts[i]), int(counts[i]))    # [counts[i], w]
        scores = torch.matmul(q[i], keys.t()) * q.size(2) ** -0.5            # [group, counts[i]]
        y[i].copy_(torch.matmul(torch.softmax(scores, -1), values))          # [group, w]
    return y
