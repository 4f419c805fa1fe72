package io.tatara.models.translator;

import io.tatara.kernels.DType;
import io.tatara.models.nn.Noise;
import io.tatara.models.nn.Recurrent;
import io.tatara.models.text.Vocabulary;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Beam search of one sentence over all log probabilities, each hypothesis a run of its own. */
final class HostSearch {
    record Found(int[] words, double score) {}

    private record Path(List<Integer> words, Recurrent.State state, double sum) {
        Path then(int word, Recurrent.State next, double logProbability) {
            List<Integer> all = new ArrayList<>(words);
            all.add(word);
            return new Path(all, next, sum + logProbability);
        }

        int last() {
            return words.isEmpty() ? Vocabulary.START : words.getLast();
        }
    }

    private HostSearch() {}

    static Found search(
            Device device, TranslatorModel model, int[] source, int beam, double penalty) {
        try (Scope s = device.scope()) {
            TranslatorModel.Encoded e =
                    model.encode(
                            s.ops(),
                            s.tensor(source, source.length, 1),
                            s.tensor(new int[] {source.length}, 1),
                            Noise.NONE,
                            DType.FLOAT32);
            List<Path> live = List.of(new Path(List.of(), e.start(), 0));
            List<Path> finished = new ArrayList<>();
            for (int i = 0; i < 2 * source.length + 10 && finished.size() < beam; i++) {
                List<Path> all = new ArrayList<>();
                for (Path p : live) {
                    extend(s, model, e, p, all);
                }
                all.sort(Comparator.comparingDouble(p -> -p.sum));
                finished.addAll(
                        all.stream().limit(beam).filter(p -> p.last() == Vocabulary.END).toList());
                live = all.stream().filter(p -> p.last() != Vocabulary.END).limit(beam).toList();
            }
            return (finished.isEmpty() ? live : finished)
                    .stream()
                            .map(p -> found(p, penalty))
                            .max(Comparator.comparingDouble(Found::score))
                            .orElseThrow();
        }
    }

    private static void extend(
            Scope s, TranslatorModel model, TranslatorModel.Encoded e, Path p, List<Path> all) {
        TranslatorModel.Decoded d =
                model.decode(s.ops(), e, s.tensor(new int[] {p.last()}, 1, 1), p.state, Noise.NONE);
        float[] logProbs = s.ops().logSoftmax(d.logits()).toFloats();
        for (int w = 0; w < logProbs.length; w++) {
            if (w != Vocabulary.UNKNOWN && w != Vocabulary.START) {
                all.add(p.then(w, d.last(), logProbs[w]));
            }
        }
    }

    private static Found found(Path p, double penalty) {
        return new Found(
                p.words.stream().filter(w -> w != Vocabulary.END).mapToInt(w -> w).toArray(),
                p.sum / Math.pow(p.words.size(), penalty));
    }
}
