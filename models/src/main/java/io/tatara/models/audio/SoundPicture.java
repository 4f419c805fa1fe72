package io.tatara.models.audio;

import io.tatara.kernels.TataraException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A sound as a picture: its wave above its spectrogram, time from left to right. */
public final class SoundPicture {
    private static final int WIDTH = 1200;
    private static final int WAVE = 160;
    private static final int SPECTRUM = 256;

    /** Decibels below the loudest that are still drawn. */
    private static final double RANGE = 70;

    private SoundPicture() {}

    /**
     * Writes a PNG file: frequencies from 0 (below) to half the rate, darker where louder, over a
     * range of 70 dB. A sound without samples is an empty picture.
     *
     * @throws TataraException if the file cannot be written
     */
    public static void write(Path file, Sound sound) {
        BufferedImage image = new BufferedImage(WIDTH, WAVE + SPECTRUM, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, WIDTH, WAVE + SPECTRUM);
        g.setColor(new Color(0x08306B));
        wave(g, sound.samples());
        g.dispose();
        spectrogram(image, sound.samples());
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            ImageIO.write(image, "png", file.toFile());
        } catch (IOException e) {
            throw new TataraException("picture " + file + " cannot be written: " + e, e);
        }
    }

    private static void wave(Graphics2D g, float[] x) {
        for (int i = 0; i < WIDTH; i++) {
            float low = 1;
            float high = -1;
            int end = (int) ((i + 1L) * x.length / WIDTH);
            for (int j = (int) ((long) i * x.length / WIDTH); j < end; j++) {
                low = Math.min(low, x[j]);
                high = Math.max(high, x[j]);
            }
            if (low <= high) {
                g.drawLine(i, height(high), i, height(low));
            }
        }
    }

    private static int height(float sample) {
        return Math.round((1 - Math.clamp(sample, -1, 1)) / 2 * (WAVE - 1));
    }

    private static void spectrogram(BufferedImage image, float[] x) {
        Spectrum spectrum = new Spectrum(SPECTRUM);
        double[][] columns = new double[WIDTH][];
        double most = 1e-12;
        for (int i = 0; i < WIDTH; i++) {
            int middle = (int) ((i + 0.5) * x.length / WIDTH);
            columns[i] = spectrum.power(x, middle - SPECTRUM / 2);
            for (double p : columns[i]) {
                most = Math.max(most, p);
            }
        }
        for (int i = 0; i < WIDTH; i++) {
            for (int j = 0; j < SPECTRUM; j++) {
                double decibels = 10 * Math.log10(columns[i][j / 2] / most + 1e-30);
                double part = Math.clamp(1 + decibels / RANGE, 0, 1);
                image.setRGB(i, WAVE + SPECTRUM - 1 - j, shade(part));
            }
        }
    }

    /** From white to a dark blue. */
    private static int shade(double part) {
        int red = (int) (255 - part * 247);
        int green = (int) (255 - part * 207);
        int blue = (int) (255 - part * 148);
        return red << 16 | green << 8 | blue;
    }
}
