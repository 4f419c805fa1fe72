package io.tatara.models.vision;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

/** Files and pictures that tests make. */
final class Samples {
    private Samples() {}

    static byte[] gzip(byte[] b) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream z = new GZIPOutputStream(out)) {
            z.write(b);
        }
        return out.toByteArray();
    }

    static byte[] idxPictures(int magic, int n, int rows, int columns, byte[] pixels) {
        return ByteBuffer.allocate(16 + pixels.length)
                .putInt(magic)
                .putInt(n)
                .putInt(rows)
                .putInt(columns)
                .put(pixels)
                .array();
    }

    static byte[] idxLabels(int magic, int n, byte... labels) {
        return ByteBuffer.allocate(8 + labels.length).putInt(magic).putInt(n).put(labels).array();
    }

    /** 0, 1, 2 … modulo 256. */
    static byte[] counting(int n) {
        byte[] b = new byte[n];
        for (int i = 0; i < n; i++) {
            b[i] = (byte) i;
        }
        return b;
    }

    /** A sound folder of three training and two test pictures of 2 x 3 pixels. */
    static void idx(Path folder, boolean packed) throws IOException {
        write(
                folder.resolve("train-images-idx3-ubyte"),
                idxPictures(2051, 3, 2, 3, counting(18)),
                packed);
        write(
                folder.resolve("train-labels-idx1-ubyte"),
                idxLabels(2049, 3, (byte) 5, (byte) 0, (byte) 9),
                packed);
        write(
                folder.resolve("t10k-images-idx3-ubyte"),
                idxPictures(2051, 2, 2, 3, counting(12)),
                packed);
        write(
                folder.resolve("t10k-labels-idx1-ubyte"),
                idxLabels(2049, 2, (byte) 1, (byte) 2),
                packed);
    }

    static void write(Path file, byte[] bytes, boolean packed) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(
                packed ? file.resolveSibling(file.getFileName() + ".gz") : file,
                packed ? gzip(bytes) : bytes);
    }

    /** A picture file of one colour. */
    static byte[] picture(String form, int width, int height, int rgb) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, rgb);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, form, out);
        return out.toByteArray();
    }

    /** A ustar file. */
    static byte[] tar(List<String> names, List<byte[]> contents) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < names.size(); i++) {
            byte[] head = new byte[512];
            put(head, 0, names.get(i));
            put(head, 100, "0000644");
            put(head, 124, String.format("%011o", contents.get(i).length));
            head[156] = '0';
            put(head, 257, "ustar");
            sum(head);
            out.write(head);
            out.write(contents.get(i));
            out.write(new byte[(512 - contents.get(i).length % 512) % 512]);
        }
        out.write(new byte[1024]);
        return out.toByteArray();
    }

    /** Writes the sum of a header, the first 512 bytes, into it. */
    static void sum(byte[] head) {
        put(head, 148, "        ");
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += head[i] & 0xff;
        }
        put(head, 148, String.format("%06o", sum));
        head[154] = 0;
    }

    private static void put(byte[] head, int at, String s) {
        byte[] b = s.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(b, 0, head, at, b.length);
    }

    /** Grey pictures of 8 x 8: noise, and a bright quarter that is the class. */
    static Images quarters(int n, long seed) {
        SplittableRandom r = new SplittableRandom(seed);
        byte[] pixels = new byte[n * 64];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = r.nextInt(4);
            for (int j = 0; j < 64; j++) {
                boolean inside = j / 32 == labels[i] / 2 && j % 8 / 4 == labels[i] % 2;
                pixels[i * 64 + j] = (byte) (r.nextInt(120) + (inside ? 80 : 0));
            }
        }
        return new Images(1, 8, 8, pixels, labels);
    }
}
