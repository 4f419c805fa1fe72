package io.tatara.models.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;

/** Draws a matrix of counts; {@link Plots#counts} says what it shows. */
record CountsPicture(String title, List<String> names, int[][] counts) {
    private static final int BORDER = 12;

    /** Beyond this many classes cells are small and without numbers and names. */
    private static final int MOST_WRITTEN = 40;

    private static final Color DARK = new Color(0x08306B);

    private boolean written() {
        return names.size() <= MOST_WRITTEN;
    }

    BufferedImage draw() {
        int n = names.size();
        int cell = written() ? 52 : 8;
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
        FontMetrics m = metrics(font);
        int wide = written() ? names.stream().mapToInt(m::stringWidth).max().orElse(0) : 0;
        int left = BORDER * 3 + m.getHeight() + wide;
        int top = BORDER * 3 + 2 * m.getHeight() + wide;
        int width = Math.max(left + n * cell + BORDER, m.stringWidth(title) + 2 * BORDER);
        BufferedImage image =
                new BufferedImage(width, top + n * cell + BORDER, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(
                RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, image.getWidth(), image.getHeight());
        g.setFont(font);
        for (int i = 0; i < n; i++) {
            row(g, m, i, left, top + i * cell, cell);
        }
        g.setColor(Color.BLACK);
        g.drawRect(left - 1, top - 1, n * cell + 1, n * cell + 1);
        g.drawString(title, BORDER, BORDER + m.getAscent());
        String across = "answer";
        g.drawString(
                across,
                left + (n * cell - m.stringWidth(across)) / 2,
                2 * BORDER + m.getHeight() + m.getAscent());
        upwards(g, "true class", BORDER + m.getAscent(), top + n * cell / 2, m, true);
        if (written()) {
            for (int i = 0; i < n; i++) {
                int middle = i * cell + (cell + m.getAscent()) / 2;
                String name = names.get(i);
                g.drawString(name, left - BORDER / 2 - m.stringWidth(name), top + middle);
                upwards(g, name, left + middle, top - BORDER / 2, m, false);
            }
        }
        g.dispose();
        return image;
    }

    private static FontMetrics metrics(Font font) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        FontMetrics m = g.getFontMetrics(font);
        g.dispose();
        return m;
    }

    private void row(Graphics2D g, FontMetrics m, int row, int left, int top, int cell) {
        int all = Math.max(1, Arrays.stream(counts[row]).sum());
        for (int j = 0; j < counts.length; j++) {
            int count = counts[row][j];
            double part = (double) count / all;
            g.setColor(shade(part));
            g.fillRect(left + j * cell, top, cell, cell);
            if (written() && count > 0) {
                String s = Integer.toString(count);
                g.setColor(part > 0.5 ? Color.WHITE : Color.BLACK);
                g.drawString(
                        s,
                        left + j * cell + (cell - m.stringWidth(s)) / 2,
                        top + (cell + m.getAscent()) / 2);
            }
        }
    }

    /** White to dark blue; by the root, so that a few percent of mistakes show. */
    private static Color shade(double part) {
        double t = Math.sqrt(part);
        return new Color(
                (int) Math.round(255 + t * (DARK.getRed() - 255)),
                (int) Math.round(255 + t * (DARK.getGreen() - 255)),
                (int) Math.round(255 + t * (DARK.getBlue() - 255)));
    }

    /** Text from the bottom to the top, ending, or with its middle, at y from below. */
    private static void upwards(
            Graphics2D g, String s, int x, int y, FontMetrics m, boolean middle) {
        int from = middle ? y + m.stringWidth(s) / 2 : y;
        g.translate(x, from);
        g.rotate(-Math.PI / 2);
        g.drawString(s, 0, 0);
        g.rotate(Math.PI / 2);
        g.translate(-x, -from);
    }
}
