package io.tatara.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What is to be reached: our speed as a part of a peer's. */
final class Goals {
    /** Any peer: the best one of each case. */
    static final String BEST = "best";

    /**
     * A row of the table of goals.
     *
     * @param work as people call it
     * @param threads on which it is held, empty for all
     * @param contestant who is measured
     * @param peer who it is held to, or {@link #BEST}
     * @param ratio peer's median divided by ours
     */
    record Goal(
            String work,
            List<String> cases,
            Set<Integer> threads,
            String contestant,
            String peer,
            double ratio) {}

    /** A goal in one case. */
    record Outcome(Goal goal, PeerResult.Entry entry, String peer, double ratio) {
        boolean met() {
            return ratio >= goal.ratio;
        }
    }

    private static final List<String> SMALL_TO_LARGE =
            List.of("matmul-256", "matmul-512", "matmul-1024", "matmul-2048");
    private static final List<String> FROM_512 = SMALL_TO_LARGE.subList(1, 4);

    private Goals() {}

    private static Goal ours(String work, List<String> cases, String peer, double ratio) {
        return new Goal(work, cases, Set.of(), Contestants.JVM, peer, ratio);
    }

    private static List<Goal> all() {
        Set<Integer> one = Set.of(1);
        Set<Integer> two = Set.of(2);
        String jvm = Contestants.JVM;
        String ort = Contestants.ONNX_RUNTIME;
        String torch = Contestants.PYTORCH;
        List<Goal> g = new ArrayList<>();
        g.add(new Goal("SGEMM 256 … 2048", SMALL_TO_LARGE, one, jvm, Contestants.OPENBLAS, 1));
        g.add(new Goal("SGEMM 256 … 2048", SMALL_TO_LARGE, one, jvm, Contestants.ONEDNN, 0.95));
        g.add(new Goal("SGEMM 512 … 2048", FROM_512, two, jvm, ort, 1));
        g.add(new Goal("SGEMM 512 … 2048", FROM_512, two, jvm, torch, 0.95));
        List<String> weights = List.of("matmul-weight-m1", "matmul-weight-m32");
        g.add(ours("M = 1 and 32, constant weights", weights, ort, 0.95));
        List<String> layers = List.of("lstm-h256-b32-t50", "gru-h256-b32-t50");
        g.add(ours("LSTM, GRU h256 b32 t50", layers, ort, 1.1));
        List<String> large = List.of("lstm-h1024-b1-t50", "gru-h1024-b1-t50");
        g.add(ours("LSTM, GRU h1024 b1 t50", large, ort, 0.95));
        g.add(
                ours(
                        "LSTM, GRU training",
                        List.of(
                                "lstm-training-h256-b32-t50",
                                "gru-training-h256-b32-t50",
                                "lstm-training-h1024-b1-t50",
                                "gru-training-h1024-b1-t50"),
                        torch,
                        1.3));
        List<String> full = List.of("attention-512-full", "attention-2048-full");
        g.add(ours("attention, full", full, BEST, 1.2));
        List<String> causal = List.of("attention-512-causal", "attention-2048-causal");
        g.add(ours("attention, causal", causal, BEST, 1.5));
        List<String> gradients =
                List.of(
                        "attention-gradient-512-full",
                        "attention-gradient-2048-full",
                        "attention-gradient-512-causal",
                        "attention-gradient-2048-causal");
        g.add(ours("attention, gradient", gradients, torch, 1.2));
        g.add(ours("softmax", List.of("softmax-4096x1024", "softmax-256x1000"), BEST, 1.3));
        g.add(ours("layer norm", List.of("layer-norm-4096x1024"), BEST, 1.3));
        List<String> entropy =
                List.of("cross-entropy-2048x4096", "cross-entropy-training-2048x4096");
        g.add(ours("cross-entropy", entropy, BEST, 1.3));
        List<String> embedding = List.of("embedding-4096", "embedding-gradient-4096");
        g.add(ours("embedding", embedding, BEST, 1.3));
        g.add(ours("translator, a training step", List.of("translator-step"), torch, 1.3));
        g.add(
                new Goal(
                        "OpenCL on the CPU, SGEMM 512 … 2048",
                        FROM_512,
                        Set.of(),
                        Contestants.OPENCL,
                        jvm,
                        0.9));
        return g;
    }

    /** Every layer of these kinds is to be faster than any peer's. */
    private static List<Goal> convolutions() {
        List<PeerCase> all = Convolutions.cases();
        List<String> depthwise = names(all, "depthwise");
        List<String> causal = names(all, "causal");
        return List.of(
                ours("depthwise layers", depthwise, BEST, 1),
                ours("dilated causal layers", causal, BEST, 1),
                new Goal(
                        "convolution layers, OpenCL on the CPU",
                        all.stream()
                                .filter(c -> c.kind() == Kind.CONV)
                                .map(PeerCase::name)
                                .toList(),
                        Set.of(),
                        Contestants.OPENCL,
                        Contestants.CLBLAST,
                        1));
    }

    private static List<String> names(List<PeerCase> all, String begin) {
        return all.stream().map(PeerCase::name).filter(n -> n.startsWith(begin)).toList();
    }

    /** The goals of the suites that the result has cases of. */
    static List<Goal> of(PeerResult r) {
        Set<String> layers =
                Convolutions.cases().stream().map(PeerCase::name).collect(Collectors.toSet());
        return r.entries().stream().anyMatch(e -> layers.contains(e.name()))
                ? convolutions()
                : all();
    }

    /** A goal in every case that was measured. */
    static List<Outcome> outcomes(Goal g, PeerResult r) {
        List<Outcome> list = new ArrayList<>();
        for (PeerResult.Entry e : r.entries()) {
            boolean held = g.threads.isEmpty() || g.threads.contains(e.threads());
            PeerResult.Figure ours = e.of(g.contestant);
            if (!held || e.busy() > 0 || ours == null || !g.cases.contains(e.name())) {
                continue;
            }
            String peer = g.peer.equals(BEST) ? best(e) : g.peer;
            PeerResult.Figure theirs = peer == null ? null : e.of(peer);
            if (theirs != null) {
                list.add(new Outcome(g, e, peer, theirs.median() / ours.median()));
            }
        }
        return list;
    }

    /** The fastest peer of a case; null for none. */
    static String best(PeerResult.Entry e) {
        return e.figures().stream()
                .filter(f -> f.measured() && Contestants.PEERS.contains(f.contestant()))
                .min(java.util.Comparator.comparingDouble(PeerResult.Figure::median))
                .map(PeerResult.Figure::contestant)
                .orElse(null);
    }
}
