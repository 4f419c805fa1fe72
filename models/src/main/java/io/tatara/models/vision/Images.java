package io.tatara.models.vision;

import io.tatara.kernels.TataraException;
import java.util.Arrays;

/**
 * Pictures of one size with labels, a byte a value.
 *
 * @param pixels [N, channels, height, width], 0 … 255 unsigned
 * @param labels [N], from 0
 */
public record Images(int channels, int height, int width, byte[] pixels, int[] labels) {
    /** Rows, columns and channels beyond this are taken for a damaged file. */
    static final int LARGEST_SIDE = 4096;

    public Images {
        long each = (long) channels * height * width;
        if (channels < 1 || height < 1 || width < 1 || each * labels.length != pixels.length) {
            throw new TataraException(
                    "%d labels and %d bytes are no pictures of %d x %d x %d"
                            .formatted(labels.length, pixels.length, channels, height, width));
        }
    }

    public int count() {
        return labels.length;
    }

    /** Values of one picture. */
    public int each() {
        return channels * height * width;
    }

    /** Size of a picture as text, channels first. */
    public String size() {
        return channels + " x " + height + " x " + width;
    }

    /** The pictures of these numbers, in this order. */
    public Images select(int... numbers) {
        byte[] p = new byte[Math.multiplyExact(numbers.length, each())];
        int[] l = new int[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            System.arraycopy(pixels, numbers[i] * each(), p, i * each(), each());
            l[i] = labels[numbers[i]];
        }
        return new Images(channels, height, width, p, l);
    }

    /** The same with the first channel only. */
    Images firstChannel() {
        int plane = height * width;
        byte[] p = new byte[count() * plane];
        for (int i = 0; i < count(); i++) {
            System.arraycopy(pixels, i * each(), p, i * plane, plane);
        }
        return new Images(1, height, width, p, labels);
    }

    /** The largest label, -1 where there are no pictures. */
    int largestLabel() {
        return Arrays.stream(labels).max().orElse(-1);
    }
}
