package io.tatara.bench.peers;

import io.tatara.models.text.PairBatch;
import io.tatara.models.translator.TranslatorConfig;
import io.tatara.models.translator.TranslatorStep;
import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The translator's training step as PyTorch takes it: packed bidirectional LSTM encoder, LSTM
 * decoder, additive attention as a composition, tied output layer, label smoothing, autograd,
 * clipping by the global norm, fused Adam; on the batch that ours takes.
 */
final class TorchTranslator {
    private record Parameter(String name, long... dims) {}

    private TorchTranslator() {}

    static TorchScripts.Script of(PeerCase c) {
        TranslatorConfig f = TranslatorConfig.defaults();
        int n = f.batch();
        int h = f.hidden();
        PairBatch batch;
        try (Device d = Tatara.open("jvm");
                TranslatorStep s = new TranslatorStep(d, f, c.size("source"), c.size("target"))) {
            batch = s.batch();
        }
        int ts = batch.source().length / n;
        int tt = batch.decoderInput().length / n;
        List<Parameter> parameters = parameters(f);
        List<TorchScripts.Array> in = new ArrayList<>();
        in.add(new TorchScripts.Array(null, Inputs.longs(batch.source()), ts, n));
        in.add(new TorchScripts.Array(null, Inputs.longs(batch.sourceLengths()), n));
        in.add(new TorchScripts.Array(null, Inputs.longs(batch.decoderInput()), tt, n));
        in.add(new TorchScripts.Array(null, Inputs.longs(batch.labels()), (long) n * tt));
        in.add(new TorchScripts.Array(padding(batch, ts, n), null, n, ts));
        in.add(new TorchScripts.Array(new float[2 * n * h], null, 2, n, h));
        for (Parameter p : parameters) {
            in.add(TorchScripts.Array.normal(p.name, 0.05, p.dims));
        }
        for (String moment : List.of("m", "v")) {
            for (Parameter p : parameters) {
                long size = java.util.Arrays.stream(p.dims).reduce(1, (a, b) -> a * b);
                in.add(new TorchScripts.Array(new float[(int) size], null, p.dims));
            }
        }
        for (int i = 0; i < parameters.size(); i++) {
            in.add(new TorchScripts.Array(new float[] {1}, null));
        }
        return new TorchScripts.Script(
                "the same network, autograd, fused Adam",
                code(f, parameters, ts),
                true,
                in,
                "",
                "");
    }

    /** One where a sequence has ended. */
    private static float[] padding(PairBatch b, int steps, int n) {
        float[] mask = new float[n * steps];
        for (int i = 0; i < n; i++) {
            for (int t = b.sourceLengths()[i]; t < steps; t++) {
                mask[i * steps + t] = 1;
            }
        }
        return mask;
    }

    private static List<Parameter> parameters(TranslatorConfig f) {
        int v = f.vocabulary();
        int e = f.embedding();
        int h = f.hidden();
        List<Parameter> p = new ArrayList<>();
        p.add(new Parameter("source", v, e));
        p.add(new Parameter("target", v, e));
        for (String layer : List.of("forth", "back", "decoder")) {
            p.add(new Parameter(layer + "_wi", 4 * h, e));
            p.add(new Parameter(layer + "_wh", 4 * h, h));
            p.add(new Parameter(layer + "_bi", 4 * h));
            p.add(new Parameter(layer + "_bh", 4 * h));
        }
        for (String bridge : List.of("bridge_h", "bridge_c")) {
            p.add(new Parameter(bridge + "_w", h, 2 * h));
            p.add(new Parameter(bridge + "_b", h));
        }
        p.add(new Parameter("query_w", h, h));
        p.add(new Parameter("query_b", h));
        p.add(new Parameter("key_w", h, 2 * h));
        p.add(new Parameter("score", h));
        p.add(new Parameter("combine_w", e, 3 * h));
        p.add(new Parameter("combine_b", e));
        p.add(new Parameter("output_b", v));
        return p;
    }

    private static String list(String prefix, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> prefix + i)
                .collect(Collectors.joining(", "));
    }

    private static String weights(String layer) {
        return "%1$s_wi, %1$s_wh, %1$s_bi, %1$s_bh".formatted(layer);
    }

    private static String code(TranslatorConfig f, List<Parameter> parameters, int ts) {
        int count = parameters.size();
        int n = f.batch();
        int h = f.hidden();
        StringBuilder s = new StringBuilder("def forward(self");
        String all =
                "src, lengths, words, labels, padding, zero, "
                        + String.join(
                                ", ",
                                list("p", count),
                                list("m", count),
                                list("v", count),
                                list("s", count));
        for (String name : all.split(", ")) {
            s.append(", ").append(name).append(": Tensor");
        }
        s.append(") -> List[Tensor]:\n");
        for (int i = 0; i < count; i++) {
            s.append(
                    "  %s = torch.requires_grad_(torch.detach(p%d), True)\n"
                            .formatted(parameters.get(i).name, i));
        }
        String names = parameters.stream().map(Parameter::name).collect(Collectors.joining(", "));
        String drop = Double.toString(f.dropout());
        s.append(
                """
                  x = torch.dropout(torch.embedding(source, src), DROP, True)
                  data, sizes = torch._pack_padded_sequence(x, lengths, False)
                  out, hn, cn = torch.lstm(data, sizes, [zero, zero], [ENCODER], True, 1, 0., True, True)
                  y, ls = torch._pad_packed_sequence(out, sizes, False, 0., TS)
                  hs = torch.reshape(torch.transpose(hn, 0, 1), [N, WIDTH])
                  cs = torch.reshape(torch.transpose(cn, 0, 1), [N, WIDTH])
                  h0 = torch.unsqueeze(torch.tanh(torch.linear(hs, bridge_h_w, bridge_h_b)), 0)
                  c0 = torch.unsqueeze(torch.tanh(torch.linear(cs, bridge_c_w, bridge_c_b)), 0)
                  z = torch.dropout(torch.embedding(target, words), DROP, True)
                  hd, hl, cl = torch.lstm(z, [h0, c0], [DECODER], True, 1, 0., True, False, False)
                  h = torch.transpose(hd, 0, 1)
                  memory = torch.transpose(y, 0, 1)
                  q = torch.linear(h, query_w, query_b)
                  k = torch.linear(memory, key_w)
                  e = torch.matmul(torch.tanh(torch.add(torch.unsqueeze(q, 2), torch.unsqueeze(k, 1))), score)
                  mask = torch.unsqueeze(torch.gt(padding, 0.5), 1)
                  a = torch.softmax(torch.masked_fill(e, mask, -inf), -1)
                  context = torch.matmul(a, memory)
                  joined = torch.tanh(torch.linear(torch.cat([context, h], 2), combine_w, combine_b))
                  logits = torch.linear(torch.dropout(joined, DROP, True), target, output_b)
                  loss = torch.cross_entropy_loss(torch.flatten(logits, 0, 1), labels, None, 1, -1, SMOOTHING)
                  gs = torch.grad([loss], [NAMES])
                  g = annotate(List[Tensor], [])
                  for i in range(COUNT):
                    _ = torch.append(g, unchecked_cast(Tensor, gs[i]))
                  norm = torch.norm(torch.stack(torch._foreach_norm(g, 2)))
                  torch._foreach_mul_(g, torch.clamp_max(torch.div(CLIP, torch.add(norm, 1e-6)), 1.))
                  p = [PS]
                  m = [MS]
                  v = [VS]
                  st = [SS]
                  torch._fused_adam_(p, g, m, v, [], st, lr=RATE, beta1=0.9, beta2=0.999, weight_decay=0., eps=1e-8, amsgrad=False, maximize=False)
                  return [loss, p[0], m[0], v[0]]
                """
                        .replace("DROP", drop)
                        .replace("ENCODER", weights("forth") + ", " + weights("back"))
                        .replace("DECODER", weights("decoder"))
                        .replace("TS", Integer.toString(ts))
                        .replace("WIDTH", Integer.toString(2 * h))
                        .replace("[N, ", "[" + n + ", ")
                        .replace("SMOOTHING", Double.toString(f.labelSmoothing()))
                        .replace("NAMES", names)
                        .replace("COUNT", Integer.toString(count))
                        .replace("CLIP", Double.toString(f.clip()))
                        .replace("[PS]", "[" + list("p", count) + "]")
                        .replace("[MS]", "[" + list("m", count) + "]")
                        .replace("[VS]", "[" + list("v", count) + "]")
                        .replace("[SS]", "[" + list("s", count) + "]")
                        .replace("RATE", Double.toString(f.learningRate())));
        return s.toString();
    }
}
