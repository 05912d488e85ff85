# InternViT (300M and 6B), pixel unshuffle and the MLP projector: uint8 tiles in, visual tokens out.
# Letters: t = tiles, s = tile side in pixels, g = patches along a side, p = g * g patches, d = ViT width,
# c = heads, w = head width, r = patches that one visual token joins along a side, v = visual tokens a tile,
# h = width of the language model.

import attention
import linear
import norm
import placement
import projector
import weights


class Layer:
    norm1 : norm.Norm
    qkv : linear.Linear
    q_norm : Optional[norm.Norm]
    k_norm : Optional[norm.Norm]
    proj : linear.Linear
    ls1 : Tensor    # [d]
    norm2 : norm.Norm
    fc1 : linear.Linear
    fc2 : linear.Linear
    ls2 : Tensor    # [d]
    heads : int

    def __init__(self, w: weights.Weights, name: str, heads: int, eps: float, qk_norm: bool) -> None:
        self.norm1 = w.norm(name + "norm1", eps)
        w.join(name + "qkv", [name + "q", name + "k", name + "v"])
        self.qkv = linear.load(w, name + "qkv")
        q_norm : Optional[norm.Norm] = None
        k_norm : Optional[norm.Norm] = None
        if qk_norm:
            q_norm = w.norm(name + "q_norm", eps)
            k_norm = w.norm(name + "k_norm", eps)
        self.q_norm = q_norm
        self.k_norm = k_norm
        self.proj = linear.load(w, name + "proj")
        self.ls1 = w.take(name + "ls1")
        self.norm2 = w.norm(name + "norm2", eps)
        self.fc1 = linear.load(w, name + "fc1")
        self.fc2 = linear.load(w, name + "fc2")
        self.ls2 = w.take(name + "ls2")
        self.heads = heads

    def attention(self, x: Tensor) -> Tensor:
        t, n, d = x.size(0), x.size(1), x.size(2)
        q, k, v = torch.chunk(self.qkv.forward(x), 3, -1)                 # [t, 1 + p, d] each
        q_norm = self.q_norm
        k_norm = self.k_norm
        if q_norm is not None and k_norm is not None:
            q = q_norm.forward(q)                                         # [t, 1 + p, d]
            k = k_norm.forward(k)                                         # [t, 1 + p, d]
        shape = [t, n, self.heads, d // self.heads]
        q = q.reshape(shape).transpose(1, 2)                              # [t, c, 1 + p, w]
        k = k.reshape(shape).transpose(1, 2)                              # [t, c, 1 + p, w]
        v = v.reshape(shape).transpose(1, 2)                              # [t, c, 1 + p, w]
        y = attention.full(q, k, v)                                       # [t, c, 1 + p, w]
        return self.proj.forward(y.transpose(1, 2).reshape([t, n, d]))    # [t, 1 + p, d]

    def forward(self, x: Tensor) -> Tensor:
        x = self.attention(self.norm1.forward(x)).mul_(self.ls1).add_(x)    # [t, 1 + p, d]
        mlp = torch.gelu_(self.fc1.forward(self.norm2.forward(x)))          # [t, 1 + p, mlp]
        return self.fc2.forward(mlp).mul_(self.ls2).add_(x)                 # [t, 1 + p, d]


class VisionTransformer:
    # The model without its layers.
    mean : Tensor            # [1, 3, 1, 1] float32
    std : Tensor             # [1, 3, 1, 1] float32
    patch_weight : Tensor    # [d, 3, patch, patch]
    patch_bias : Tensor      # [d]
    class_token : Tensor     # [1, 1, d]
    positions : Tensor       # [1, 1 + p, d]
    mlp_norm : norm.Norm
    mlp_in : projector.Linear
    mlp_out : projector.Linear
    mlp_device : torch.device

    def __init__(self, w: weights.Weights, mlp: weights.Weights) -> None:
        self.patch_weight = w.take("patch.weight")
        device = self.patch_weight.device
        self.mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float32, device=device).view([1, 3, 1, 1])
        self.std = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float32, device=device).view([1, 3, 1, 1])
        self.patch_bias = w.take("patch.bias")
        self.class_token = w.take("class_token")
        self.positions = w.take("positions")
        self.mlp_norm = mlp.norm("mlp.norm", 1.0e-5)
        self.mlp_in = projector.load(mlp, "mlp.in")
        self.mlp_out = projector.load(mlp, "mlp.out")
        self.mlp_device = mlp.device

    def normalise(self, tiles: Tensor) -> Tensor:
        pixels = tiles.to(self.mean.device).permute([0, 3, 1, 2]).to(torch.float32)    # [t, 3, s, s] float32, 0..255
        return (pixels / 255.0 - self.mean) / self.std                                 # [t, 3, s, s] float32

    def grid(self, rows: int, columns: int) -> Tensor:
        # Position embeddings of the patches, resized if the tile is not of the checkpoint's size.
        grid = self.positions.slice(1, 1)                                               # [1, p, d]
        own = int(torch.sqrt(grid.size(1)))
        if rows == own and columns == own:
            return grid                                                                 # [1, p, d]
        image = grid.to(torch.float32).view([1, own, own, -1]).permute([0, 3, 1, 2])    # [1, d, own, own]
        image = torch.upsample_bicubic2d(image, [rows, columns], False, None)           # [1, d, rows, columns]
        return image.flatten(2).transpose(1, 2).to(grid.dtype)                          # [1, p, d]

    def embed(self, pixels: Tensor) -> Tensor:
        t, patch = pixels.size(0), self.patch_weight.size(3)
        rows, columns = pixels.size(2) // patch, pixels.size(3) // patch
        x = pixels.to(self.patch_weight.device, self.patch_weight.dtype)           # [t, 3, s, s]
        x = x.view([t, 3, rows, patch, columns, patch])                            # [t, 3, rows, patch, columns, patch]
        x = x.permute([0, 2, 4, 1, 3, 5])                                          # [t, rows, columns, 3, patch, patch]
        x = x.reshape([t, rows * columns, 3 * patch * patch])                      # [t, p, 3 * patch * patch]
        patches = torch.linear(x, self.patch_weight.flatten(1), self.patch_bias)    # [t, p, d]
        patches = patches + self.grid(rows, columns)                               # [t, p, d]
        first = self.class_token + self.positions.slice(1, 0, 1)                   # [1, 1, d]
        return torch.cat([first.expand([t, -1, -1]), patches], 1)                  # [t, 1 + p, d]

    def unshuffle(self, x: Tensor, r: int, by_columns: bool) -> Tensor:
        # A block of r x r patches becomes one token; channels: row in block, column in block, feature.
        t, d = x.size(0), x.size(2)
        side = int(torch.sqrt(x.size(1) - 1))
        g = side // r
        # Below: y, x = row and column of the block; j, i = row and column in it.
        blocks = x.slice(1, 1).reshape([t, g, r, g, r, d])    # [t, y, j, x, i, d]
        blocks = blocks.permute([0, 1, 3, 2, 4, 5])           # [t, y, x, j, i, d]
        if by_columns:
            blocks = blocks.transpose(1, 2)                   # [t, x, y, j, i, d]: ps_version v1
        return blocks.reshape([t, g * g, r * r * d])          # [t, v, r * r * d]

    def project(self, x: Tensor) -> Tensor:
        x = x.to(self.mlp_device)                                          # [t, v, r * r * d]
        placement.enter(self.mlp_device)
        x = self.mlp_norm.forward(x)                                       # [t, v, r * r * d]
        return self.mlp_out.forward(torch.gelu(self.mlp_in.forward(x)))    # [t, v, h]


class Graph(torch.nn.Module):
    model : List[VisionTransformer]    # one, after `build`
    layers : List[Layer]

    def build(self, tensors: Dict[str, Tensor], ends: Dict[str, Tensor], wanted: torch.dtype, device: str,
              mlp_device: str) -> None:
        # tensors, device: the parts before the layers; ends, mlp_device: the projector.
        w = weights.Weights(tensors, wanted, device)
        mlp = weights.Weights(ends, wanted, mlp_device)
        self.model.append(VisionTransformer(w, mlp))

    def make_layer(self, tensors: Dict[str, Tensor], wanted: torch.dtype, device: str, index: int, heads: int,
                   eps: float, qk_norm: bool) -> Layer:
        # Several threads may make layers while another one builds the rest.
        w = weights.Weights(tensors, wanted, device)
        return Layer(w, "layers." + str(index) + ".", heads, eps, qk_norm)

    def append(self, layer: Layer) -> None:
        self.layers.append(layer)

    def normalise(self, tiles: Tensor) -> Tensor:
        return self.model[0].normalise(tiles)    # [t, s, s, 3] uint8 -> [t, 3, s, s] float32

    def encode(self, pixels: Tensor, layers: int) -> Tensor:
        x = self.model[0].embed(pixels)      # [t, 1 + p, d]
        for i in range(layers):
            x = self.layers[i].forward(x)    # [t, 1 + p, d]
        return x

    def unshuffle(self, x: Tensor, r: int, by_columns: bool) -> Tensor:
        return self.model[0].unshuffle(x, r, by_columns)    # [t, 1 + p, d] -> [t, v, r * r * d]

    def project(self, x: Tensor) -> Tensor:
        return self.model[0].project(x)    # [t, v, r * r * d] -> [t, v, h]

    def begin(self, parts: List[Tensor]) -> Tensor:
        m = self.model[0]
        placement.enter(m.mean.device)
        tiles = torch.cat([part.to(m.mean.device) for part in parts])    # [t, s, s, 3] uint8
        return m.embed(m.normalise(tiles))                               # [t, 1 + p, d]

    def run_layers(self, x: Tensor, first: int, end: int) -> Tensor:
        placement.enter(x.device)
        for i in range(first, end):
            x = self.layers[i].forward(x)    # [t, 1 + p, d]
        return x

    def finish(self, x: Tensor, r: int, by_columns: bool) -> Tensor:
        m = self.model[0]
        return m.project(m.unshuffle(x, r, by_columns)).flatten(0, 1)    # [t * v, h]

    def part(self, tokens: Tensor, first: int, count: int) -> Tensor:
        return tokens.narrow(0, first, count).clone()    # [count, h], in its own memory
