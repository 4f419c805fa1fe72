package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Recurrent layers of Baidu's DeepBench, as benchmarks: one layer, one direction, as wide as its
 * input, all sequences of full length, forward (with what the gradient needs) and gradient. Vanilla
 * layers are its relu ones. Every size in float32, float16 and bfloat16.
 */
final class DeepBenchCases {
    private static final String SUITE = "deepbench";

    /** Hidden width, batch, steps. */
    private static final int[][] VANILLA = {
        {1760, 16, 50}, {1760, 64, 50}, {1760, 128, 50}, {2560, 16, 50}, {2560, 64, 50},
    };

    private static final int[][] LSTM = {
        {512, 16, 25},
        {512, 64, 25},
        {512, 128, 25},
        {1024, 16, 25},
        {1024, 64, 25},
        {1024, 128, 25},
        {2048, 16, 25},
        {2048, 64, 25},
        {2048, 128, 25},
        {4096, 16, 25},
        {4096, 64, 25},
        {1536, 8, 50},
        {256, 32, 150},
        {512, 1, 25},
        {1024, 1, 25},
        {1024, 4, 25},
    };

    private static final int[][] GRU = {
        {2816, 32, 187},
        {2560, 32, 187},
        {2048, 32, 187},
        {1536, 32, 187},
        {2816, 1, 187},
        {512, 32, 1},
    };

    private static final Data GATE = Data.uniform(0.05, 0.95);
    private static final Data STATE = Data.uniform(-1, 1);

    private DeepBenchCases() {}

    /** A layer's tensors in one dtype. */
    private record Layer(DType dtype, int h, int n, int t, int gates) {
        TensorSpec of(int... dims) {
            return new TensorSpec(dtype, Shape.of(dims));
        }

        TensorSpec steps() {
            return of(t, n, h);
        }

        TensorSpec state() {
            return of(1, n, h);
        }

        TensorSpec saved(int blocks) {
            return of(1, t, n, blocks * h);
        }

        TensorSpec bias() {
            return of(1, gates * h);
        }

        Case weights(Case c) {
            Data data = Data.normal(0, 1 / Math.sqrt(2 * h));
            return c.in(of(1, gates * h, h), data).in(of(1, gates * h, h), data);
        }
    }

    private static List<Case> all(int[][] sizes, int gates, BiFunction<String, Layer, Case> make) {
        List<Case> list = new ArrayList<>();
        for (int[] s : sizes) {
            for (DType d : new DType[] {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16}) {
                String name = "h" + s[0] + " b" + s[1] + " t" + s[2] + " " + d;
                list.add(make.apply(name, new Layer(d, s[0], s[1], s[2], gates)).bench(SUITE));
            }
        }
        return list;
    }

    static List<Case> rnn() {
        RnnSequence op = new RnnSequence(Activation.RELU, Direction.FORWARD, 0);
        return all(
                VANILLA,
                1,
                (name, l) ->
                        l.weights(Case.of(name, op).in(l.steps()).absent().in(l.state()))
                                .in(l.bias()));
    }

    static List<Case> rnnGradient() {
        RnnSequenceGradient op = new RnnSequenceGradient(Activation.RELU, Direction.FORWARD, 0);
        return all(
                VANILLA,
                1,
                (name, l) ->
                        l.weights(Case.of(name, op).in(l.steps()).absent().in(l.state()))
                                .in(l.steps(), STATE)
                                .in(l.steps())
                                .absent());
    }

    static List<Case> lstm() {
        LstmSequence op = new LstmSequence(Direction.FORWARD, 0);
        return all(
                LSTM,
                4,
                (name, l) ->
                        l.weights(
                                        Case.of(name, op)
                                                .in(l.steps())
                                                .absent()
                                                .in(l.state())
                                                .in(l.state()))
                                .in(l.bias())
                                .absent());
    }

    static List<Case> lstmGradient() {
        LstmSequenceGradient op = new LstmSequenceGradient(Direction.FORWARD, 0);
        return all(
                LSTM,
                4,
                (name, l) ->
                        l.weights(
                                        Case.of(name, op)
                                                .in(l.steps())
                                                .absent()
                                                .in(l.state())
                                                .in(l.state()))
                                .absent()
                                .in(l.steps(), STATE)
                                .in(l.saved(4), GATE)
                                .in(l.saved(1))
                                .in(l.steps())
                                .absent()
                                .absent()
                                .absent()
                                .absent());
    }

    static List<Case> gru() {
        GruSequence op = new GruSequence(true, Direction.FORWARD, 0);
        return all(
                GRU,
                3,
                (name, l) ->
                        l.weights(Case.of(name, op).in(l.steps()).absent().in(l.state()))
                                .in(l.bias())
                                .in(l.bias()));
    }

    static List<Case> gruGradient() {
        GruSequenceGradient op = new GruSequenceGradient(true, Direction.FORWARD, 0);
        return all(
                GRU,
                3,
                (name, l) ->
                        l.weights(Case.of(name, op).in(l.steps()).absent().in(l.state()))
                                .in(l.steps(), STATE)
                                .in(l.saved(4), GATE)
                                .in(l.steps())
                                .absent()
                                .absent());
    }
}
