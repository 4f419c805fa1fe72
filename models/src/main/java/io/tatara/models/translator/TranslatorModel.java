package io.tatara.models.translator;

import io.tatara.kernels.DType;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.models.nn.AttentionLayer;
import io.tatara.models.nn.Cell;
import io.tatara.models.nn.EmbeddingLayer;
import io.tatara.models.nn.Linear;
import io.tatara.models.nn.Noise;
import io.tatara.models.nn.Parameters;
import io.tatara.models.nn.Recurrent;
import io.tatara.models.nn.RecurrentStack;
import io.tatara.models.nn.Score;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;

/**
 * The network. An encoder reads the source; a decoder, started from the encoder's last state, reads
 * the target so far; what it sees of the source (attention's context, or without attention the
 * encoder's last state) and its own state give the next word: softmax(W_o · tanh(W_c [context;
 * h])). The context is not fed back into the decoder, so that with known targets all steps are one
 * recurrent op, one attention and one matrix product.
 */
final class TranslatorModel {
    /**
     * What the decoder needs of a batch of sources.
     *
     * @param memory for attention; null without
     * @param sentence the last states of the encoder's last layer side by side [N, C]
     * @param start the decoder's first state
     */
    record Encoded(AttentionLayer.Memory memory, Tensor sentence, Recurrent.State start) {}

    /**
     * @param logits [N·T, V], all steps of a sentence together
     * @param last state after the last step
     * @param weights attention [N, T, Ts]; null without attention
     */
    record Decoded(Tensor logits, Recurrent.State last, Tensor weights) {}

    private final EmbeddingLayer sourceWords;
    private final EmbeddingLayer targetWords;
    private final RecurrentStack encoder;
    private final RecurrentStack decoder;
    private final Linear[] bridgeH;
    private final Linear[] bridgeC;
    private final AttentionLayer attention;
    private final Linear combine;
    private final Linear output;
    private final int hidden;

    TranslatorModel(Parameters p, TranslatorConfig c, int sourceVocabulary, int targetVocabulary) {
        hidden = c.hidden();
        sourceWords =
                new EmbeddingLayer(p.under("encoder.embedding"), sourceVocabulary, c.embedding());
        targetWords =
                new EmbeddingLayer(p.under("decoder.embedding"), targetVocabulary, c.embedding());
        Direction direction = c.bidirectional() ? Direction.BIDIRECTIONAL : Direction.FORWARD;
        int depth = c.layers();
        encoder =
                new RecurrentStack(
                        p.under("encoder.rnn"), c.cell(), direction, c.embedding(), hidden, depth);
        int width = encoder.width();
        bridgeH = bridges(p, "bridge.h", width, depth);
        bridgeC = c.cell() == Cell.LSTM ? bridges(p, "bridge.c", width, depth) : null;
        boolean attends = c.attention() != Score.NONE;
        int input = c.embedding() + (attends ? 0 : width);
        decoder =
                new RecurrentStack(
                        p.under("decoder.rnn"), c.cell(), Direction.FORWARD, input, hidden, depth);
        attention =
                attends
                        ? new AttentionLayer(
                                p.under("attention"), c.attention(), hidden, width, hidden)
                        : null;
        int combined = c.tied() ? c.embedding() : hidden;
        combine = new Linear(p.under("combine"), width + hidden, combined, true);
        output =
                c.tied()
                        ? new Linear(
                                targetWords.table(),
                                p.under("output").full("bias", 0, targetVocabulary))
                        : new Linear(p.under("output"), combined, targetVocabulary, true);
    }

    /** From each layer of the encoder to the decoder's; the first has the name alone. */
    private Linear[] bridges(Parameters p, String name, int width, int depth) {
        Linear[] bridges = new Linear[depth];
        for (int i = 0; i < depth; i++) {
            bridges[i] = new Linear(p.under(i == 0 ? name : name + i), width, hidden, true);
        }
        return bridges;
    }

    boolean attends() {
        return attention != null;
    }

    /**
     * @param ids int32 [Ts, N]
     * @param lengths int32 [N]
     * @param storage type of all that is computed of them, logits included
     */
    Encoded encode(Ops ops, Tensor ids, Tensor lengths, Noise noise, DType storage) {
        Tensor x = noise.drop(ops, ops.cast(sourceWords.apply(ops, ids), storage));
        Recurrent.Result r = encoder.apply(ops, x, lengths, null, noise);
        int depth = encoder.depth();
        Tensor[] hs = new Tensor[depth];
        Tensor[] cs = new Tensor[depth];
        Tensor sentence = null;
        for (int i = 0; i < depth; i++) {
            Recurrent.State s = encoder.state(ops, r.last(), i);
            sentence = joined(ops, s.h());
            hs[i] = state(ops, bridgeH[i], sentence);
            cs[i] = bridgeC == null ? null : state(ops, bridgeC[i], joined(ops, s.c()));
        }
        Tensor h = depth == 1 ? hs[0] : ops.concat(0, hs);
        Tensor c = depth == 1 || bridgeC == null ? cs[0] : ops.concat(0, cs);
        AttentionLayer.Memory memory =
                attention == null
                        ? null
                        : attention.memory(ops, ops.transpose(r.y(), 1, 0, 2), lengths);
        return new Encoded(memory, sentence, new Recurrent.State(h, c));
    }

    /** [D, N, H] → [N, D·H]. */
    private static Tensor joined(Ops ops, Tensor h) {
        int d = h.shape().dim(0);
        int n = h.shape().dim(1);
        int width = h.shape().dim(2);
        return ops.reshape(d == 1 ? h : ops.transpose(h, 1, 0, 2), n, d * width);
    }

    private Tensor state(Ops ops, Linear bridge, Tensor sentence) {
        return ops.reshape(
                bridge.apply(ops, sentence, Activation.TANH), 1, sentence.shape().dim(0), hidden);
    }

    /** The same sources in another order or number; indices int32 [k]. */
    Encoded select(Ops ops, Encoded e, Tensor indices) {
        AttentionLayer.Memory m = e.memory;
        AttentionLayer.Memory memory = null;
        if (m != null) {
            Tensor values = ops.gather(m.values(), 0, indices);
            Tensor keys = m.keys() == m.values() ? values : ops.gather(m.keys(), 0, indices);
            memory = new AttentionLayer.Memory(keys, values, ops.gather(m.lengths(), 0, indices));
        }
        return new Encoded(
                memory, ops.gather(e.sentence, 0, indices), select(ops, e.start, indices));
    }

    Recurrent.State select(Ops ops, Recurrent.State s, Tensor indices) {
        return new Recurrent.State(
                ops.gather(s.h(), 1, indices),
                s.c() == null ? null : ops.gather(s.c(), 1, indices));
    }

    /**
     * @param ids int32 [T, N]: the words before those to be told
     * @param start state before the first of them
     */
    Decoded decode(Ops ops, Encoded e, Tensor ids, Recurrent.State start, Noise noise) {
        int t = ids.shape().dim(0);
        int n = ids.shape().dim(1);
        int width = encoder.width();
        DType storage = e.sentence.dtype();
        Tensor x = noise.drop(ops, ops.cast(targetWords.apply(ops, ids), storage));
        if (attention == null) {
            x = ops.concat(2, x, ops.expand(ops.reshape(e.sentence, 1, n, width), t, n, width));
        }
        Recurrent.Result r = decoder.apply(ops, x, null, start, noise);
        Tensor h = t == 1 ? ops.reshape(r.y(), n, 1, hidden) : ops.transpose(r.y(), 1, 0, 2);
        Tensor context;
        Tensor weights = null;
        if (attention == null) {
            context = ops.expand(ops.reshape(e.sentence, n, 1, width), n, t, width);
        } else {
            AttentionLayer.Result a = attention.apply(ops, h, e.memory);
            context = a.context();
            weights = a.weights();
        }
        Tensor both = ops.reshape(ops.concat(2, context, h), n * t, width + hidden);
        Tensor combined = noise.drop(ops, combine.apply(ops, both, Activation.TANH));
        return new Decoded(output.apply(ops, combined), r.last(), weights);
    }
}
