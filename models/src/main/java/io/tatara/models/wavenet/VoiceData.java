package io.tatara.models.wavenet;

import io.tatara.kernels.TataraException;
import io.tatara.models.train.Json;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What a model must know of the recordings that it was trained on; saved as {@code data.json}.
 *
 * @param rate samples a second
 * @param factors the values of each factor of a label, in order; empty where there is no condition
 */
public record VoiceData(int rate, List<List<String>> factors) {
    public VoiceData {
        if (rate < 1 || factors == null || factors.stream().anyMatch(List::isEmpty)) {
            throw new TataraException(
                    "wavenet data: given rate "
                            + rate
                            + " and factors "
                            + factors
                            + ", expected a rate >= 1 and values of each factor");
        }
        factors = factors.stream().map(List::copyOf).toList();
    }

    /**
     * @throws TataraException naming the file, if it cannot be read
     */
    static VoiceData read(Path file) {
        return Json.read(file, VoiceData.class);
    }

    /** Values of all factors together: rows of a table of conditions. */
    int values() {
        return factors.stream().mapToInt(List::size).sum();
    }

    /**
     * The rows of a label's factors.
     *
     * @throws TataraException if the label does not have a known value for each factor
     */
    int[] rows(List<String> label) {
        boolean fits = label.size() == factors.size();
        int[] rows = new int[factors.size()];
        int before = 0;
        for (int i = 0; fits && i < rows.length; i++) {
            int value = factors.get(i).indexOf(label.get(i));
            fits = value >= 0;
            rows[i] = before + value;
            before += factors.get(i).size();
        }
        if (!fits) {
            throw new TataraException(
                    "label "
                            + String.join(",", label)
                            + ": "
                            + (factors.isEmpty()
                                    ? "the model has no condition"
                                    : "expected one of each of " + factors));
        }
        return rows;
    }

    /** The value of a factor that a row stands for. */
    String value(int factor, int row) {
        int before = factors.subList(0, factor).stream().mapToInt(List::size).sum();
        return factors.get(factor).get(row - before);
    }

    /** A label as people write it: its factors with commas between. */
    public static List<String> label(String text) {
        return text.isEmpty() ? List.of() : Arrays.asList(text.split(",", -1));
    }
}
