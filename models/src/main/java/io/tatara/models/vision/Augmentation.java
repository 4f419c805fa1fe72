package io.tatara.models.vision;

import io.tatara.kernels.TataraException;
import java.util.SplittableRandom;

/**
 * Changes of training pictures that leave their labels right: a shift by up to {@code shift} pixels
 * along both axes, what comes in at the border being the mean, and, of every second picture, its
 * mirror image. What becomes of a picture depends on the seed, the epoch and its number alone.
 */
public record Augmentation(int shift, boolean flip) {
    public static final Augmentation NONE = new Augmentation(0, false);

    public Augmentation {
        if (shift < 0) {
            throw new TataraException(
                    "augmentation: shift: given " + shift + ", expected a number >= 0");
        }
    }

    /** How a picture is changed: y[i, j] = x[i + down, ±(j + right)]. */
    record Change(int down, int right, boolean mirrored) {}

    Change change(long seed, int epoch, int picture) {
        SplittableRandom r =
                new SplittableRandom(
                        seed * 0x9E3779B97F4A7C15L
                                + epoch * 0xD1B54A32D192ED03L
                                + (picture + 1L) * 0xBF58476D1CE4E5B9L);
        int down = r.nextInt(-shift, shift + 1);
        int right = r.nextInt(-shift, shift + 1);
        return new Change(down, right, r.nextBoolean() && flip);
    }

    /**
     * A batch as a network takes it.
     *
     * @param numbers of the pictures
     * @return [numbers, C, H, W]
     */
    float[] apply(Images images, Normalization n, int[] numbers, long seed, int epoch) {
        float[] x = new float[numbers.length * images.each()];
        float[][] tables = new float[images.channels()][];
        for (int c = 0; c < tables.length; c++) {
            tables[c] = n.table(c);
        }
        for (int i = 0; i < numbers.length; i++) {
            Change change = change(seed, epoch, numbers[i]);
            for (int c = 0; c < tables.length; c++) {
                plane(images, numbers[i], c, change, tables[c], x, i * images.each());
            }
        }
        return x;
    }

    private static void plane(
            Images images, int number, int c, Change change, float[] table, float[] x, int to) {
        int h = images.height();
        int w = images.width();
        int from = number * images.each() + c * h * w;
        int at = to + c * h * w;
        int step = change.mirrored ? -1 : 1;
        for (int i = 0; i < h; i++) {
            int row = i + change.down;
            if (row < 0 || row >= h) {
                continue; // 0 is the mean
            }
            for (int j = 0; j < w; j++) {
                int column = j + change.right;
                if (column >= 0 && column < w) {
                    int source = from + row * w + (step > 0 ? column : w - 1 - column);
                    x[at + i * w + j] = table[images.pixels()[source] & 0xff];
                }
            }
        }
    }
}
