package io.tatara.kernels.recurrent;

import static io.tatara.kernels.recurrent.Direction.BIDIRECTIONAL;
import static io.tatara.kernels.recurrent.Direction.FORWARD;
import static io.tatara.kernels.recurrent.Direction.REVERSE;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Cases of the sequence ops and of their gradients. */
final class RecurrentCases {
    /** What a gate can be. */
    private static final Data GATE = Data.uniform(0.05, 0.95);

    private static final Data STATE = Data.uniform(-1, 1);

    private RecurrentCases() {}

    /** The sizes that every op of the room is tried with. */
    private static List<CaseSizes> sizes() {
        List<CaseSizes> s = new ArrayList<>();
        for (Direction d : Direction.values()) {
            String name = d.name().toLowerCase(Locale.ROOT);
            s.add(CaseSizes.of(name, 5, 3, 4, 7).going(d));
            s.add(CaseSizes.of(name + " ragged", 5, 4, 3, 5).going(d).ragged(2, 5, 0, 1));
            s.add(CaseSizes.of(name + " bare", 4, 2, 3, 5).going(d).only("dy"));
            s.add(
                    CaseSizes.of(name + " ragged bare", 4, 3, 3, 2)
                            .going(d)
                            .ragged(3, 0, 4)
                            .only("dy"));
            for (int k = 1; k <= 3; k++) {
                s.add(CaseSizes.of(name + " truncated " + k, 7, 2, 3, 4).going(d).truncated(k));
                s.add(
                        CaseSizes.of(name + " ragged truncated " + k, 7, 4, 3, 4)
                                .going(d)
                                .truncated(k)
                                .ragged(5, 0, 7, 4));
            }
        }
        s.add(CaseSizes.of("one step", 1, 3, 4, 5));
        s.add(CaseSizes.of("one sequence", 6, 1, 4, 5).going(BIDIRECTIONAL));
        s.add(CaseSizes.of("one unit", 4, 3, 2, 1));
        s.add(CaseSizes.of("one of all", 1, 1, 1, 1).going(REVERSE));
        s.add(CaseSizes.of("empty batch", 4, 0, 3, 5).going(BIDIRECTIONAL));
        s.add(CaseSizes.of("no steps", 0, 3, 4, 5).going(BIDIRECTIONAL));
        s.add(CaseSizes.of("no steps bare", 0, 3, 4, 5).only(""));
        s.add(CaseSizes.of("ragged out of range", 4, 3, 2, 3).ragged(-1, 9, 2));
        s.add(CaseSizes.of("only h0", 3, 2, 3, 4).only("h0 dhN"));
        s.add(CaseSizes.of("only bias", 3, 2, 3, 4).only("bias bIh dcN"));
        s.add(
                CaseSizes.of("only c0 and peephole", 3, 2, 3, 4)
                        .only("c0 peephole bHh dgates dcells"));
        s.add(CaseSizes.of("nothing optional", 3, 2, 3, 4).only(""));
        s.add(CaseSizes.of("wide", 3, 18, 9, 33).going(BIDIRECTIONAL));
        return s;
    }

    /** More rows than a tile has, and sums longer than one pass over a tile. */
    private static List<CaseSizes> manyRows() {
        int[] many = new int[61];
        for (int i = 0; i < many.length; i++) {
            many[i] = i % 5;
        }
        return List.of(
                CaseSizes.of("chunks", 4, 37, 5, 24).ragged(Arrays.copyOf(many, 37)),
                CaseSizes.of("deep", 3, 3, 4, 128).going(BIDIRECTIONAL),
                CaseSizes.of("tiles", 3, 32, 5, 28).going(BIDIRECTIONAL),
                CaseSizes.of("tiles odd ragged", 3, 61, 5, 21).ragged(many),
                // So many units and rows that a large GPU takes tiles by itself.
                CaseSizes.of("wide tiles", 3, 61, 5, 516).ragged(many));
    }

    /**
     * @param measured whether the sizes for measuring belong to them
     */
    private static List<Case> all(Function<CaseSizes, Case> make, boolean measured) {
        List<Case> list = new ArrayList<>();
        for (CaseSizes s : sizes()) {
            list.add(make.apply(s));
        }
        for (CaseSizes s : manyRows()) {
            list.add(make.apply(s).large().noGradient());
        }
        int[] lengths = new int[33];
        for (int i = 0; i < 33; i++) {
            lengths[i] = i * 20 / 32;
        }
        CaseSizes large = CaseSizes.of("large", 20, 33, 37, 64);
        list.add(make.apply(large).large().noGradient());
        list.add(make.apply(large.going(BIDIRECTIONAL).ragged(lengths)).large().noGradient());
        list = HalfCases.with(list);
        if (measured) {
            list.addAll(RecurrentBenchCases.of(make));
        }
        return list;
    }

    /** NaN in some features: passes on within its sequence, not to others nor out of padding. */
    private static CaseSizes nan() {
        CaseSizes s = CaseSizes.of("nan", 6, 5, 2, 3).ragged(6, 2, 0, 4, 6);
        return s.drawn(Data.normal().sprinkled(9, Double.NaN));
    }

    static List<Case> rnn() {
        List<Case> list = all(s -> rnn(Activation.TANH, s), false);
        CaseSizes odd = CaseSizes.of("relu", 5, 3, 4, 7);
        list.add(rnn(Activation.RELU, odd));
        list.add(rnn(Activation.SIGMOID, CaseSizes.of("sigmoid", 5, 3, 4, 7).going(BIDIRECTIONAL)));
        list.add(exact());
        list.add(rnn(Activation.RELU, nan()));
        list.addAll(DeepBenchCases.rnn());
        return list;
    }

    /** Small integers and relu: every sum is exact in float. */
    private static Case exact() {
        CaseSizes s = CaseSizes.of("integers", 3, 4, 3, 2).ragged(3, 1, 0, 2);
        Data small = Data.integers(-3, 3);
        Case c =
                s.lengths(
                        Case.of(s.name(), new RnnSequence(Activation.RELU, FORWARD, 0))
                                .in(s.x(), small));
        return c.in(s.state(), small)
                .in(TensorSpec.f32(1, 2, 3), small)
                .in(TensorSpec.f32(1, 2, 2), small)
                .in(s.bias(1), small)
                .exact()
                .noGradient();
    }

    private static Case rnn(Activation act, CaseSizes s) {
        Case c =
                s.lengths(
                        Case.of(s.name(), new RnnSequence(act, s.direction(), s.truncation()))
                                .in(s.x(), s.features()));
        c = s.weights(s.maybe(c, "h0", s.state()), 1);
        return s.forward(s.maybe(c, "bias", s.bias(1)));
    }

    static List<Case> rnnGradient() {
        List<Case> list = all(s -> rnnGradient(Activation.TANH, s), false);
        list.add(rnnGradient(Activation.RELU, CaseSizes.of("relu", 5, 3, 4, 7)));
        list.add(
                rnnGradient(
                        Activation.SIGMOID,
                        CaseSizes.of("sigmoid", 5, 3, 4, 7).going(BIDIRECTIONAL)));
        list.addAll(DeepBenchCases.rnnGradient());
        return list;
    }

    private static Case rnnGradient(Activation act, CaseSizes s) {
        Case c =
                Case.of(s.name(), new RnnSequenceGradient(act, s.direction(), s.truncation()))
                        .in(s.x(), s.features());
        c = s.weights(s.maybe(s.lengths(c), "h0", s.state()), 1).in(s.y(), STATE);
        c = s.maybe(s.maybe(c, "dy", s.y()), "dhN", s.state());
        return s.backward(c, 1);
    }

    static List<Case> lstm() {
        List<Case> list = all(RecurrentCases::lstm, true);
        list.add(lstm(nan()));
        list.addAll(DeepBenchCases.lstm());
        return list;
    }

    static Case lstm(CaseSizes s) {
        Case c =
                s.lengths(
                        Case.of(s.name(), new LstmSequence(s.direction(), s.truncation()))
                                .in(s.x(), s.features()));
        c = s.weights(s.maybe(s.maybe(c, "h0", s.state()), "c0", s.state()), 4);
        return s.forward(
                s.maybe(
                        s.maybe(c, "bias", s.bias(4)),
                        "peephole",
                        s.peephole(),
                        Data.normal(0, 0.5)));
    }

    static List<Case> lstmGradient() {
        List<Case> list = all(RecurrentCases::lstmGradient, true);
        list.addAll(DeepBenchCases.lstmGradient());
        return list;
    }

    static Case lstmGradient(CaseSizes s) {
        Case c =
                Case.of(s.name(), new LstmSequenceGradient(s.direction(), s.truncation()))
                        .in(s.x(), s.features());
        c = s.weights(s.maybe(s.maybe(s.lengths(c), "h0", s.state()), "c0", s.state()), 4);
        c = s.maybe(c, "peephole", s.peephole(), Data.normal(0, 0.5));
        c = c.in(s.y(), STATE).in(s.saved(4), GATE).in(s.saved(1));
        c = s.maybe(s.maybe(s.maybe(c, "dy", s.y()), "dhN", s.state()), "dcN", s.state());
        return s.backward(s.maybe(s.maybe(c, "dgates", s.saved(4)), "dcells", s.saved(1)), 4);
    }

    static List<Case> gru() {
        List<Case> list = all(s -> gru(true, s), true);
        list.addAll(all(s -> gru(false, s), false));
        list.add(gru(true, nan()));
        list.add(gru(false, nan()));
        list.addAll(DeepBenchCases.gru());
        return list;
    }

    private static String name(boolean after, CaseSizes s) {
        return s.name() + (after ? "" : " reset before");
    }

    static Case gru(boolean after, CaseSizes s) {
        Case c =
                Case.of(name(after, s), new GruSequence(after, s.direction(), s.truncation()))
                        .in(s.x(), s.features());
        c = s.weights(s.maybe(s.lengths(c), "h0", s.state()), 3);
        return s.forward(s.maybe(s.maybe(c, "bIh", s.bias(3)), "bHh", s.bias(3)));
    }

    static List<Case> gruGradient() {
        List<Case> list = all(s -> gruGradient(true, s), true);
        list.addAll(all(s -> gruGradient(false, s), false));
        list.addAll(DeepBenchCases.gruGradient());
        return list;
    }

    static Case gruGradient(boolean after, CaseSizes s) {
        Case c =
                Case.of(
                                name(after, s),
                                new GruSequenceGradient(after, s.direction(), s.truncation()))
                        .in(s.x(), s.features());
        c =
                s.weights(s.maybe(s.lengths(c), "h0", s.state()), 3)
                        .in(s.y(), STATE)
                        .in(s.saved(4), GATE);
        c = s.maybe(s.maybe(c, "dy", s.y()), "dhN", s.state());
        return s.backward(s.maybe(c, "dgates", s.saved(4)), 3);
    }
}
