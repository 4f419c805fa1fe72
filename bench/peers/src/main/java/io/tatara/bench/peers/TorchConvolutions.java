package io.tatara.bench.peers;

import io.tatara.bench.peers.TorchScripts.Array;
import io.tatara.bench.peers.TorchScripts.Script;

/** The suite "convolution" as PyTorch does it. */
final class TorchConvolutions {
    private TorchConvolutions() {}

    static Script conv(PeerCase c) {
        int size = c.size("size");
        int k = c.size("k");
        int depth = c.size("c") / c.size("groups");
        return Script.of(
                "conv2d, relu in place",
                """
                def forward(self, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
                  y = torch.conv2d(x, w, b, [%1$d, %1$d], [%2$d, %2$d], [1, 1], %3$d)
                  return torch.relu_(y)
                """
                        .formatted(c.size("stride"), k / 2, c.size("groups")),
                Array.normal("x", 1, c.size("n"), c.size("c"), size, size),
                Array.normal("w", Ours.deviation(depth * k * k), c.size("m"), depth, k, k),
                Array.normal("b", 1, c.size("m")));
    }

    static Script separable(PeerCase c) {
        int size = c.size("size");
        int n = c.size("c");
        int m = c.size("m");
        return Script.of(
                "two conv2d, relu in place after each",
                """
                def forward(self, x: Tensor, w: Tensor, b: Tensor, pointwise: Tensor, bias: Tensor) -> Tensor:
                  z = torch.relu_(torch.conv2d(x, w, b, [%1$d, %1$d], [1, 1], [1, 1], %2$d))
                  return torch.relu_(torch.conv2d(z, pointwise, bias))
                """
                        .formatted(c.size("stride"), n),
                Array.normal("x", 1, c.size("n"), n, size, size),
                Array.normal("w", Ours.deviation(9), n, 1, 3, 3),
                Array.normal("b", 1, n),
                Array.normal("pointwise", Ours.deviation(n), m, n, 1, 1),
                Array.normal("bias", 1, m));
    }

    static Script causal(PeerCase c) {
        int n = c.size("c");
        return Script.of(
                "constant_pad_nd, conv1d",
                """
                def forward(self, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
                  p = torch.constant_pad_nd(x, [%1$d, 0])
                  return torch.conv1d(p, w, b, [1], [0], [%1$d])
                """
                        .formatted(c.size("dilation")),
                Array.normal("x", 1, 1, n, c.size("t")),
                Array.normal("w", Ours.deviation(2 * n), n, n, 2),
                Array.normal("b", 1, n));
    }

    static Script gatedCausal(PeerCase c) {
        int n = c.size("c");
        int skip = c.size("skip");
        double d = Ours.deviation(n);
        return Script.of(
                "pad, conv1d, tanh, sigmoid, mul, two conv1d, add",
                """
                def forward(self, x: Tensor, w: Tensor, b: Tensor, wr: Tensor, br: Tensor, ws: Tensor, bs: Tensor) -> List[Tensor]:
                  p = torch.constant_pad_nd(x, [%1$d, 0])
                  a = torch.conv1d(p, w, b, [1], [0], [%1$d])
                  f = torch.slice(a, 1, 0, %2$d)
                  g = torch.slice(a, 1, %2$d, %3$d)
                  z = torch.mul_(torch.tanh(f), torch.sigmoid(g))
                  y = torch.add_(torch.conv1d(z, wr, br), x)
                  s = torch.conv1d(z, ws, bs)
                  return [s, y]
                """
                        .formatted(c.size("dilation"), n, 2 * n),
                Array.normal("x", 1, 1, n, c.size("t")),
                Array.normal("w", Ours.deviation(2 * n), 2 * n, n, 2),
                Array.normal("b", 1, 2 * n),
                Array.normal("residual", d, n, n, 1),
                Array.normal("residualBias", 1, n),
                Array.normal("skip", d, skip, n, 1),
                Array.normal("skipBias", 1, skip));
    }
}
