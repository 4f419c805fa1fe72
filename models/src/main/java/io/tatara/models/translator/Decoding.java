package io.tatara.models.translator;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.beam.BeamStep;
import io.tatara.models.nn.Noise;
import io.tatara.models.nn.Recurrent;
import io.tatara.models.text.PairBatch;
import io.tatara.models.text.Vocabulary;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Beam search over a batch of sources at once: each source has {@code beam} rows, all rows take a
 * step together on the device, and the host only sees the best continuations of each source: twice
 * as many as rows, since at most one of a row ends the sentence, and the others must go on. With a
 * beam of 1 this is greedy decoding. The unknown word is never chosen.
 */
final class Decoding {
    /**
     * @param words without the end mark
     * @param score sum of log probabilities over the length to the power of the length penalty
     * @param attention a row over the source for each word; null where not asked for
     */
    record Hypothesis(int[] words, double score, float[][] attention) {}

    /** A word at the end of a chain of words. */
    private record Node(
            Node before, int word, double logProbability, int length, float[] attention) {
        static final Node START = new Node(null, Vocabulary.START, 0, 0, null);
    }

    /** The k best of each source, best first: scores, beams that they continue, words. */
    private record Continuations(int k, float[] scores, int[] parents, int[] words) {}

    private final Device device;
    private final TranslatorModel model;
    private final int beam;
    private final double lengthPenalty;
    private final boolean attention;

    Decoding(
            Device device,
            TranslatorModel model,
            int beam,
            double lengthPenalty,
            boolean attention) {
        this.device = device;
        this.model = model;
        this.beam = beam;
        this.lengthPenalty = lengthPenalty;
        this.attention = attention && model.attends();
    }

    /** The best translation of each source, none of which may be empty. */
    List<Hypothesis> search(List<int[]> sources) {
        int longest = sources.stream().mapToInt(s -> s.length).max().orElse(0);
        int n = sources.size();
        Search s = new Search(sources);
        try (Scope scope = device.scope()) {
            Tensor none = scope.tensor(new int[n * beam], n, beam);
            Tensor ids = scope.tensor(PairBatch.timeMajor(sources, longest), longest, n);
            Tensor lengths = scope.tensor(sources.stream().mapToInt(x -> x.length).toArray(), n);
            TranslatorModel.Encoded e =
                    model.encode(scope.ops(), ids, lengths, Noise.NONE, DType.FLOAT32);
            if (beam > 1) {
                e = model.select(scope.ops(), e, scope.tensor(rowsToSources(n), n * beam));
            }
            Recurrent.State state = e.start();
            while (!s.done()) {
                state = step(scope, e, state, s, none, longest);
            }
        }
        return s.results();
    }

    private int[] rowsToSources(int n) {
        int[] rows = new int[n * beam];
        Arrays.setAll(rows, i -> i / beam);
        return rows;
    }

    private Recurrent.State step(
            Scope scope,
            TranslatorModel.Encoded e,
            Recurrent.State state,
            Search s,
            Tensor none,
            int sourceLength) {
        try (Scope step = scope.child()) {
            Ops ops = step.ops();
            TranslatorModel.Decoded d =
                    model.decode(
                            ops, e, step.tensor(s.input, 1, s.input.length), state, Noise.NONE);
            int vocabulary = d.logits().shape().dim(1);
            int k = Math.min(2 * beam, beam * vocabulary);
            Tensor[] best =
                    ops.beamStep(
                            new BeamStep(k, 0, Vocabulary.END, true),
                            ops.reshape(d.logits(), s.sources, beam, vocabulary),
                            step.tensor(s.scores(), s.sources, beam),
                            none,
                            none,
                            step.tensor(mask(vocabulary), vocabulary));
            float[] weights = attention ? d.weights().toFloats() : null;
            Continuations c =
                    new Continuations(k, best[0].toFloats(), best[1].toInts(), best[2].toInts());
            int[] parents = s.advance(c, weights, sourceLength);
            Recurrent.State next =
                    beam == 1
                            ? d.last()
                            : model.select(ops, d.last(), step.tensor(parents, parents.length));
            if (state != e.start()) {
                close(state);
            }
            return new Recurrent.State(
                    next.h().moveTo(scope), next.c() == null ? null : next.c().moveTo(scope));
        }
    }

    /** Added to the log probabilities: neither the unknown word nor the start mark is chosen. */
    private static float[] mask(int vocabulary) {
        float[] mask = new float[vocabulary];
        mask[Vocabulary.UNKNOWN] = Float.NEGATIVE_INFINITY;
        mask[Vocabulary.START] = Float.NEGATIVE_INFINITY;
        return mask;
    }

    private static void close(Recurrent.State s) {
        s.h().close();
        if (s.c() != null) {
            s.c().close();
        }
    }

    /** The host's side of a search. */
    private final class Search {
        private final int sources;
        private final int[] limits;
        private final Node[] rows;
        private int steps;
        private final List<List<Node>> finished = new ArrayList<>();
        final int[] input;

        Search(List<int[]> sentences) {
            this.sources = sentences.size();
            this.limits = sentences.stream().mapToInt(s -> 2 * s.length + 10).toArray();
            this.rows = new Node[sources * beam];
            this.input = new int[sources * beam];
            Arrays.fill(input, Vocabulary.START);
            for (int i = 0; i < sources; i++) {
                rows[i * beam] = Node.START;
                finished.add(new ArrayList<>());
            }
        }

        boolean done() {
            for (int i = 0; i < sources; i++) {
                if (!done(i)) {
                    return false;
                }
            }
            return true;
        }

        private boolean done(int source) {
            return finished.get(source).size() >= beam || steps >= limits[source];
        }

        /** The sums of log probabilities of all rows; −∞ where there is none. */
        float[] scores() {
            float[] scores = new float[rows.length];
            for (int i = 0; i < rows.length; i++) {
                scores[i] =
                        rows[i] == null || done(i / beam)
                                ? Float.NEGATIVE_INFINITY
                                : (float) rows[i].logProbability;
            }
            return scores;
        }

        /** Takes the best continuations; returns from which row each row goes on. */
        int[] advance(Continuations best, float[] weights, int sourceLength) {
            Node[] next = rows.clone();
            int[] parents = new int[rows.length];
            Arrays.fill(input, Vocabulary.END);
            Arrays.setAll(parents, i -> i);
            for (int i = 0; i < sources; i++) {
                if (!done(i)) {
                    Arrays.fill(next, i * beam, (i + 1) * beam, null);
                    advance(i, best, next, parents, weights, sourceLength);
                }
            }
            System.arraycopy(next, 0, rows, 0, rows.length);
            steps++;
            return parents;
        }

        private void advance(
                int source,
                Continuations best,
                Node[] next,
                int[] parents,
                float[] weights,
                int sourceLength) {
            int at = source * beam;
            int end = at + beam;
            for (int rank = 0; rank < best.k && at < end; rank++) {
                int i = source * best.k + rank;
                if (!(best.scores[i] > Float.NEGATIVE_INFINITY)) {
                    break;
                }
                int row = source * beam + best.parents[i];
                int word = best.words[i];
                Node from = rows[row];
                float[] seen =
                        weights == null
                                ? null
                                : Arrays.copyOfRange(
                                        weights, row * sourceLength, (row + 1) * sourceLength);
                Node node = new Node(from, word, best.scores[i], from.length + 1, seen);
                if (word != Vocabulary.END) {
                    next[at] = node;
                    parents[at] = row;
                    input[at] = word;
                    at++;
                } else if (rank < beam) {
                    finished.get(source).add(node);
                }
            }
        }

        List<Hypothesis> results() {
            List<Hypothesis> list = new ArrayList<>();
            for (int i = 0; i < sources; i++) {
                List<Node> nodes = new ArrayList<>(finished.get(i));
                if (nodes.isEmpty()) {
                    // The limit of the length came first.
                    Arrays.stream(rows, i * beam, (i + 1) * beam)
                            .filter(r -> r != null)
                            .forEach(nodes::add);
                }
                if (nodes.isEmpty()) {
                    throw new TataraException(
                            "translate: the model gives no numbers: its weights are damaged");
                }
                list.add(
                        hypothesis(
                                Collections.max(nodes, Comparator.comparingDouble(this::score))));
            }
            return list;
        }

        private double score(Node n) {
            return n.logProbability / Math.pow(n.length, lengthPenalty);
        }

        private Hypothesis hypothesis(Node last) {
            List<Node> chain = new ArrayList<>();
            for (Node n = last.word == Vocabulary.END ? last.before : last;
                    n.before != null;
                    n = n.before) {
                chain.add(n);
            }
            Collections.reverse(chain);
            return new Hypothesis(
                    chain.stream().mapToInt(Node::word).toArray(),
                    score(last),
                    attention ? chain.stream().map(Node::attention).toArray(float[][]::new) : null);
        }
    }
}
