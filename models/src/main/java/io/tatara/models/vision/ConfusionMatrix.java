package io.tatara.models.vision;

import io.tatara.kernels.TataraException;
import java.util.List;
import java.util.Locale;

/**
 * How often pictures of each class were taken for each.
 *
 * @param counts [true class][answer]
 */
public record ConfusionMatrix(List<String> classes, int[][] counts) {
    private static final int LONGEST_NAME = 12;

    public ConfusionMatrix {
        classes = List.copyOf(classes);
        boolean square = counts.length == classes.size();
        for (int[] row : counts) {
            square &= row.length == classes.size();
        }
        if (!square) {
            throw new TataraException(
                    "a confusion matrix of "
                            + classes.size()
                            + " classes needs that many rows and columns");
        }
    }

    /**
     * @param labels and answers, class numbers
     */
    public static ConfusionMatrix of(List<String> classes, int[] labels, int[] answers) {
        int[][] counts = new int[classes.size()][classes.size()];
        for (int i = 0; i < labels.length; i++) {
            counts[labels[i]][answers[i]]++;
        }
        return new ConfusionMatrix(classes, counts);
    }

    public int total() {
        int sum = 0;
        for (int[] row : counts) {
            for (int n : row) {
                sum += n;
            }
        }
        return sum;
    }

    public int right() {
        int sum = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += counts[i][i];
        }
        return sum;
    }

    /** Part of the pictures whose answer was right; NaN of none. */
    public double accuracy() {
        return (double) right() / total();
    }

    /** Part of a class's pictures whose answer was right; NaN of none. */
    public double recall(int label) {
        int sum = 0;
        for (int n : counts[label]) {
            sum += n;
        }
        return (double) counts[label][label] / sum;
    }

    /** Part of the answers that name a class which were right; NaN of none. */
    public double precision(int label) {
        int sum = 0;
        for (int[] row : counts) {
            sum += row[label];
        }
        return (double) counts[label][label] / sum;
    }

    /** As a table: a row for each true class, a column for each answer. */
    public String text() {
        StringBuilder s = new StringBuilder();
        String name = "%-" + LONGEST_NAME + "s";
        s.append(String.format(Locale.ROOT, name, "true \\ said"));
        for (int i = 0; i < counts.length; i++) {
            s.append(String.format(Locale.ROOT, "%6d", i));
        }
        s.append("  recall precision\n");
        for (int i = 0; i < counts.length; i++) {
            String label = i + " " + classes.get(i);
            s.append(
                    String.format(
                            Locale.ROOT,
                            name,
                            label.substring(0, Math.min(LONGEST_NAME, label.length()))));
            for (int n : counts[i]) {
                s.append(String.format(Locale.ROOT, "%6d", n));
            }
            s.append(String.format(Locale.ROOT, "  %6.3f    %6.3f%n", recall(i), precision(i)));
        }
        return s.append(
                        String.format(
                                Locale.ROOT,
                                "%d of %d right: %.4f%n",
                                right(),
                                total(),
                                accuracy()))
                .toString();
    }
}
