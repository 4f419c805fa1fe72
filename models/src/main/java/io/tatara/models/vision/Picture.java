package io.tatara.models.vision;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A decoded picture.
 *
 * @param rgb 0xRRGGBB row by row
 * @param grey whether the file has one channel only
 */
record Picture(int height, int width, int[] rgb, boolean grey) {
    /**
     * @param name for messages
     * @throws ImageFormatException if it is no JPEG, PNG, GIF or BMP, damaged or absurdly large
     */
    static Picture decode(String name, byte[] data) {
        try (ImageInputStream in =
                new MemoryCacheImageInputStream(new ByteArrayInputStream(data))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new ImageFormatException(name + " is no picture of a known form");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                List<String> warnings = new ArrayList<>();
                reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
                int w = reader.getWidth(0);
                int h = reader.getHeight(0);
                if (Math.max(w, h) > Images.LARGEST_SIDE) {
                    throw new ImageFormatException(name + " has " + w + " x " + h + " pixels");
                }
                BufferedImage image = reader.read(0);
                warnings.forEach(text -> refuseCut(name, text));
                boolean grey = image.getColorModel().getNumColorComponents() == 1;
                return new Picture(h, w, values(image, grey), grey);
            } finally {
                reader.dispose();
            }
        } catch (EOFException e) {
            throw new ImageFormatException(name + " is cut short", e);
        } catch (IOException | RuntimeException e) {
            // The decoders throw all kinds of runtime exceptions at damaged files.
            throw e instanceof ImageFormatException f
                    ? f
                    : new ImageFormatException(name + " is damaged: " + e.getMessage(), e);
        }
    }

    /** Of a JPEG file that is cut short Java makes a picture, grey below, and a warning only. */
    private static void refuseCut(String name, String warning) {
        String w = warning.toLowerCase(Locale.ROOT);
        if (w.contains("truncated") || w.contains("premature end")) {
            throw new ImageFormatException(name + " is cut short: " + warning);
        }
    }

    private static int[] values(BufferedImage image, boolean grey) {
        int w = image.getWidth();
        int h = image.getHeight();
        if (!grey) {
            return image.getRGB(0, 0, w, h, null, 0, w);
        }
        // getRGB would bend grey values by a colour space.
        int[] v = image.getRaster().getSamples(0, 0, w, h, 0, (int[]) null);
        int bits = image.getColorModel().getComponentSize(0);
        for (int i = 0; i < v.length; i++) {
            int g = bits == 8 ? v[i] : v[i] * 255 / ((1 << bits) - 1);
            v[i] = g << 16 | g << 8 | g;
        }
        return v;
    }

    /** Scaled, each pixel the mean of the area that it covers. */
    Picture scaled(int rows, int columns) {
        if (rows == height && columns == width) {
            return this;
        }
        int[] v = new int[rows * columns];
        for (int i = 0; i < v.length; i++) {
            v[i] = mean(i / columns, i % columns, rows, columns);
        }
        return new Picture(rows, columns, v, grey);
    }

    /** Mean over the area that a pixel of the scaled picture covers. */
    private int mean(int row, int column, int rows, int columns) {
        double top = (double) row * height / rows;
        double bottom = (row + 1.0) * height / rows;
        double left = (double) column * width / columns;
        double right = (column + 1.0) * width / columns;
        double[] sum = new double[3];
        double area = 0;
        for (int i = (int) top; i < Math.min(height, Math.ceil(bottom)); i++) {
            double part = Math.min(i + 1, bottom) - Math.max(i, top);
            for (int j = (int) left; j < Math.min(width, Math.ceil(right)); j++) {
                double a = part * (Math.min(j + 1, right) - Math.max(j, left));
                area += a;
                for (int c = 0; c < 3; c++) {
                    sum[c] += a * (rgb[i * width + j] >> (16 - 8 * c) & 0xff);
                }
            }
        }
        int v = 0;
        for (double s : sum) {
            v = v << 8 | (int) Math.round(s / area);
        }
        return v;
    }

    String size() {
        return height + " x " + width;
    }

    boolean fits(Picture other) {
        return height == other.height && width == other.width;
    }

    /** Its values, channels first: one channel where {@code grey}, else three. */
    void write(byte[] to, int at, boolean asGrey) {
        int n = rgb.length;
        for (int i = 0; i < n; i++) {
            if (asGrey) {
                to[at + i] = (byte) luma(rgb[i]);
            } else {
                to[at + i] = (byte) (rgb[i] >> 16);
                to[at + n + i] = (byte) (rgb[i] >> 8);
                to[at + 2 * n + i] = (byte) rgb[i];
            }
        }
    }

    /** ITU-R BT.601; of a grey value that value. */
    private static int luma(int rgb) {
        int r = rgb >> 16 & 0xff;
        int g = rgb >> 8 & 0xff;
        int b = rgb & 0xff;
        return (299 * r + 587 * g + 114 * b + 500) / 1000;
    }
}
