package io.tatara.bench.peers;

import java.util.ArrayList;
import java.util.List;

/** The cases as PyTorch does them. */
final class TorchScripts {
    /** An input: one of the two is there. */
    record Array(float[] floats, long[] longs, long... dims) {
        static Array normal(String name, double deviation, long... dims) {
            int size = 1;
            for (long d : dims) {
                size = Math.multiplyExact(size, Math.toIntExact(d));
            }
            return new Array(Inputs.normal(name, deviation, size), null, dims);
        }

        static Array indices(String name, int bound, int size) {
            return new Array(null, Inputs.longs(Inputs.indices(name, bound, size)), size);
        }
    }

    /**
     * @param code method {@code forward}, which is timed
     * @param training whether it computes gradients by itself
     * @param before makes of the inputs, once, what the timed method gets; empty for nothing
     * @param after makes of its result the one that is compared; empty for nothing
     */
    record Script(
            String how,
            String code,
            boolean training,
            List<Array> inputs,
            String before,
            String after) {
        static Script of(String how, String code, Array... inputs) {
            return of(how, code, List.of(inputs));
        }

        static Script of(String how, String code, List<Array> inputs) {
            return new Script(how, code, code.contains("torch.grad("), inputs, "", "");
        }
    }

    private TorchScripts() {}

    static Script of(PeerCase c) {
        return switch (c.kind()) {
            case MATMUL, MATMUL_WEIGHT -> matmul(c);
            case LSTM, LSTM_TRAINING -> lstm(c);
            case GRU, GRU_TRAINING -> gru(c);
            case ATTENTION -> attention(c);
            case ATTENTION_GRADIENT -> attentionGradient(c);
            case SOFTMAX -> {
                Array x = Array.normal("x", 1, c.size("rows"), c.size("n"));
                String body = "  return torch.softmax(x, -1)";
                yield Script.of("softmax", "def forward(self, x: Tensor) -> Tensor:\n" + body, x);
            }
            case LAYER_NORM -> layerNorm(c);
            case CROSS_ENTROPY, CROSS_ENTROPY_TRAINING -> crossEntropy(c);
            case EMBEDDING -> embedding(c);
            case EMBEDDING_GRADIENT -> embeddingGradient(c);
            case ADAM -> adam(c);
            case CONV -> TorchConvolutions.conv(c);
            case SEPARABLE -> TorchConvolutions.separable(c);
            case SEPARABLE_PARTS -> null;
            case CAUSAL -> TorchConvolutions.causal(c);
            case GATED_CAUSAL -> TorchConvolutions.gatedCausal(c);
            case TRANSLATOR -> TorchTranslator.of(c);
        };
    }

    /** Products by oneDNN's inner product on its own tensors. */
    static Script oneDnn(PeerCase c) {
        if (c.kind() != Kind.MATMUL && c.kind() != Kind.MATMUL_WEIGHT) {
            return null;
        }
        int n = c.size("n");
        int k = c.size("k");
        Script plain = matmul(c);
        return new Script(
                "mkldnn_linear on tensors of its own kind",
                """
                def forward(self, a: Tensor, w: Tensor) -> Tensor:
                  return torch.mkldnn_linear(a, w, None)
                """,
                false,
                List.of(
                        plain.inputs().get(0),
                        new Array(transposed(plain.inputs().get(1).floats(), k, n), null, n, k)),
                """
                def forward(self, a: Tensor, w: Tensor) -> List[Tensor]:
                  return [torch.to_mkldnn(a), torch.to_mkldnn(w)]
                """,
                """
                def forward(self, y: Tensor) -> Tensor:
                  return torch.to_dense(y)
                """);
    }

    private static float[] transposed(float[] x, int rows, int columns) {
        float[] y = new float[x.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                y[j * rows + i] = x[i * columns + j];
            }
        }
        return y;
    }

    private static Script matmul(PeerCase c) {
        int m = c.size("m");
        int n = c.size("n");
        int k = c.size("k");
        return Script.of(
                "mm",
                """
                def forward(self, a: Tensor, b: Tensor) -> Tensor:
                  return torch.mm(a, b)
                """,
                Array.normal("a", 1, m, k),
                Array.normal("b", 1, k, n));
    }

    private static Script recurrent(PeerCase c, String op, int gates, String states, String zeros) {
        int h = c.size("h");
        int b = c.size("b");
        int t = c.size("t");
        double d = RecurrentInputs.deviation(h);
        List<Array> in = new ArrayList<>();
        in.add(Array.normal("x", 1, t, b, h));
        in.add(Array.normal("wih", d, gates * h, h));
        in.add(Array.normal("whh", d, gates * h, h));
        in.add(Array.normal("bias", d, gates * h));
        in.add(new Array(new float[gates * h], null, gates * h));
        in.add(new Array(new float[b * h], null, 1, b, h));
        boolean training = c.kind() == Kind.LSTM_TRAINING || c.kind() == Kind.GRU_TRAINING;
        String head =
                "def forward(self, x: Tensor, wi: Tensor, wh: Tensor, bi: Tensor, bh: Tensor, h: Tensor%s) -> %s:\n"
                        .formatted(
                                training ? ", dy: Tensor" : "",
                                training ? "List[Tensor]" : "Tensor");
        String call =
                "torch.%s(%%s, %s, [%%s], True, 1, 0., %%s, False, False)".formatted(op, states);
        String names = "y, hn" + (zeros.isEmpty() ? "" : ", cn");
        if (!training) {
            String line = call.formatted("x", "wi, wh, bi, bh", "False");
            String code = head + "  " + names + " = " + line + "\n  return y\n";
            return Script.of(op, code, in);
        }
        in.add(Array.normal("dy", 1, t, b, h));
        StringBuilder code = new StringBuilder(head);
        for (String v : List.of("x", "wi", "wh", "bi", "bh")) {
            code.append("  %s0 = torch.requires_grad_(torch.detach(%s), True)\n".formatted(v, v));
        }
        code.append("  ").append(names).append(" = ");
        code.append(call.formatted("x0", "wi0, wh0, bi0, bh0", "True")).append('\n');
        code.append(
                "  g = torch.grad([y], [wi0, x0, wh0, bi0, bh0], annotate(List[Optional[Tensor]], [dy]))\n");
        code.append("  return [unchecked_cast(Tensor, g[0]), unchecked_cast(Tensor, g[1])]\n");
        return Script.of(op + " and autograd", code.toString(), in);
    }

    private static Script lstm(PeerCase c) {
        return recurrent(c, "lstm", 4, "[h, h]", "c");
    }

    private static Script gru(PeerCase c) {
        return recurrent(c, "gru", 3, "h", "");
    }

    private static Array[] heads(PeerCase c, String... names) {
        Array[] a = new Array[names.length];
        for (int i = 0; i < a.length; i++) {
            a[i] = Array.normal(names[i], 1, 1, c.size("h"), c.size("t"), c.size("d"));
        }
        return a;
    }

    private static Script attention(PeerCase c) {
        String causal = c.causal() ? "True" : "False";
        return Script.of(
                "scaled_dot_product_attention (its flash kernel)",
                """
                def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
                  return torch.scaled_dot_product_attention(q, k, v, None, 0., %s)
                """
                        .formatted(causal),
                heads(c, "q", "k", "v"));
    }

    /** Output and logarithms are computed once, before, and given. */
    private static Script attentionGradient(PeerCase c) {
        String causal = c.causal() ? "True" : "False";
        String op = "_scaled_dot_product_flash_attention_for_cpu";
        return new Script(
                op + "_backward",
                """
                def forward(self, q: Tensor, k: Tensor, v: Tensor, dy: Tensor, y: Tensor, l: Tensor) -> List[Tensor]:
                  dq, dk, dv = torch.%s_backward(dy, q, k, v, y, l, 0., %s)
                  return [dq, dk, dv]
                """
                        .formatted(op, causal),
                false,
                List.of(heads(c, "q", "k", "v", "dy")),
                """
                def forward(self, q: Tensor, k: Tensor, v: Tensor, dy: Tensor) -> List[Tensor]:
                  y, l = torch.%s(q, k, v, 0., %s)
                  return [q, k, v, dy, y, l]
                """
                        .formatted(op, causal),
                "");
    }

    private static Script layerNorm(PeerCase c) {
        int n = c.size("n");
        return Script.of(
                "layer_norm",
                """
                def forward(self, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
                  return torch.layer_norm(x, [%d], w, b, 1e-05)
                """
                        .formatted(n),
                Array.normal("x", 1, c.size("rows"), n),
                Array.normal("scale", 1, n),
                Array.normal("bias", 1, n));
    }

    private static Script crossEntropy(PeerCase c) {
        int rows = c.size("rows");
        int n = c.size("n");
        boolean training = c.kind() == Kind.CROSS_ENTROPY_TRAINING;
        return Script.of(
                training ? "cross_entropy and autograd" : "cross_entropy",
                training
                        ? """
                        def forward(self, x: Tensor, labels: Tensor) -> List[Tensor]:
                          x0 = torch.requires_grad_(torch.detach(x), True)
                          loss = torch.cross_entropy_loss(x0, labels)
                          g = torch.grad([loss], [x0])
                          return [unchecked_cast(Tensor, g[0]), loss]
                        """
                        : """
                        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
                          return torch.cross_entropy_loss(x, labels)
                        """,
                Array.normal("x", 1, rows, n),
                Array.indices("labels", n, rows));
    }

    private static Script embedding(PeerCase c) {
        int v = c.size("v");
        return Script.of(
                "embedding",
                """
                def forward(self, table: Tensor, ids: Tensor) -> Tensor:
                  return torch.embedding(table, ids)
                """,
                Array.normal("table", 1, v, c.size("d")),
                Array.indices("ids", v, c.size("ids")));
    }

    private static Script embeddingGradient(PeerCase c) {
        int v = c.size("v");
        return Script.of(
                "embedding_dense_backward",
                """
                def forward(self, dy: Tensor, ids: Tensor) -> Tensor:
                  return torch.embedding_dense_backward(dy, ids, %d, -1, False)
                """
                        .formatted(v),
                Array.normal("dy", 1, c.size("ids"), c.size("d")),
                Array.indices("ids", v, c.size("ids")));
    }

    private static Script adam(PeerCase c) {
        int tensors = c.size("tensors");
        int n = c.size("n");
        List<Array> in = new ArrayList<>();
        StringBuilder head = new StringBuilder("def forward(self");
        List<String> lists = new ArrayList<>();
        for (String list : List.of("p", "g", "m", "v", "s")) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < tensors; i++) {
                names.add(list + i);
                head.append(", ").append(list).append(i).append(": Tensor");
                in.add(
                        switch (list) {
                            case "p", "g" -> Array.normal(list + i, 1, n);
                            case "s" -> new Array(new float[] {1}, null);
                            default -> new Array(new float[n], null, n);
                        });
            }
            lists.add("[" + String.join(", ", names) + "]");
        }
        // Lists with names, since PyTorch takes those of the call alone for unused and leaves it
        // out.
        String code =
                head
                        + """
                        ) -> List[Tensor]:
                          p, g, m, v, s = %s, %s, %s, %s, %s
                          torch._fused_adam_(p, g, m, v, [], s, lr=1e-3, beta1=0.9, beta2=0.999, \
                        weight_decay=0., eps=1e-8, amsgrad=False, maximize=False)
                          return [p[0], m[0], v[0]]
                        """
                                .formatted(lists.toArray());
        return Script.of("_fused_adam_", code, in);
    }
}
