package io.tatara.bench.peers;

import io.tatara.kernels.TataraException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One piece of work in one size.
 *
 * @param name unique, as {@code --only} and the result file have it
 * @param kind what is done
 * @param sizes by name, see {@link Kind}
 * @param flops floating-point operations, a fused multiply-add counted as two; 0 where nobody
 *     counts them
 * @param bytes each input read once and each output written once; 0 where arithmetic binds
 */
record PeerCase(String name, Kind kind, Map<String, Integer> sizes, double flops, double bytes) {
    int size(String s) {
        Integer v = sizes.get(s);
        if (v == null) {
            throw new IllegalArgumentException(name + " has no size " + s);
        }
        return v;
    }

    /** Whether a query sees no later key. */
    boolean causal() {
        return sizes.getOrDefault("causal", 0) == 1;
    }

    /**
     * What is compared of a result: of a parameter after a step, which hardly moved, how it moved.
     */
    float[] comparable(float[] y) {
        if (kind != Kind.ADAM) {
            return y;
        }
        float[] before = Inputs.normal("p0", 1, y.length);
        float[] moved = new float[y.length];
        for (int i = 0; i < y.length; i++) {
            moved[i] = y[i] - before[i];
        }
        return moved;
    }

    static PeerCase of(String name, Kind kind, double flops, double bytes, Object... s) {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        for (int i = 0; i < s.length; i += 2) {
            sizes.put((String) s[i], (Integer) s[i + 1]);
        }
        return new PeerCase(name, kind, sizes, flops, bytes);
    }

    /** The suite that is run where none is named. */
    static final String STANDARD = "standard";

    static final String CONVOLUTION = "convolution";

    /** The cases of a suite, in the order of the table. */
    static List<PeerCase> suite(String name) {
        return switch (name) {
            case STANDARD -> standard();
            case CONVOLUTION -> Convolutions.cases();
            default ->
                    throw new TataraException(
                            "no suite '%s'; there are %s and %s"
                                    .formatted(name, STANDARD, CONVOLUTION));
        };
    }

    /** Every case of every suite. */
    static List<PeerCase> all() {
        List<PeerCase> all = new ArrayList<>(standard());
        all.addAll(Convolutions.cases());
        return all;
    }

    private static List<PeerCase> standard() {
        List<PeerCase> all = new ArrayList<>();
        for (int n : new int[] {256, 512, 1024, 2048}) {
            all.add(matmul("matmul-" + n, Kind.MATMUL, n, n, n));
        }
        for (int m : new int[] {1, 32}) {
            all.add(matmul("matmul-weight-m" + m, Kind.MATMUL_WEIGHT, m, 1024, 1024));
        }
        int[][] layers = {{256, 32, 50}, {1024, 1, 50}};
        for (int[] l : layers) {
            all.add(layer("lstm", Kind.LSTM, 4, 1, l));
            all.add(layer("gru", Kind.GRU, 3, 1, l));
        }
        for (int[] l : layers) {
            all.add(layer("lstm-training", Kind.LSTM_TRAINING, 4, 3, l));
            all.add(layer("gru-training", Kind.GRU_TRAINING, 3, 3, l));
        }
        for (int t : new int[] {512, 2048}) {
            for (int causal : new int[] {0, 1}) {
                attention(all, t, causal);
            }
        }
        all.add(rows("softmax-4096x1024", Kind.SOFTMAX, 2, 4096, 1024));
        all.add(rows("softmax-256x1000", Kind.SOFTMAX, 2, 256, 1000));
        all.add(rows("layer-norm-4096x1024", Kind.LAYER_NORM, 2, 4096, 1024));
        all.add(rows("cross-entropy-2048x4096", Kind.CROSS_ENTROPY, 1, 2048, 4096));
        all.add(
                rows(
                        "cross-entropy-training-2048x4096",
                        Kind.CROSS_ENTROPY_TRAINING,
                        2,
                        2048,
                        4096));
        int v = 32000;
        int d = 512;
        int ids = 4096;
        double moved = 8.0 * ids * d;
        all.add(of("embedding-4096", Kind.EMBEDDING, 0, moved, "v", v, "d", d, "ids", ids));
        all.add(
                of(
                        "embedding-gradient-4096",
                        Kind.EMBEDDING_GRADIENT,
                        0,
                        4.0 * ids * d + 4.0 * v * d,
                        "v",
                        v,
                        "d",
                        d,
                        "ids",
                        ids));
        int n = 1 << 20;
        all.add(of("adam-4x1048576", Kind.ADAM, 0, 4 * 28.0 * n, "tensors", 4, "n", n));
        all.add(of("translator-step", Kind.TRANSLATOR, 0, 0, "source", 20, "target", 20));
        return List.copyOf(all);
    }

    private static PeerCase matmul(String name, Kind kind, int m, int n, int k) {
        double bytes = m == 1 ? 4.0 * ((double) m * k + (double) k * n + (double) m * n) : 0;
        return of(name, kind, 2.0 * m * n * k, bytes, "m", m, "n", n, "k", k);
    }

    private static PeerCase layer(String name, Kind kind, int gates, int passes, int[] l) {
        double flops = 2.0 * passes * gates * l[0] * 2 * l[0] * l[1] * l[2];
        String full = name + "-h" + l[0] + "-b" + l[1] + "-t" + l[2];
        return of(full, kind, flops, 0, "h", l[0], "b", l[1], "t", l[2]);
    }

    private static void attention(List<PeerCase> all, int t, int causal) {
        int h = 8;
        int d = 64;
        double pairs = causal == 1 ? t * (t + 1.0) / 2 : (double) t * t;
        String tail = "-" + t + (causal == 1 ? "-causal" : "-full");
        Object[] sizes = {"h", h, "t", t, "d", d, "causal", causal};
        all.add(of("attention" + tail, Kind.ATTENTION, 4.0 * h * pairs * d, 0, sizes));
        all.add(
                of(
                        "attention-gradient" + tail,
                        Kind.ATTENTION_GRADIENT,
                        10.0 * h * pairs * d,
                        0,
                        sizes));
    }

    private static PeerCase rows(String name, Kind kind, int passes, int rows, int n) {
        return of(name, kind, 0, 4.0 * passes * rows * n, "rows", rows, "n", n);
    }
}
